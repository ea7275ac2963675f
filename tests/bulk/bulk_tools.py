"""Small tables with the faults that exports have, and ways to read what came out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analyzer.bulk.files import Reading, Table, examine
from analyzer.bulk.readers import Chunk, read
from analyzer.bulk.streams import Source
from analyzer.settings import TABLE_LIMITS

DUTIES = (
    "负责会员体系搭建，提升用户留存与复购；",
    "策划品牌年度发布会，统一对外口径；",
    "撰写新闻稿，维护媒体关系；",
    "Gestionar las redes sociales de la tienda y analizar el tráfico.",
    "Definir la estrategia de marca y cuidar su imagen.",
)


def texts(count: int) -> list[str]:
    return [f"{DUTIES[n % len(DUTIES)]}\n{DUTIES[(n * 3 + 1) % len(DUTIES)]} n.º {n}" for n in range(count)]


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], encoding: str = "utf-8", **options: Any) -> Path:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, **options)
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(stream.getvalue().encode(encoding))
    return path


def read_csv(path: Path, **options: Any) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, **options))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def opened(path: Path, **reading: object) -> tuple[Table, list[Chunk]]:
    source = Source(path)
    table = examine(source, Reading(**reading))  # type: ignore[arg-type]
    return table, list(read(table, 0, source, replace(TABLE_LIMITS, chunk_rows=7)))


def cells(chunks: list[Chunk]) -> list[list[object]]:
    return [r for c in chunks for r in c.rows]

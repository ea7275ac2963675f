"""Small scored tables written by hand, for the tests of a table's report."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from analyzer.bulk.layout import JD_COLUMNS
from analyzer.cli import app


def run(*arguments: object) -> Any:
    """`jd-analyzer report` with these arguments."""
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def row(primary: str = "marketing", codes: str = "m.pr", **ours: str) -> dict[str, str]:
    """The jd_ cells of a row with a result; keyword arguments are cells without their `jd_`, `mix` those of the mix."""
    mix = ours.pop("mix", "1 0 0 0").split()
    cells = {"status": "ok", "primary": primary, "functions": primary, "subfunctions": codes, "probability": "0.9", "review": "false"}
    cells |= {f"mix_{f}": m for f, m in zip(("marketing", "operations", "brand", "other"), mix, strict=True)}
    cells |= {"title_mismatch": "false", "model": "es-1", "language": "es"} | ours
    return {f"jd_{k}": v for k, v in cells.items()}


def write(path: Path, rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> Path:
    """A scored CSV; the columns of the rows that are not ours come first."""
    own = list(dict.fromkeys(k for r in rows for k in r if k not in JD_COLUMNS))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*own, *JD_COLUMNS], restval="", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


class Page(HTMLParser):
    """What a page holds: sections by their headings, each with its paragraphs and its table."""

    def __init__(self, made: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.lines: dict[str, list[str]] = {}
        self.heading, self._text = "", ""
        self.feed(made)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("h1", "h2", "p", "td", "th"):
            self._text = ""
        if tag == "tr":
            self.tables.setdefault(self.heading, []).append([])

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        text = " ".join(self._text.split())
        if tag in ("h1", "h2"):
            self.heading = text
        elif tag == "p":
            self.lines.setdefault(self.heading, []).append(text)
        elif tag in ("td", "th"):
            self.tables[self.heading][-1].append(text)

"""Tables for the benchmarks: distinct postings of real length, made of the corpus's lines."""

from __future__ import annotations

import csv
import json
import math
import random
import re
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
MEDIAN = {"zh": 330, "es": 1_150}
"""Characters of a posting: 330 in Chinese, in Spanish those of about 180 words."""
SPREAD = 0.45
"""Of the lengths' logarithms, as in real postings."""


def postings(lang: str) -> list[dict[str, Any]]:
    """The corpus of a language."""
    lines = [line for file in sorted((CORPUS / lang).glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def _pieces(text: str) -> list[str]:
    found = [p for p in re.split(r"(?<=[\n。；])|(?<=\. )", text) if p.strip()]
    return found or [text]


def write(lang: str, rows: int, path: Path, seed: int = 1) -> Path:
    """A CSV of `rows` distinct postings: id, title, text. The same arguments give the same bytes."""
    if path.exists():
        return path
    chance, source = random.Random(seed), postings(lang)
    pieces = [_pieces(p["text"]) for p in source]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "title", "text"])
        for number in range(rows):
            target = MEDIAN[lang] * math.exp(chance.gauss(0, SPREAD))
            text, at = "", chance.randrange(len(source))
            title = source[at]["title"]
            full = False
            while not full:
                part = pieces[at]
                begin = chance.randrange(len(part))
                for piece in part[begin : begin + 1 + len(part) // 2]:
                    if len(text) + len(piece) / 2 >= target and text:
                        full = True
                        break
                    text += piece if piece.endswith(("\n", " ")) else piece + "\n"
                at = chance.randrange(len(source))
            writer.writerow([number, title, f"{text.strip()} {number}"])
    return path

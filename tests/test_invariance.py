"""What must not matter does not: gender forms, ages, names, script, line breaks, list marks, accents."""

from __future__ import annotations

import json
import re
import statistics
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from opencc import OpenCC

from analyzer.analysis import FUNCTIONS
from analyzer.analyzer import Analyzer

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
_TRADITIONAL = OpenCC("s2t")


def _some(lang: str, count: int = 60) -> list[str]:
    postings = [
        json.loads(line) for f in sorted((CORPUS / lang).glob("*-[ab]*.jsonl")) for line in f.read_text(encoding="utf-8").splitlines()
    ]
    return [p["text"] for p in postings[:: max(1, len(postings) // count)]][:count]


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


CHANGES: list[tuple[str, str, Callable[[str], str]]] = [
    ("zh", "script", _TRADITIONAL.convert),
    ("zh", "age and sex", lambda t: t + "\n35岁以下，限女性"),
    ("zh", "blank lines", lambda t: t.replace("\n", "\n\n")),
    ("zh", "list marks", lambda t: re.sub(r"(?m)^(\d{1,2})、", r"\1. ", t)),
    ("zh", "city", lambda t: t.replace("上海", "成都").replace("杭州", "长沙").replace("北京", "西安")),
    ("es", "accents", _plain),
    ("es", "gender", lambda t: re.sub(r"(?<=[a-z]d)or(?= )", "or/a", t)),
    ("es", "blank lines", lambda t: t.replace("\n", "\n\n")),
    ("es", "list marks", lambda t: re.sub(r"(?m)^[•*] ", "- ", t)),
    ("es", "city", lambda t: t.replace("Santiago", "Temuco").replace("Madrid", "Murcia")),
]


@pytest.mark.parametrize(("lang", "what", "change"), CHANGES, ids=[f"{lang} {what}" for lang, what, _ in CHANGES])
def test_scores_stay(lang: str, what: str, change: Callable[[str], str], jd: Analyzer) -> None:
    texts = [t for t in _some(lang) if change(t) != t]
    assert texts
    before = jd.analyze_many({"text": t, "language": lang} for t in texts)
    after = jd.analyze_many({"text": change(t), "language": lang} for t in texts)
    moved = sorted(abs(a.scores[f] - b.scores[f]) for a, b in zip(before, after, strict=True) for f in FUNCTIONS)
    assert statistics.median(moved) <= 0.01
    assert moved[int(0.95 * (len(moved) - 1))] <= 0.05

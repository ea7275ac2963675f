"""Floors of quality that no change may fall through unnoticed.

The figures of the held-out companies are written into each model by training, with the hash of the corpus they come
from; the hard cases are ours, frozen, and run here. Lowering a floor takes a reason in the commit.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest

from analyzer.analyzer import Analyzer
from analyzer.training.corpus import read
from analyzer.training.splits import stands_apart
from analyzer.training.train import data_hash

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FLOORS = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_the_model_is_of_this_corpus(lang: str, jd: Analyzer) -> None:
    learned = [p for p in read([ROOT / "corpus" / lang]) if not stands_apart(p)]
    assert jd.pipeline(lang).meta["jd"]["data"] == data_hash(learned)


@pytest.mark.parametrize(("lang", "figure"), [(lang, figure) for lang in ("zh", "es") for figure in FLOORS[lang]])
def test_held_out_companies(lang: str, figure: str, jd: Analyzer) -> None:
    value = jd.pipeline(lang).meta["jd"]["metrics"][figure]["value"]
    floor = FLOORS[lang][figure]
    assert value <= floor if figure.endswith("error") else value >= floor


def test_the_hard_cases_are_the_frozen_ones() -> None:
    assert hashlib.sha256((HERE / "hard_cases.jsonl").read_bytes()).hexdigest() == FLOORS["hard_cases"]["sha256"]


def test_hard_cases(jd: Analyzer) -> None:
    cases = [json.loads(line) for line in (HERE / "hard_cases.jsonl").read_text(encoding="utf-8").splitlines()]
    wrong = [(c["id"], c["primary"], r.primary) for c, r in zip(cases, jd.analyze_many(cases), strict=True) if r.primary != c["primary"]]
    assert len(wrong) <= FLOORS["hard_cases"]["wrong_at_most"], wrong

"""Comprehensiveness and sufficiency, on a judge whose reasons are known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzer.analysis import Analysis, Duty, Zone
from analyzer.training.faithful import faithfulness, only, without

TEXT = "sell brand\nwash cars\nwash dogs\nwash cats"


def judge(texts: Sequence[str]) -> list[Analysis]:
    """Scores brand 0.9 where the word stands, 0.1 elsewhere, and says so."""
    out = []
    for text in texts:
        score = 0.9 if "brand" in text else 0.1
        zones, at = [], 0
        for line in text.split("\n"):
            zones.append(Zone(at, at + len(line), "D"))
            at += len(line) + 1
        weights = [{"marketing": 0.0, "operations": 0.0, "brand": 1.0 if "brand" in text[z.start : z.end] else 0.0} for z in zones]
        duties = tuple(
            Duty(z.start, z.end, text[z.start : z.end], "brand", "b.strategy", (("b.strategy", 1.0),), 1.0, w)
            for z, w in zip(zones, weights, strict=True)
        )
        scores = {"marketing": 0.0, "operations": 0.0, "brand": score}
        out.append(Analysis("ok", "en", "m", primary="brand", scores=scores, duties=duties, zones=tuple(zones)))
    return out


def test_cutting_out_and_keeping() -> None:
    assert without("abcdef", [(4, 5), (1, 3)]) == "adf"
    assert only("abcdef", [(4, 5), (1, 3)]) == "bc\ne"


def test_a_faithful_explanation_is_needed_and_enough() -> None:
    found = faithfulness(judge, [TEXT], share=0.3, draws=20)
    assert found is not None
    assert found.postings == 1
    assert found.comprehensiveness == pytest.approx(0.8)
    assert found.sufficiency == pytest.approx(0.0)
    assert 0 < found.random_comprehensiveness < 0.5
    assert 0.3 < found.random_sufficiency < 0.8


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert faithfulness(judge, [TEXT] * 3) == faithfulness(judge, [TEXT] * 3)


def test_nothing_to_explain() -> None:
    none = [Analysis("no_text", None, "m")]
    assert faithfulness(lambda texts: none * len(texts), ["x"]) is None

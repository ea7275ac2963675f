"""Figures, baselines and comparisons, on results made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analyzer.analysis import Analysis, Duty
from analyzer.errors import InputError
from analyzer.training import compare
from analyzer.training.baselines import baselines
from analyzer.training.evaluate import as_text, report
from analyzer.training.figures import FIGURES, auroc, calibration_bins, calibration_error, confusion, count, figures, intervals, primary_f1

TEXT = "Funciones:\nDefinir el posicionamiento de la marca\nGestionar la tienda online\nReportar a dirección"
SEGMENTS = [
    {"start": 0, "end": 10, "zone": "H", "codes": []},
    {"start": 11, "end": 49, "zone": "D", "codes": ["b.strategy"]},
    {"start": 50, "end": 76, "zone": "D", "codes": ["o.store"]},
    {"start": 77, "end": 97, "zone": "D", "codes": ["g"]},
]


def posting(name: str, primary: str, functions: list[str] | None = None, segments: bool = True) -> dict[str, Any]:
    functions = ([primary] if primary != "none" else []) if functions is None else functions
    return {
        "id": name,
        "language": "es",
        "text": TEXT,
        "primary": primary,
        "functions": functions,
        "segments": SEGMENTS if segments else [],
    }


def duty(start: int, end: int, code: str, function: str) -> Duty:
    return Duty(start, end, TEXT[start:end], function, code, ((code, 1.0),), 0.9, {"marketing": 0.0, "operations": 0.5, "brand": 1.0})


RIGHT = (duty(11, 49, "b.strategy", "brand"), duty(50, 76, "o.store", "operations"), duty(77, 97, "g", "general"))


def result(
    primary: str, functions: tuple[str, ...] | None = None, duties: tuple[Duty, ...] = RIGHT, score: float = 0.9, **more: Any
) -> Analysis:
    functions = ((primary,) if primary != "none" else ()) if functions is None else functions
    scores = {f: score if f in functions else 1 - score for f in ("marketing", "operations", "brand")}
    mix = {"marketing": 0.0, "operations": 0.5, "brand": 0.5, "other": 0.0}
    probability = {a: 0.7 if a == primary else 0.1 for a in ("marketing", "operations", "brand", "none")}
    return Analysis(
        "ok", "es", "m", primary=primary, functions=functions, scores=scores, mix=mix, duties=duties, probability=probability, **more
    )


def test_all_right_is_one_and_no_error() -> None:
    answers = ["marketing", "operations", "brand", "none"]
    found = figures(count([posting(a, a) for a in answers], [result(a) for a in answers]))
    ones = [
        "primary_macro_f1",
        "primary_accuracy",
        "functions_macro_f1",
        "duty_char_f1",
        "duty_function_accuracy",
        "duty_code_accuracy",
        "auroc",
        "kept_without_review",
    ]
    assert {n: found[n] for n in ones} == dict.fromkeys(ones, 1.0)
    assert found["mix_error"] == 0.0
    assert set(found) == set(FIGURES)


def test_figures_by_hand() -> None:
    gold = [posting("1", "marketing"), posting("2", "marketing"), posting("3", "brand"), posting("4", "none")]
    told = [result("marketing"), result("brand"), result("brand"), replace(result("none"), review=True)]
    found = count(gold, told)
    assert primary_f1(found) == pytest.approx({"marketing": 2 / 3, "brand": 2 / 3, "none": 1.0})
    assert figures(found)["primary_macro_f1"] == pytest.approx(7 / 9, abs=1e-4)
    assert figures(found)["primary_accuracy"] == 0.75
    assert figures(found)["kept_without_review"] == 0.75
    assert figures(found)["accuracy_of_kept"] == pytest.approx(2 / 3, abs=1e-4)
    assert confusion(found)[0] == [1, 0, 1, 0, 0]


def test_duties_missed_and_mistaken_count() -> None:
    one = count([posting("1", "brand")], [result("brand", duties=(duty(11, 49, "b.visual", "brand"), duty(50, 76, "m.pr", "marketing")))])
    found = figures(one)
    assert found["duty_function_accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["duty_code_accuracy"] == 0.0
    hits = sum(c.isalpha() for c in TEXT[11:49] + TEXT[50:76])
    missed = sum(c.isalpha() for c in TEXT[77:97])
    assert found["duty_char_f1"] == pytest.approx(2 * hits / (2 * hits + missed), abs=1e-4)


def test_without_segments_there_are_no_duty_figures_and_a_failed_posting_is_wrong() -> None:
    found = figures(
        count(
            [posting("1", "brand", segments=False), posting("2", "none", segments=False)],
            [Analysis("empty", None, "none", review=True), result("none")],
        )
    )
    assert found["duty_char_f1"] is None and found["duty_code_accuracy"] is None and found["mix_error"] is None
    assert found["primary_accuracy"] == 0.5


def test_auroc_and_calibration_error() -> None:
    gold = [posting(str(n), "brand" if n < 20 else "none") for n in range(40)]
    told = [result("brand" if n < 10 else "none", score=0.8) for n in range(40)]
    found = count(gold, told)
    brand = found.scores[:, 2].tolist()
    assert sorted(set(np.round(brand, 3))) == [0.2, 0.8]
    assert auroc(found) == pytest.approx(0.75)  # half of the pairs 1, half of them ties
    # brand: 10 at 0.8 all true (0.2 off), 30 at 0.2 with a third true (0.1333 off); the two others: 40 at 0.2, none true
    assert calibration_error(found) == pytest.approx((0.25 * 0.2 + 0.75 * (1 / 3 - 0.2) + 0.2 + 0.2) / 3, abs=1e-6)
    assert [n for _, _, n in calibration_bins(found.scores[:, 2], found.wanted[:, 2])] == [30, 10]


def test_intervals_hold_the_value_and_are_the_same_twice() -> None:
    gold = [posting(str(n), ["brand", "none"][n % 2]) for n in range(40)]
    told = [result(["brand", "none"][(n % 2) ^ (n % 5 == 0)]) for n in range(40)]
    found = count(gold, told)
    one = intervals(found, ["primary_accuracy"], 100)["primary_accuracy"]
    assert one is not None and one[0] < 0.8 < one[1]
    assert intervals(found, ["primary_accuracy"], 100)["primary_accuracy"] == one


def test_baselines_know_majority_titles_and_words() -> None:
    gold = [
        {**posting("1", "brand"), "title": "Responsable de marca"},
        {**posting("2", "brand"), "title": "Asistente"},
        {**posting("3", "none"), "title": "Contable"},
    ]
    found = baselines(gold)
    assert set(found) == {"majority", "title words", "keyword counts"}
    assert figures(found["majority"], ["primary_accuracy"])["primary_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["title words"].answer.tolist() == [2, 3, 3]
    learn = [
        {**posting(str(n), ["brand", "none"][n % 2]), "text": ["marca e identidad", "contabilidad y facturas"][n % 2] + f" {n}"}
        for n in range(12)
    ]
    learned = baselines([{**gold[0], "text": "identidad de marca"}, {**gold[2], "text": "llevar la contabilidad"}], learn)
    assert learned["TF-IDF + logistic regression"].answer.tolist() == [2, 3]


def test_a_report_tells_languages_labels_and_slices() -> None:
    gold = [{**posting(str(n), ["brand", "none"][n % 2]), "site": "ab"[n // 12]} for n in range(24)]
    told = [result(["brand", "none"][n % 2]) for n in range(12)] + [result("marketing") for _ in range(12)]
    found = report(gold, told)
    assert found["es"]["slices"]["site"]["a"]["primary_accuracy"] == 1.0
    assert found["es"]["slices"]["site"]["b"]["primary_accuracy"] == 0.0
    assert found["es"]["primary_f1"] == {"brand": pytest.approx(2 / 3, abs=1e-4), "none": pytest.approx(2 / 3, abs=1e-4)}
    text = as_text(found)
    assert "by site" in text and "majority" in text and "primary_macro_f1" in text
    with pytest.raises(InputError):
        report([], [])


def many(right: int, of: int) -> list[Analysis]:
    return [result("brand" if n < right else "none") if n % 2 == 0 else result("none" if n < right else "brand") for n in range(of)]


@pytest.mark.parametrize(("first", "second", "said"), [(40, 76, "better"), (76, 40, "worse"), (60, 62, "same"), (60, 60, "same")])
def test_the_verdict_minds_chance(first: int, second: int, said: str) -> None:
    gold = [posting(str(n), ["brand", "none"][n % 2]) for n in range(80)]
    found = compare.compare(gold, many(first, 80), many(second, 80))["es"]
    assert found["verdict"] == said
    assert ("Keep the first" in found["words"]) is (said != "better")
    assert len(found["changed"]) == abs(first - second)
    assert {row["change"] for row in found["changed"]} == ({"won"} if second > first else {"lost"} if second < first else set())


def test_mcnemar_by_hand_and_evidence_of_both_sides() -> None:
    gold = [posting(str(n), "brand") for n in range(10)]
    first, second = [result("none") for _ in range(10)], [result("brand") for _ in range(10)]
    found = compare.compare(gold, first, second)["es"]
    assert found["mcnemar"] == {"only_first_right": 0, "only_second_right": 10, "p": pytest.approx(2 / 2**10, abs=1e-4)}
    row = found["changed"][0]
    assert row["second"]["duties"][0]["text"] == TEXT[11:49]
    assert row["first"]["duties"] == []
    assert "10 postings changed" in compare.as_text({"es": found}, 3) and "7 more" in compare.as_text({"es": found}, 3)

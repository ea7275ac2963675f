"""What to label next, what looks wrong, and labels on their way to and from other tools."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from training_data import QUICK, as_whole

from analyzer.analysis import ANSWERS
from analyzer.analyzer import Analyzer
from analyzer.errors import CorpusError, InputError
from analyzer.profiles import load_profiles
from analyzer.training import exchange, label
from analyzer.training.evaluate import analyse
from analyzer.training.labelled import read_labelled
from analyzer.training.retrain import Plan, run
from analyzer.training.train import save

Posting = dict[str, Any]


@pytest.fixture(scope="module")
def analyzer(small: Path) -> Analyzer:
    return Analyzer(models=small)


def test_review_finds_flipped_labels_first(tmp_path: Path, spanish: list[Posting]) -> None:
    """Also with a small model that errs on a quarter of postings: one label in ten flipped, 70 % of them in the first fifth."""
    learned = spanish[:: len(spanish) // 120][:120]
    save(run(Plan("es", learned, recipe=QUICK)).nlp, tmp_path / "es")
    others = [p for p in spanish if p not in learned]
    right = as_whole(others[2 :: len(others) // 200][:200])
    results = analyse(Analyzer(models=tmp_path), right)
    assert sum(r.primary == p["primary"] for r, p in zip(results, right, strict=True)) < 0.85 * len(right)
    found = []
    for seed in range(3):
        chance, postings = random.Random(seed), [dict(p) for p in right]
        flipped = chance.sample(range(len(postings)), len(postings) // 10)
        for n in flipped:
            postings[n]["primary"] = chance.choice([a for a in ANSWERS if a != postings[n]["primary"]])
        rows = label.review(postings, results)
        assert len(rows) == len(postings)
        first = {r["id"] for r in rows[: len(rows) // 5]}
        found.append(sum(postings[n]["id"] in first for n in flipped) / len(flipped))
    assert sum(found) / len(found) >= 0.7
    suspects = [r for r in rows if r["suspect"]]
    assert suspects and all(r["likelier"] != r["label"] for r in suspects)
    assert any(r["against"] for r in suspects)
    for row in rows[:20]:
        text = next(p["text"] for p in postings if p["id"] == row["id"])
        assert all(text[d["start"] : d["end"]] == d["text"] for d in row["against"])


def test_review_of_nothing_is_nothing() -> None:
    assert label.review([], []) == []


def test_suggest_prefers_unsure_postings_and_never_the_same_twice(analyzer: Analyzer, spanish: list[Posting]) -> None:
    items = [{"id": p["id"], "text": p["text"]} for p in spanish[1:81:2]] + [{"id": "again", "text": spanish[1]["text"] + " Madrid."}]
    results = list(analyzer.analyze_many(items))
    found = label.suggest(items, results, [0.0] * len(items), 10)
    assert len({r["id"] for r in found}) == 10
    by_id = {i["id"]: label.uncertainty(r) for i, r in zip(items, results, strict=True)}
    picked = [by_id[r["id"]] for r in found]
    assert sum(picked) / 10 > sum(by_id.values()) / len(by_id)
    everything = label.suggest(items, results, [0.0] * len(items), 1000)
    assert len(everything) == len(items) - 1 and "again" not in {r["id"] for r in everything}


def test_suggest_prefers_what_is_unlike_the_training_data(analyzer: Analyzer, spanish: list[Posting]) -> None:
    items = [{"id": p["id"], "text": p["text"]} for p in spanish[1:41:2]]
    results = list(analyzer.analyze_many(items))
    found = label.suggest(items, results, [3.0 if n == 7 else 0.0 for n in range(len(items))], 3)
    assert found[0]["id"] == items[7]["id"] and "unlike the training data" in found[0]["why"]


def test_prefilled_labels_go_to_other_tools_and_back(analyzer: Analyzer, spanish: list[Posting], tmp_path: Path) -> None:
    items = [{"id": p["id"], "text": p["text"], "title": p["title"]} for p in spanish[3:7]]
    filled = label.prefilled(items, list(analyzer.analyze_many(items)))
    assert len(filled) == 4
    for name, file in (("doccano", "a.jsonl"), ("label-studio", "a.json"), ("jsonl", "b.jsonl")):
        exchange.convert(filled, tmp_path / file, name)
        read = read_labelled([tmp_path / file])
        assert not read.problems
        assert [[s["codes"] for s in p["segments"]] for p in read.postings] == [[s["codes"] for s in p["segments"]] for p in filled]


def test_a_corrected_duty_becomes_a_record_that_train_takes(analyzer: Analyzer, tmp_path: Path) -> None:
    text = "Funciones:\n- Gestionar la tienda online\n- Redactar notas de prensa\n- Planificar las campañas de la marca"
    result = analyzer.analyze(text, language="es")
    assert len(result.duties) >= 2
    known = load_profiles().subfunctions
    made = label.corrected({"text": text, "id": "one"}, result, {1: "o.store+o.activity", 2: "R"}, known)
    first = next(s for s in made["segments"] if s["start"] <= result.duties[0].start < s["end"])
    second = next(s for s in made["segments"] if s["start"] <= result.duties[1].start < s["end"])
    assert first["codes"] == ["o.store", "o.activity"] and first["confirmed"]
    assert second["zone"] == "R" and second["codes"] == []
    (tmp_path / "c.jsonl").write_text(json.dumps(made), encoding="utf-8")
    read = read_labelled([tmp_path / "c.jsonl"])
    assert not read.problems and read.postings[0]["segments"][0]["start"] == 0
    for wrong in ({99: "o.store"}, {1: "o.nothing"}):
        with pytest.raises(CorpusError):
            label.corrected({"text": text}, result, wrong, known)


def test_texts_without_labels_are_read(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["id", "texto"], ["7", "Gestionar la tienda"], ["8", " "]])
    assert [(i["id"], i["row"]) for i in label.read_texts(tmp_path / "a.csv")] == [("7", 2)]
    (tmp_path / "b.txt").write_text("负责品牌定位", encoding="utf-8")
    assert label.read_texts(tmp_path / "b.txt")[0]["text"] == "负责品牌定位"
    (tmp_path / "c.jsonl").write_text("[1", encoding="utf-8")
    (tmp_path / "d.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    for name in ("c.jsonl", "d.csv", "none.csv"):
        with pytest.raises(InputError, match="JD-"):
            label.read_texts(tmp_path / name)


def test_a_forecast_follows_the_doublings_and_is_never_too_good() -> None:
    points = [(0, 0.60, 1.0), (50, 0.70, 0.8), (100, 0.75, 0.7), (200, 0.80, 0.6)]
    gain, loss = label.forecast(points, 200)
    assert gain == pytest.approx(0.05) and loss == pytest.approx(-0.1)
    assert label.forecast([(10, 0.5, 1.0), (20, 0.99, 0.1)], 10_000)[0] == pytest.approx(0.01)
    assert label.forecast([(10, 0.9, 0.2), (20, 0.8, 0.3)], 100) == (0.0, 0.0)
    assert label.forecast([(10, 0.9, 0.2)], 100) == (0.0, 0.0)

"""What own postings may change of a model: tried on those held out, and left alone where the evidence is thin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spacy.language import Language
from training_data import QUICK, as_whole

from analyzer.pipeline.build import open_model
from analyzer.training import ontop
from analyzer.training.adapt import Choice, Ground, fresh, moved_zones
from analyzer.training.expect import expect
from analyzer.training.ontop import Bench, Held, choose, gain, put_on_top

Posting = dict[str, Any]
QUIET = [].append  # type: ignore[var-annotated]


@pytest.fixture(scope="module")
def base(small: Path) -> Language:
    return open_model(small / "es")


@pytest.fixture(scope="module")
def own(base: Language, others: list[Posting]) -> list[Posting]:
    """Own postings labelled as a whole, their duties told by the base model."""
    return [{**p, "own": True, "source": "own"} for p in expect(base, as_whole(others))]


@pytest.fixture(scope="module")
def ground(base: Language, few: list[Posting], own: list[Posting]) -> Ground:
    return Ground("es", QUICK, few, own, base)


@pytest.fixture(scope="module")
def bench(ground: Ground, base: Language) -> Bench:
    return Bench(ground, base)


def held(losses: list[float]) -> Held:
    return Held(Choice(), [], None, np.array(losses))  # type: ignore[arg-type]


def test_gain_is_told_in_standard_errors() -> None:
    old = held([1.0, 1.0, 1.0, 1.0])
    assert gain(held([0.5, 0.6, 0.5, 0.6]), old) > 10
    assert gain(held([0.2, 1.7, 0.4, 1.6]), old) == pytest.approx(0.06, abs=0.05)
    assert gain(held([1.5, 1.6, 1.5, 1.6]), old) < -10
    assert gain(old, old) == 0.0


def test_few_own_postings_bring_no_new_words(ground: Ground, base: Language) -> None:
    component: Any = base.get_pipe("jd_functions")
    assert ground.base.space.names == component.duty.space.names
    assert np.array_equal(ground.moved(Choice(), np.arange(5)).a["own"], component.arrays["own"])


def test_many_bring_new_words_that_weigh_nothing_until_learned(
    base: Language, few: list[Posting], own: list[Posting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.training.adapt.MANY", 25)
    component: Any = base.get_pipe("jd_functions")
    model = Ground("es", QUICK, few, own, base).moved(Choice(), np.arange(5))
    at = {n: i for i, n in enumerate(model.space.names)}
    rows = [at[n] for n in component.duty.space.names]
    assert len(at) > len(rows)
    assert model.a["own"][rows] == pytest.approx(component.arrays["own"])
    fresh_rows = sorted(set(range(len(at))) - set(rows))
    assert not model.a["own"][fresh_rows].any() and not model.a["text"][fresh_rows].any()


def test_own_duties_move_the_words_and_leave_the_whole_texts(ground: Ground) -> None:
    everything = np.arange(len(ground.own))
    plain, moved, both = (ground.moved(c, everything) for c in (Choice(), Choice(2), Choice(2, 2)))
    assert np.abs(moved.a["own"] - plain.a["own"]).max() > 0.01
    assert np.array_equal(moved.a["text"], plain.a["text"]) and not np.array_equal(both.a["text"], plain.a["text"])
    shared = ground.moved(Choice(2, 2), everything, (Choice(2), moved))
    assert np.array_equal(shared.a["own"], moved.a["own"]) and np.array_equal(shared.a["text"], both.a["text"])


def test_a_new_code_is_learned_without_being_chosen_to(base: Language, few: list[Posting], others: list[Posting]) -> None:
    mine = [
        {**p, "segments": [{**s, "codes": ["m.trade" if c == "m.channel" else c for c in s["codes"]]} for s in p["segments"]]}
        for p in others
    ]
    ground = Ground("es", QUICK, few, mine, base)
    at = ground.names.index("m.trade")
    assert ground.new_codes and not ground.base.a["own"][:, at].any()
    assert ground.moved(Choice(1), np.arange(len(mine))).a["own"][:, at].max() > 0.1
    best, _ = choose(Bench(ground, base), None, QUIET)
    assert best.choice.duties == 1


def test_a_fold_is_judged_by_what_had_not_seen_it(bench: Bench) -> None:
    rows = np.concatenate([bench.rows(f) for f in bench.folds])
    assert sorted(rows.tolist()) == list(range(25)) and len(bench.folds) > 1
    fold = bench.folds[0]
    found = bench.held(Choice())
    before = found.losses[bench.rows(fold)].copy()
    bench.primary[bench.rows(fold)] = (bench.primary[bench.rows(fold)] + 1) % 4
    layer = bench.corrected(found, fold)
    bench.primary[bench.rows(fold)] = (bench.primary[bench.rows(fold)] - 1) % 4
    again = bench.corrected(found, fold)
    assert all(np.array_equal(layer[k], again[k]) for k in layer)
    assert np.array_equal(bench.held(Choice()).losses[bench.rows(fold)], before)


def test_words_stay_as_they_are_where_the_evidence_is_thin(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ontop, "PLAIN", 50.0)
    best, tried = choose(bench, None, QUIET)
    assert best.choice == Choice() and list(tried) == ["duties 0, texts 0", "duties 1, texts 0"]
    monkeypatch.setattr(ontop, "PLAIN", -50.0)
    monkeypatch.setattr(ontop, "MANY", 20)
    best, tried = choose(bench, None, QUIET)
    assert best.choice == Choice(3, 3) and len(tried) == 4


def test_own_postings_are_all_judged_and_progress_is_told(ground: Ground, base: Language) -> None:
    messages: list[str] = []
    found = put_on_top(ground, base, 2, messages.append)
    assert len(found.results) == 25 and all(r.ok for r in found.results)
    assert found.choice == Choice(2) and 0 < found.review_below < 1
    assert any("fold 1 of" in m for m in messages) and "learning from all own postings" in messages[-1]


def test_zones_learn_from_own_segments_only(base: Language, few: list[Posting], own: list[Posting], others: list[Posting]) -> None:
    plain: Any = base.get_pipe("jd_zones")
    assert moved_zones(base, [*few, *own], len(few), QUICK, QUIET) is plain
    moved = moved_zones(base, [*few, *others], len(few), QUICK, QUIET)
    assert moved.arrays["weights"].shape == plain.arrays["weights"].shape
    assert np.abs(moved.arrays["weights"] - plain.arrays["weights"]).max() > 0.01


def test_a_fresh_pipeline_has_read_nothing(base: Language, others: list[Posting]) -> None:
    base(others[0]["text"] + " Zarquonalia")
    assert "zarquonalia" not in {s.lower() for s in fresh(base).vocab.strings}

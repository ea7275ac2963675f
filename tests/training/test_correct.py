"""The correction of a posting's answers: little from little, much from much, scores still sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analyzer.pipeline.duty_model import softmax
from analyzer.pipeline.functions import ANSWERS, FUNCTIONS, sigmoid
from analyzer.training.correct import LAYER, Seen, corrected, log_loss

Array = Any


def layer() -> dict[str, Array]:
    """A posting layer that believes the shares."""
    return {
        "share_weights": np.vstack([4 * np.eye(3), -2 * np.ones((1, 3))]),
        "text_weights": np.vstack([0.3 * np.eye(3), np.zeros((1, 3))]),
        "rest_bias": np.array([-2.0, -2.0, -2.5]),
        "calibration": np.array([[1.2, 0.1], [0.9, -0.1], [1.0, 0.2]]),
        "prior_shift": np.array([-0.3, 0.1, -1.0]),
        "answer_weights": 5 * np.eye(4),
        "text_answers": 0.4 * np.eye(4),
        "answer_bias": np.array([0.1, 0.0, -0.2, 0.1]),
        "answer_shift": np.array([0.0, -0.2, -1.0, 0.5]),
        "life": np.array([0.38, 0.34, 0.12]),
        "thresholds": np.array([0.3, 0.25, 0.2]),
    }


def postings(count: int, turned: bool) -> tuple[Seen, Array, Array]:
    """Postings of one plain function each; turned: what the model calls brand, these people call marketing."""
    random = np.random.default_rng(0)
    truth = np.arange(count) % 4
    shares = 0.6 * np.eye(4)[truth] + 0.4 * random.dirichlet(np.ones(4), count)
    primary = np.where(truth == 2, 0, truth) if turned else truth
    return Seen(shares, random.normal(size=(count, 4))), primary, np.eye(4)[primary][:, :3] > 0


def told(arrays: dict[str, Array], seen: Seen) -> Array:
    return softmax(seen.answers(arrays))


def test_no_labels_change_nothing() -> None:
    a = layer()
    made = corrected(a, Seen(np.zeros((0, 4)), np.zeros((0, 4))), np.zeros(0, np.int64), np.zeros((0, 3), bool))
    assert set(made) == set(LAYER)
    assert all(np.array_equal(made[k], a[k]) for k in LAYER)


def test_a_handful_moves_little_and_many_move_far() -> None:
    seen, primary, _ = postings(400, turned=True)
    before = told(layer(), seen)[primary == 0][:, ANSWERS.index("brand")].mean()
    after = []
    for count in (4, 40, 400):
        part = seen.take(np.arange(count))
        made = corrected(layer(), part, primary[:count], np.eye(4)[primary[:count]][:, :3] > 0)
        after.append(told(made, seen)[primary == 0][:, ANSWERS.index("brand")].mean())
    assert before > after[0] > after[1] > after[2]
    assert before - after[0] < 0.3 * before and after[2] < 0.4 * before


def test_labels_that_agree_with_the_model_leave_its_answers_alone() -> None:
    seen, primary, functions = postings(60, turned=False)
    made = corrected(layer(), seen, primary, functions)
    assert (told(made, seen).argmax(axis=1) == primary).mean() >= (told(layer(), seen).argmax(axis=1) == primary).mean()
    assert log_loss(seen.answers(made), primary).mean() < log_loss(seen.answers(layer()), primary).mean()


def test_a_score_is_still_the_sum_over_its_duties_and_the_rest() -> None:
    seen, primary, functions = postings(80, turned=True)
    a = {**layer(), **corrected(layer(), seen, primary, functions)}
    parts = np.array([[0.2, 0.1, 0.0, 0.0], [0.3, 0.0, 0.2, 0.2]])
    text = np.array([[0.4, -0.1, 0.2, -0.5]])
    raw = parts.sum(axis=0)[None, :] @ a["share_weights"] + text @ a["text_weights"] + a["rest_bias"]
    weights, rest = parts @ a["share_weights"], text @ a["text_weights"] + a["rest_bias"]
    assert raw == pytest.approx(weights.sum(axis=0)[None, :] + rest, abs=1e-12)
    scores = sigmoid(raw * a["calibration"][:, 0] + a["calibration"][:, 1] + a["prior_shift"])
    assert scores == pytest.approx(sigmoid(Seen(parts.sum(axis=0)[None, :], text).functions(a)), abs=1e-12)
    assert len(FUNCTIONS) == scores.shape[1]


def test_the_functions_follow_the_labels_and_the_mix_of_life_with_them() -> None:
    seen, primary, functions = postings(200, turned=True)
    made = corrected(layer(), seen, primary, functions)
    before, after = sigmoid(seen.functions(layer())), sigmoid(seen.functions(made))
    held = primary == 0
    assert after[held, 0].mean() > before[held, 0].mean() and after[:, 2].mean() < before[:, 2].mean()
    assert made["life"] == pytest.approx((50 * layer()["life"] + functions.sum(axis=0)) / 250)


def test_the_order_of_postings_does_not_matter() -> None:
    seen, primary, functions = postings(50, turned=True)
    back = np.arange(50)[::-1]
    one, two = corrected(layer(), seen, primary, functions), corrected(layer(), seen.take(back), primary[back], functions[back])
    assert all(one[k] == pytest.approx(two[k], abs=1e-3) for k in LAYER)


def test_a_threshold_is_stretched_with_its_scores() -> None:
    seen, primary, functions = postings(80, turned=False)
    made = corrected(layer(), seen, primary, functions)
    slope = made["calibration"][:, 0] / layer()["calibration"][:, 0]
    before, after = layer()["thresholds"], made["thresholds"]
    assert np.log(after / (1 - after)) == pytest.approx(slope * np.log(before / (1 - before)))
    assert (np.abs(slope - 1) > 0.02).any()

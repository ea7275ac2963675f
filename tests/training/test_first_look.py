"""What the first look at a duty sees: its own words, those of the other duties, the telling words of its setting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from analyzer.training.first_look import Looks, split, telling_words

SHOP, CALLS = "o.store", "n.service"


def test_the_words_that_tell_the_jobs_apart_are_chosen() -> None:
    # postings 0 and 1 are of a web shop, 2 and 3 of a call centre; feature 2 stands in all, feature 3 in one of each
    settings = sparse.csr_matrix(np.array([[1, 0, 1, 1], [1, 0, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0]], np.float32))
    codes, owner = [[SHOP], ["g"], [SHOP], [CALLS], [CALLS, "g"]], np.array([0, 0, 1, 2, 3])
    assert telling_words(settings, codes, owner, 2).tolist() == [0, 1]
    assert telling_words(settings, [["g"], []], np.array([0, 1]), 2).tolist() == []  # general duties tell nothing


def test_weights_come_apart_as_the_features_were_put_together() -> None:
    rows = sparse.csr_matrix(np.array([[1, 0], [0, 1], [1, 1]], np.float32))
    looks = Looks(rows, np.array([0, 0, 1]), sparse.csr_matrix(np.array([[0, 3], [5, 0]], np.float32)), np.array([1]))
    features = looks.features(0.5).toarray()
    assert features == pytest.approx(np.array([[1, 0, 0, 0.5, 3], [0, 1, 0.5, 0, 3], [1, 1, 0, 0, 0]]))
    weights = np.arange(10.0).reshape(5, 2)
    parts = split(weights, 2, 0.5)
    others, settings = np.array([[0, 1], [1, 0], [0, 0]]), np.array([[3.0], [3.0], [0.0]])
    apart = rows @ parts["own"] + others @ parts["context"] + settings @ parts["setting"]
    assert apart == pytest.approx(features @ weights)


def test_a_setting_tells_codes_that_the_duties_own_words_do_not() -> None:
    rows = sparse.csr_matrix(np.ones((4, 1), np.float32))  # the same words in each duty
    looks = Looks(rows, np.arange(4), sparse.csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)), np.array([0, 1]))
    labels = (np.arange(4), np.array([0, 0, 1, 1]), np.ones(4))
    weights = looks.fit(labels, 2, 0.7, 10.0)
    assert weights["setting_words"].tolist() == [0, 1]
    logits = weights["setting"] + weights["bias"]
    assert logits.argmax(axis=1).tolist() == [0, 1]

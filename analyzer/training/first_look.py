"""The first look at duties: what it sees of each, and how its weights are fitted."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression

from analyzer.pipeline.duty_model import Array
from analyzer.pipeline.sums import others

Labels = tuple[NDArray[np.int64], NDArray[np.int64], Array]
"""Duty, code and weight (each (L,)) of every label: a duty with two codes stands twice."""


def logistic(features: sparse.csr_matrix, target: NDArray[np.int64], weight: Array | None, count: int, c: float) -> tuple[Array, Array]:
    """Weights (F, count) and bias (count,) of a multinomial logistic regression; a class never seen gets no chance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=c, max_iter=100).fit(features, target, sample_weight=weight)
    weights, bias = np.zeros((features.shape[1], count)), np.full(count, -20.0)
    if len(model.classes_) == 2:
        weights[:, model.classes_] = np.stack([-model.coef_[0] / 2, model.coef_[0] / 2], axis=1)
        bias[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
    else:
        weights[:, model.classes_] = model.coef_.T
        bias[model.classes_] = model.intercept_
    return weights, bias


@dataclass(frozen=True)
class Looks:
    """What the first look sees of N duties: rows (N, V), owner (N,), settings of the postings (P, V) and their telling words (W,)."""

    rows: sparse.csr_matrix
    owner: NDArray[np.int64]
    settings: sparse.csr_matrix
    telling: NDArray[np.int64]

    def features(self, context: float) -> sparse.csr_matrix:
        """(N, 2 V + W): a duty's own words, those of the other duties, those of the setting."""
        around = self.settings[:, self.telling][self.owner]
        return sparse.hstack([self.rows, context * others(self.rows, self.owner), around], format="csr")

    def fit(self, labels: Labels, count: int, context: float, c: float) -> dict[str, Array]:
        """The first look's weights for `count` codes; context: how loud the other duties' words speak; c: inverse of the penalty."""
        duty, code, weight = labels
        weights, bias = logistic(self.features(context)[duty], code, weight, count, c)
        return {**split(weights, self.rows.shape[1], context), "setting_words": self.telling.astype(np.float64), "bias": bias}


def split(weights: Array, width: int, context: float) -> dict[str, Array]:
    """The weights (2 V + W, K) of `Looks.features` by what they are of."""
    return {"own": weights[:width], "context": context * weights[width : 2 * width], "setting": weights[2 * width :]}


def telling_words(settings: sparse.csr_matrix, codes: Sequence[Sequence[str]], owner: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(W,) the features of the settings (P, V) that tell best, by chi-squared, which code is the commonest of a posting's duties."""
    commonest: dict[int, Counter[str]] = defaultdict(Counter)
    for of, given in zip(owner.tolist(), codes, strict=True):
        commonest[of].update(c for c in given if c != "g")
    told = [n for n in sorted(commonest) if commonest[n]]
    if not told:
        return np.zeros(0, np.int64)
    main = [min(commonest[n], key=lambda c: (-commonest[n][c], c)) for n in told]
    strength = np.nan_to_num(chi2(settings[told], main)[0])
    return np.sort(np.argsort(-strength, kind="stable")[:count])

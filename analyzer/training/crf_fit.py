"""Fitting the zone model's conditional random field by penalised maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from analyzer.pipeline.crf import Array, forward_backward


@dataclass(frozen=True)
class FittedCrf:
    """weights (F, K), transitions (K, K), start (K,), end (K,)."""

    weights: Array
    transitions: Array
    start: Array
    end: Array


def fit(
    features: sparse.csr_matrix,
    states: NDArray[np.int64],
    lengths: NDArray[np.int64],
    count: int,
    penalty: float,
    iterations: int = 120,
    start: FittedCrf | None = None,
) -> FittedCrf:
    """Weights that make the given states likely.

    features: (S, F); states: (S,) in [0, count); lengths: segments of each posting; penalty: of the squared weights.
    start: weights to begin from, nothing where there are none.
    """
    total, width = features.shape
    transposed = features.T.tocsr()
    row_start = np.cumsum(lengths) - lengths
    observed = np.zeros((total, count))
    observed[np.arange(total), states] = 1
    inner = np.ones(total, bool)
    inner[row_start] = False
    observed_pairs = np.zeros((count, count))
    np.add.at(observed_pairs, (states[np.flatnonzero(inner) - 1], states[inner]), 1)
    first = np.bincount(states[row_start], minlength=count).astype(float)
    final = np.bincount(states[row_start + lengths - 1], minlength=count).astype(float)
    shapes = (width * count, count * count, count, count)
    cuts = np.cumsum(shapes)[:-1]

    def loss(flat: Array) -> tuple[float, Array]:
        w, t, s, e = np.split(flat, cuts)
        weights, transitions = w.reshape(width, count), t.reshape(count, count)
        emissions = features @ weights
        marginals, pairs, log_z = forward_backward(emissions, lengths, transitions, s, e)
        value = log_z - (emissions * observed).sum() - (transitions * observed_pairs).sum() - s @ first - e @ final
        gradient = np.concatenate(
            [
                (transposed @ (marginals - observed)).ravel(),
                (pairs - observed_pairs).ravel(),
                marginals[row_start].sum(axis=0) - first,
                marginals[row_start + lengths - 1].sum(axis=0) - final,
            ]
        )
        return float(value + 0.5 * penalty * flat @ flat), gradient + penalty * flat

    begin = np.zeros(sum(shapes))
    if start is not None:
        begin = np.concatenate([start.weights.ravel(), start.transitions.ravel(), start.start, start.end])
    best = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 10})
    w, t, s, e = np.split(best.x, cuts)
    return FittedCrf(w.reshape(width, count), t.reshape(count, count), s, e)

"""A linear-chain conditional random field over the segments of a posting: marginals of every segment's state.

Lafferty, McCallum & Pereira (2001). Emissions are linear; sums run in log space, over all sequences of a batch at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def pad(lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row (sequence) and column (time) of each item when sequences of these lengths are laid under one another."""
    row = np.repeat(np.arange(len(lengths)), lengths)
    column = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return row, column


def _logsumexp(values: Array, axis: int) -> Array:
    top = values.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(values - top).sum(axis=axis))


def forward_backward(
    emissions: Array, lengths: NDArray[np.int64], transitions: Array, start: Array, end: Array
) -> tuple[Array, Array, float]:
    """Marginals (S, K) of each item, summed pair marginals (K, K), and the log partition over all sequences.

    emissions: (S, K) log potentials of the items, sequence after sequence; transitions: (K, K) from row to column.
    """
    sequences, states = len(lengths), emissions.shape[1]
    if not len(emissions):
        return emissions, np.zeros((states, states)), 0.0
    row, column = pad(lengths)
    longest = int(lengths.max())
    scores = np.zeros((longest, sequences, states))
    scores[column, row] = emissions
    alive = np.arange(longest)[:, None] < lengths[None, :]
    alpha = np.empty_like(scores)
    alpha[0] = scores[0] + start
    for t in range(1, longest):
        step = _logsumexp(alpha[t - 1][:, :, None] + transitions, 1) + scores[t]
        alpha[t] = np.where(alive[t][:, None], step, alpha[t - 1])
    log_z = _logsumexp(alpha[-1] + end, 1)
    beta = np.empty_like(scores)
    beta[-1] = end
    pairs = np.zeros((states, states))
    for t in range(longest - 1, 0, -1):
        ahead = (scores[t] + beta[t])[:, None, :]
        joint = alpha[t - 1][:, :, None] + transitions + ahead - log_z[:, None, None]
        pairs += np.exp(joint[alive[t]]).sum(axis=0)
        beta[t - 1] = np.where(alive[t][:, None], _logsumexp(transitions + ahead, 2), beta[t])
    marginals = np.exp(alpha + beta - log_z[None, :, None])[column, row]
    return marginals, pairs, float(log_z.sum())

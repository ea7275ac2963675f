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


def marginals(emissions: Array, lengths: NDArray[np.int64], transitions: Array, start: Array, end: Array) -> Array:
    """(S, K) marginals of each item alone, as `forward_backward` gives them, for scoring.

    Sums run over probabilities scaled to add up to 1 at each step (Rabiner, 1989): no exponential but one an item. The longest
    sequences come first, so that those that go on are always the first rows. Sums run in the same order whatever else is in
    the batch (no BLAS), so that a posting's numbers do not depend on its neighbours.
    """
    states = emissions.shape[1]
    if not len(emissions):
        return emissions
    order = np.argsort(-lengths, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    row, column = pad(lengths)
    row = rank[row]
    longest = int(lengths.max())
    alive = np.searchsorted(-lengths[order], -np.arange(longest), side="left").tolist()
    # States lie outside, sequences inside: numpy then goes along rows of many sequences, not of a few states.
    chances = np.zeros((longest, states, len(lengths)))
    chances[column, :, row] = np.exp(emissions - emissions.max(axis=1, keepdims=True))
    moves = np.exp(transitions - transitions.max())
    forward = np.zeros_like(chances)
    now = _scaled(chances[0] * np.exp(start - start.max())[:, None])
    forward[0] = now
    for t in range(1, longest):
        count = alive[t]
        now = _scaled(_stepped(now[:, :count], moves) * chances[t, :, :count])
        forward[t, :, :count] = now
    ends = np.exp(end - end.max())
    backward = np.empty_like(chances)
    backward[:] = ends[:, None]
    back = moves.T.copy()
    for t in range(longest - 1, 0, -1):
        count = alive[t]
        backward[t - 1, :, :count] = _scaled(_stepped(backward[t, :, :count] * chances[t, :, :count], back))
    forward *= backward
    return np.ascontiguousarray(_scaled(np.ascontiguousarray(forward[column, :, row].T)).T)


def _stepped(values: Array, moves: Array) -> Array:
    """(K, B): `moves.T @ values`, added up state by state."""
    out: Array = np.add.reduce(values[:, None, :] * moves[:, :, None], axis=0)
    return out


def _scaled(values: Array) -> Array:
    """(K, B) columns that add up to 1, added up row by row: `accumulate` keeps to that order, `sum` does not."""
    out: Array = values / np.add.accumulate(values, axis=0)[-1]
    return out

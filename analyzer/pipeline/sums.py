"""Sums over the duties and segments of a posting: what surrounds a duty, what a whole text says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.pipeline.features import ranges

Array = NDArray[np.float64]
_NOTHING = 0.5
"""Below it the square of a sum of rows, each of length 1 or 0, is what rounding leaves of 0."""


def others(rows: sparse.csr_matrix, owner: NDArray[np.int64]) -> sparse.csr_matrix:
    """(N, V): for each duty the sum of its posting's other duties, scaled to length 1; zero where it is alone.

    rows: (N, V), no column twice in a row; owner: (N,) the posting of each duty, ascending. Training learns from it; scoring does
    without (`others_times`). Written out, since scipy's products and differences, which know nothing of how the rows hang together,
    take twice as long.
    """
    if not len(owner):
        return rows
    row, group, first = _by_posting(rows, owner)
    total = np.zeros(len(first), np.float32)
    np.add.at(total, group, rows.data)
    edges = np.searchsorted(owner[row[first]], np.arange(int(owner[-1]) + 2))
    counts = np.diff(edges)[owner]
    among = ranges(edges[owner], counts)  # every duty gets all features of its posting
    data, kept = total.take(among), np.ones(len(among), bool)
    mine = group + (np.cumsum(counts) - counts - edges[owner])[row]
    data[mine] -= rows.data
    gone = data[mine] == 0  # which no other duty has
    kept[mine[gone]] = False
    left = np.flatnonzero(kept)
    indptr = np.append(0, np.cumsum(counts - np.bincount(row[gone], minlength=len(owner))))
    return _of_length_one(data.take(left), rows.indices[first].take(among.take(left)), indptr, rows.shape)


def others_times(rows: sparse.csr_matrix, owner: NDArray[np.int64], weights: Array) -> Array:
    """(N, K): `others(rows, owner) @ weights` (V, K), without making that matrix, which has many times the entries of `rows`.

    rows: of length 1 or 0, no entry negative, so that a sum of some is of length 0, or 1 at least.
    """
    if not len(owner):
        return np.zeros((0, weights.shape[1]))
    row, group, first = _by_posting(rows, owner)
    total, count = np.bincount(group, rows.data), int(owner[-1]) + 1
    squares = np.bincount(owner[row[first]], total * total, count)[owner]
    squares -= np.bincount(row, (2 * total[group] - rows.data) * rows.data, len(owner))
    own = rows @ weights
    return (sums(own, owner, count)[owner] - own) / np.sqrt(np.where(squares > _NOTHING, squares, np.inf))[:, None]


def _by_posting(rows: sparse.csr_matrix, owner: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each entry of (N, V) its row, and its number among the different columns of its posting, posting by posting, ascending.

    Then of each of those numbers the first entry.
    """
    row = np.repeat(np.arange(len(owner)), np.diff(rows.indptr))
    key = owner[row] * rows.shape[1] + rows.indices
    key = key.astype(np.int32) if (int(owner[-1]) + 1) * rows.shape[1] < 2**31 else key
    order = np.argsort(key, kind="stable")
    opens = _opens(key[order])
    group = np.empty(len(key), np.int64)
    group[order] = np.cumsum(opens) - 1
    return row, group, order[opens]


def _opens(keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a key differs from the one before it."""
    return np.append(np.ones(min(len(keys), 1), bool), keys[1:] != keys[:-1])


def _of_length_one(data: NDArray[np.float32], indices: NDArray[Any], indptr: NDArray[Any], shape: tuple[int, int]) -> sparse.csr_matrix:
    """A matrix of these parts, its rows scaled to length 1."""
    full = np.diff(indptr) > 0
    squares = np.zeros(len(full), np.float32)
    squares[full] = np.add.reduceat(data * data, indptr[:-1][full])
    length = np.sqrt(np.where(squares > 1e-9, squares, np.inf))
    return sparse.csr_matrix((data * np.repeat((1 / length).astype(np.float32), np.diff(indptr)), indices, indptr), shape)


def sums(values: Array, owner: NDArray[np.int64], count: int) -> Array:
    """(count, K): the sum of the rows (N, K) of each owner, added one after another."""
    return sparse.csr_matrix((np.ones(len(owner)), (owner, np.arange(len(owner)))), (count, len(owner))) @ values


def other_means(values: Array, owner: NDArray[np.int64]) -> Array:
    """(N, K): for each duty the mean over its posting's other duties; zero where it is alone."""
    if not len(owner):
        return values
    total = sums(values, owner, int(owner.max()) + 1)
    count = np.bincount(owner)[owner] - 1
    return (total[owner] - values) / np.maximum(count, 1)[:, None]


def whole_texts(rows: sparse.csr_matrix, owner: NDArray[np.int64], count: int) -> sparse.csr_matrix:
    """(P, V): the sum of each posting's segment rows (S, V), scaled to length 1."""
    member = sparse.csr_matrix((np.ones(len(owner), np.float32), (owner, np.arange(len(owner)))), (count, len(owner)))
    total = (member @ rows).tocsr()
    # In the order in which they are met, as ever: a sum of squares in another one differs in its last digit.
    met = np.repeat(total.indptr[1:] - 1 + total.indptr[:-1], np.diff(total.indptr)) - np.arange(total.nnz)
    return _of_length_one(total.data[met], total.indices[met], total.indptr, total.shape)

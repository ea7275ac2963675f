"""The numbers of a batch as they leave the program, and which codes share a duty: for all duties and postings at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.analysis import DIGITS, Scheme, of_a_function, rounded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SECOND = 0.4
"""A second code is told where its probability is at least this share of the strongest one's."""


def rounded_all(values: Any) -> Floats:
    """`analysis.rounded` of each number. Those near the middle between two decimals, or large, are rounded one by one."""
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values * 10**DIGITS
        whole = np.rint(scaled)
        out = whole / 10**DIGITS + 0.0
        unsure = (np.abs(np.abs(scaled - whole) - 0.5) < 1e-4) | ~(np.abs(values) < 1e4)
    for place in zip(*np.nonzero(unsure), strict=True):
        out[place] = rounded(values[place])
    return out


class Shares:
    """The codes of each duty: the strongest, and a second one of the functions that are scored where the statement plainly holds both.

    own, second: (N,) numbers of the two codes; both: (N,) whether the second is told; own_share, second_share: (N,) adding up to 1;
    probability: (N,) of the strongest.
    """

    def __init__(self, best: Sequence[str], probabilities: Floats, codes: Sequence[str]) -> None:
        """best: (N,) the strongest code of each duty; probabilities: (N, K)."""
        self.codes = list(codes)
        place = {c: i for i, c in enumerate(codes)}
        probabilities = probabilities.reshape(len(best), -1) if len(best) else np.zeros((0, len(codes)))
        rows, self.own = np.arange(len(best)), np.fromiter((place[b] for b in best), np.int64, len(best))
        top = probabilities[rows, self.own]
        order = np.array(sorted(range(len(codes)), key=lambda i: codes[i]))  # of equals the first by name comes first
        rest = probabilities.copy()
        rest[rows, self.own] = -1.0
        self.second = order[rest[:, order].argmax(axis=1)]
        low = rest[rows, self.second]
        scored = np.array([of_a_function(c) for c in codes])
        self.both = scored[self.own] & scored[self.second] & (low >= SECOND * top) & (len(codes) > 1)
        self.own_share = np.where(self.both, rounded_all(top / np.where(self.both, top + low, 1.0)), 1.0)
        self.second_share = np.where(self.both, rounded_all(1 - self.own_share), 0.0)
        self.probability = rounded_all(top)

    def pairs(self) -> list[tuple[tuple[str, float], ...]]:
        """(code, share) of each duty."""
        alone = [((c, 1.0),) for c in self.codes]
        out: list[tuple[tuple[str, float], ...]] = [alone[o] for o in self.own.tolist()]
        at = np.flatnonzero(self.both)
        told = (at, self.own[at], self.own_share[at], self.second[at], self.second_share[at])
        for n, own, share, second, rest in zip(*(column.tolist() for column in told), strict=True):
            out[n] = ((self.codes[own], share), (self.codes[second], rest))
        return out

    def mix(self, owner: Ints, scheme: Scheme, count: int) -> Floats:
        """(P, S): the part that each function, and what is other, has of each posting's duties; general ones are left out."""
        total, whole = self._of_functions(owner, scheme, count)
        return rounded_all(total / np.where(whole > 0, whole, 1.0))

    def other(self, owner: Ints, scheme: Scheme, count: int) -> list[dict[str, float]]:
        """The codes of other functions and their parts of each posting's duties."""
        _, whole = self._of_functions(owner, scheme, count)
        each = self._sums(owner, np.arange(len(self.codes)), len(self.codes), count)
        each[:, [scheme.function_of(c) != "other" for c in self.codes]] = 0.0
        posting, code = np.nonzero(each)
        out: list[dict[str, float]] = [{} for _ in range(count)]
        parts = rounded_all(each[posting, code] / whole[posting, 0]).tolist()
        for at, name, part in sorted(zip(posting.tolist(), (self.codes[c] for c in code.tolist()), parts, strict=True)):
            out[at][name] = part
        return out

    def _of_functions(self, owner: Ints, scheme: Scheme, count: int) -> tuple[Floats, Floats]:
        """(P, S) what each posting's duties add up to, and (P, 1) all of it."""
        place = {f: i for i, f in enumerate(scheme.shares)}
        column = np.array([place.get(scheme.function_of(c), len(place)) for c in self.codes])
        total = self._sums(owner, column, len(place) + 1, count)[:, : len(place)]
        return total, np.add.accumulate(total, axis=1)[:, -1:]  # added one after another, as the duties are

    def _sums(self, owner: Ints, column: Ints, width: int, count: int) -> Floats:
        """(P, width): what the duties' codes add, each to its own column, added up duty by duty."""
        key = owner[:, None] * width + np.stack([column[self.own], column[self.second]], axis=1)
        weight = np.stack([self.own_share, self.second_share], axis=1)
        return np.bincount(key.ravel(), weight.ravel(), count * width).astype(np.float64).reshape(count, width)

"""Groups that must not be torn apart by a split: postings of one company, and near copies of one another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.training.corpus import Posting

GRAM = 10
"""Letters in a row that are compared."""
SKETCH = 96
"""Hashes kept of each text (Broder, 1997: bottom-k sketches)."""
SAME = 0.5
"""Share of common hashes from which two texts are near copies: a re-post with another city, date or contact."""


def fingerprint(text: str) -> str:
    """Sixteen hexadecimal digits of a text's letters and digits: the same for re-posts that differ in layout only."""
    letters = "".join(c for c in text.lower() if c.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def sketch(text: str) -> NDArray[np.uint64]:
    """The smallest hashes of a text's runs of `GRAM` letters, ascending."""
    letters = np.array([ord(c) for c in text.lower() if c.isalnum()], np.uint64)
    count = max(1, len(letters) - GRAM + 1)
    hashes = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for k in range(min(GRAM, len(letters))):
            hashes = hashes * np.uint64(0x100000001B3) + letters[k : k + count]
        hashes = (hashes ^ (hashes >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
    return np.unique(hashes)[:SKETCH]


def alike(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> float:
    """Estimated Jaccard similarity of the two texts a pair of sketches was made from."""
    both = np.union1d(left, right)[:SKETCH]
    common = np.intersect1d(np.intersect1d(left, right), both)
    return len(common) / max(1, len(both))


def near_copies(texts: Sequence[str]) -> list[int]:
    """For each text the number of the first one it is a near copy of, directly or through others (its own if none)."""
    sketches = [sketch(t) for t in texts]
    owner = np.repeat(np.arange(len(texts)), [len(s) for s in sketches])
    values = np.concatenate(sketches) if sketches else np.zeros(0, np.uint64)
    order = np.lexsort((owner, values))
    values, owner = values[order], owner[order]
    # Texts that share a hash are compared in a chain, each with the one before it: linear in the number of texts.
    same = np.flatnonzero(values[1:] == values[:-1])
    pairs, shared = (
        np.unique(np.stack([owner[same], owner[same + 1]], 1), axis=0, return_counts=True)
        if len(same)
        else (np.zeros((0, 2), int), np.zeros(0))
    )
    parent = list(range(len(texts)))
    for (a, b), count in zip(pairs.tolist(), shared.tolist(), strict=True):
        if count >= 0.15 * SKETCH * SAME and _root(parent, a) != _root(parent, b) and alike(sketches[a], sketches[b]) >= SAME:
            _join(parent, a, b)
    return [_root(parent, n) for n in range(len(texts))]


def _root(parent: list[int], n: int) -> int:
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = parent[n]
    return n


def _join(parent: list[int], a: int, b: int) -> None:
    a, b = _root(parent, a), _root(parent, b)
    parent[max(a, b)] = min(a, b)


def groups(postings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The group of each posting: its company (or itself), joined with those that hold near copies of its text."""
    names = [str(p.get("company") or p["id"]) for p in postings]
    parent = list(range(len(postings)))
    for n, first in enumerate(near_copies([p["text"] for p in postings])):
        _join(parent, n, first)
    seen: dict[str, int] = {}
    for n, name in enumerate(names):
        _join(parent, n, seen.setdefault(name, n))
    return [names[_root(parent, n)] for n in range(len(postings))]


def grouped(postings: Sequence[Posting]) -> list[Posting]:
    """The postings with their group as `company`, which training splits and counts by."""
    return [p if p.get("company") == g else {**p, "company": g} for p, g in zip(postings, groups(postings), strict=True)]

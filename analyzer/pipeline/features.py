"""What a segment looks like to a linear model: sparse rows over words, their parts, pairs, and a few marks.

All of a batch's segments become one matrix at once. Features that depend on a word alone (the word, its stem, its
character pairs) are looked up once for each different word; pairs of neighbours are looked up by their hash, with
numpy alone. No Python object is made for a token.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from spacy.attrs import IS_PUNCT, IS_SPACE, NORM, SENT_START
from spacy.strings import hash_string  # type: ignore[attr-defined]
from spacy.tokens import Doc

from analyzer.text.words import spanish_stem

Floats = NDArray[np.float32]
_MIX_A, _MIX_B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True)
class Batch:
    """The segments of some Docs as arrays. T tokens, S segments, C content tokens (no space, no punctuation).

    norms: (C,) norm id of each content token; segment: (C,) its segment; token: (C,) its index in its Doc.
    starts, ends: (S,) token offsets of each segment in its Doc; doc: (S,) the Doc it is in.
    """

    docs: Sequence[Doc]
    norms: NDArray[np.uint64]
    segment: NDArray[np.int64]
    token: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    doc: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)


def make_batch(docs: Sequence[Doc]) -> Batch:
    """Arrays over the sentences (segments) of the Docs."""
    norms, segments, tokens, starts, ends, owner = [], [], [], [], [], []
    count = 0
    for number, doc in enumerate(docs):
        if not len(doc):
            continue
        array = doc.to_array([NORM, SENT_START, IS_PUNCT, IS_SPACE])
        begin = array[:, 1] == 1
        begin[0] = True
        at = np.flatnonzero(begin)
        content = np.flatnonzero((array[:, 2] == 0) & (array[:, 3] == 0))
        norms.append(array[content, 0])
        segments.append(np.cumsum(begin)[content] - 1 + count)
        tokens.append(content)
        starts.append(at)
        ends.append(np.append(at[1:], len(doc)))
        owner.append(np.full(len(at), number))
        count += len(at)
    if not norms:
        none = np.zeros(0, np.int64)
        return Batch(docs, none.astype(np.uint64), none, none, none, none, none)
    join = np.concatenate
    return Batch(docs, join(norms).astype(np.uint64), join(segments), join(tokens), join(starts), join(ends), join(owner))


def word_features(lang: str) -> Callable[[str], list[str]]:
    """The features of one word: `w:` itself, `s:` its Spanish stem, `c:` its character pairs (Chinese)."""
    return _chinese_features if lang == "zh" else _spanish_features


def _chinese_features(norm: str) -> list[str]:
    named = [f"w:{norm}"]
    if len(norm) > 2 and not norm.isascii():
        named += [f"w:{norm[i : i + 2]}" for i in range(len(norm) - 1)]
    elif len(norm) == 2 and not norm.isascii():
        named += [f"c:{norm[0]}", f"c:{norm[1]}"]
    return named


def _spanish_features(norm: str) -> list[str]:
    stem = spanish_stem(norm)
    return [f"w:{norm}", f"s:{stem}"]


def pair_keys(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One 64-bit key for each pair of neighbouring norm ids."""
    with np.errstate(over="ignore"):
        mixed = (left * _MIX_A) ^ (right * _MIX_B + np.uint64(0x165667B19E3779F9))
        return mixed ^ (mixed >> np.uint64(29))


class HashTable:
    """64-bit keys to their positions, looked up a whole array at a time (open addressing, linear probing)."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        bits = max(4, int(np.ceil(np.log2(max(1, len(keys)) * 4))))
        self.shift, self.mask = np.uint64(64 - bits), np.int64((1 << bits) - 1)
        self.keys = keys
        self.table = np.full(1 << bits, -1, np.int64)
        self.probes = 0
        left, slots = np.arange(len(keys)), self._slots(keys)
        while len(left):
            free = self.table[slots] < 0
            self.table[slots[free]] = left[free]
            placed = self.table[slots] == left
            left, slots = left[~placed], (slots[~placed] + 1) & self.mask
            self.probes += 1

    def _slots(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        with np.errstate(over="ignore"):
            return ((keys * _MIX_B) >> self.shift).astype(np.int64)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Position of each key, -1 where it is not there."""
        out = np.full(len(keys), -1, np.int64)
        if not len(self.keys):
            return out
        slots = self._slots(keys)
        pending = np.arange(len(keys))
        for _ in range(self.probes):
            at = self.table[slots]
            hit = (at >= 0) & (self.keys[at] == keys[pending])
            out[pending[hit]] = at[hit]
            on = (at >= 0) & ~hit
            if not on.any():
                break
            pending, slots = pending[on], (slots[on] + 1) & self.mask
        return out


class FeatureSpace:
    """A vocabulary of word and pair features and the matrices over it.

    names: feature names in a fixed order, words' features first, then pairs as `2:left right`.
    weights: (V,) inverse document frequency of each.
    """

    def __init__(self, lang: str, names: Sequence[str], weights: Floats) -> None:
        self.lang = lang
        self.names = list(names)
        self.weights = weights.astype(np.float32)
        self.features = word_features(lang)
        first_pair = next((i for i, n in enumerate(self.names) if n.startswith("2:")), len(self.names))
        self.index = {n: i for i, n in enumerate(self.names[:first_pair])}
        pairs = [n[2:].split(" ") for n in self.names[first_pair:]]
        ids = np.array([[hash_string(a), hash_string(b)] for a, b in pairs], np.uint64).reshape(-1, 2)
        self.pairs = HashTable(pair_keys(ids[:, 0], ids[:, 1]))
        self.first_pair = first_pair
        self._known: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def fit(cls, lang: str, batch: Batch, groups: Sequence[Any], min_groups: int, used: NDArray[np.bool_] | None = None) -> FeatureSpace:
        """Keep the features that occur in at least `min_groups` groups (companies); `used` (S,) picks segments.

        A word that only one company ever wrote, such as its name or an address, is in no vocabulary.
        """
        features = word_features(lang)
        strings = batch.docs[0].vocab.strings
        seen: dict[str, set[Any]] = {}
        frequency: dict[str, int] = {}
        by_segment = np.searchsorted(batch.segment, np.arange(len(batch) + 1))
        for segment in range(len(batch)):
            if used is not None and not used[segment]:
                continue
            words = [strings[int(n)] for n in batch.norms[by_segment[segment] : by_segment[segment + 1]]]
            named = {f for w in words for f in features(w)} | {f"2:{a} {b}" for a, b in itertools.pairwise(words)}
            for name in named:
                if name.count(" ") <= 1 and "\n" not in name and "\t" not in name:
                    seen.setdefault(name, set()).add(groups[batch.doc[segment]])
                    frequency[name] = frequency.get(name, 0) + 1
        total = len(batch) if used is None else int(used.sum())
        kept = sorted((n for n, g in seen.items() if len(g) >= min_groups), key=lambda n: (n.startswith("2:"), n))
        idf = np.array([np.log((1 + total) / (1 + frequency[n])) + 1 for n in kept], np.float32)
        return cls(lang, kept, idf)

    def _of_word(self, norm: int, strings: Any) -> tuple[int, ...]:
        known = self._known.get(norm)
        if known is None:
            if len(self._known) > 500_000:  # a year's worth of users' words must not pile up
                self._known.clear()
            known = tuple(self.index[f] for f in self.features(strings[norm]) if f in self.index)
            self._known[norm] = known
        return known

    def occurrences(self, batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Every known feature where it occurs: (segment, feature, position of its first content token, tokens it spans)."""
        strings = batch.docs[0].vocab.strings if batch.docs else None
        unique, inverse = np.unique(batch.norms, return_inverse=True)
        known = [self._of_word(int(n), strings) for n in unique]
        lengths = np.array([len(k) for k in known], np.int64)
        flat = np.fromiter((i for k in known for i in k), np.int64, int(lengths.sum()))
        offsets = np.append(0, np.cumsum(lengths))[:-1]
        counts = lengths[inverse]
        position = np.repeat(np.arange(len(batch.norms)), counts)
        within = np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)
        column = flat[np.repeat(offsets[inverse], counts) + within] if len(flat) else np.zeros(0, np.int64)
        same = batch.segment[1:] == batch.segment[:-1]
        left = np.flatnonzero(same)
        found = self.pairs.find(pair_keys(batch.norms[left], batch.norms[left + 1]))
        left, found = left[found >= 0], found[found >= 0] + self.first_pair
        positions = np.concatenate([position, left])
        spans = np.concatenate([np.ones(len(position), np.int64), np.full(len(left), 2, np.int64)])
        return batch.segment[positions], np.concatenate([column, found]), positions, spans

    def known_share(self, batch: Batch) -> float:
        """Share of the batch's content tokens whose word is in the vocabulary; 1 where there is none."""
        if not len(batch.norms):
            return 1.0
        strings = batch.docs[0].vocab.strings
        return sum(1 for n in batch.norms.tolist() if self._of_word(n, strings)) / len(batch.norms)

    def counts(self, batch: Batch) -> sparse.csr_matrix:
        """(S, V) float32: how often each feature occurs in each segment."""
        rows, columns, _, _ = self.occurrences(batch)
        return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(batch), len(self)))

    def matrix(self, batch: Batch) -> sparse.csr_matrix:
        """(S, V) float32: idf of each feature that occurs in the segment, rows of length 1."""
        return self.weigh(self.counts(batch))

    def weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Counts to idf weights, rows scaled to length 1."""
        counts.sum_duplicates()
        counts.data = self.weights[counts.indices]
        squares = np.add.reduceat(np.append(counts.data**2, 0), counts.indptr[:-1]) if counts.shape[0] else np.zeros(0)
        squares[np.diff(counts.indptr) == 0] = 1
        counts.data /= np.repeat(np.sqrt(squares), np.diff(counts.indptr)).astype(np.float32)
        return counts

    def picked(self, batch: Batch, which: str) -> sparse.csr_matrix:
        """(S, V): the features of the `first`, `second` or `last` content word of each segment, unweighted."""
        edges = np.searchsorted(batch.segment, np.arange(len(batch) + 1))
        at = {"first": edges[:-1], "second": edges[:-1] + 1, "last": edges[1:] - 1}[which]
        good = (at >= edges[:-1]) & (at < edges[1:])
        strings = batch.docs[0].vocab.strings if batch.docs else None
        rows, columns = [], []
        for row in np.flatnonzero(good):
            for column in self._of_word(int(batch.norms[at[row]]), strings):
                rows.append(row)
                columns.append(column)
        return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(batch), len(self)))


def restrict(batch: Batch, bounds: NDArray[np.int64]) -> Batch:
    """A batch whose segments are the given spans: bounds (N, 3) holds Doc, first token, end token."""
    size = max((len(d) for d in batch.docs), default=0) + 1
    at = batch.doc[batch.segment] * size + batch.token
    low = np.searchsorted(at, bounds[:, 0] * size + bounds[:, 1])
    high = np.searchsorted(at, bounds[:, 0] * size + bounds[:, 2])
    counts = high - low
    segment = np.repeat(np.arange(len(bounds)), counts)
    index = np.repeat(low - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
    return Batch(batch.docs, batch.norms[index], segment, batch.token[index], bounds[:, 1], bounds[:, 2], bounds[:, 0])

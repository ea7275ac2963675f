"""What a segment looks like to a linear model: sparse rows over words, their parts, pairs, and a few marks.

All of a batch's segments become one matrix at once. Features that depend on a word alone (the word, its stem, its
character pairs) are looked up once for each different word; pairs of neighbours are looked up by their hash, with
numpy alone. No Python object is made for a token.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from spacy.strings import hash_string  # type: ignore[attr-defined]
from spacy.tokens import Doc

from analyzer.pipeline.lexicon import BLANK, MARK, Lexicon
from analyzer.pipeline.pages import Pages, Spans, pages_of
from analyzer.text.words import spanish_stem

Floats = NDArray[np.float32]
_MIX_A, _MIX_B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True)
class Batch:
    """The content tokens (no blank, no mark) of some spans of some postings. S spans (segments, or duties), C content tokens.

    form: (C,) number of each content token's normal form in the lexicon; segment: (C,) its span; at: (C,) the token, counted
    through the pages. begin, stop: (S,) the spans' tokens, counted so; doc: (S,) the posting each is in.
    """

    pages: Pages
    form: NDArray[np.int32]
    segment: NDArray[np.int64]
    at: NDArray[np.int64]
    begin: NDArray[np.int64]
    stop: NDArray[np.int64]
    doc: NDArray[np.int64]
    counted: dict[Any, sparse.csr_matrix] = field(default_factory=dict, repr=False, compare=False)
    """What was counted over vocabularies that others lie within."""

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def norms(self) -> NDArray[np.uint64]:
        """(C,) 64-bit hash of each content token's normal form."""
        return self.pages.lexicon.hashes.take(self.form)

    @property
    def starts(self) -> NDArray[np.int64]:
        """(S,) first token of each span, counted in its own posting."""
        return self.begin - self.pages.first[self.doc]

    @property
    def ends(self) -> NDArray[np.int64]:
        """(S,) end of each span, counted in its own posting."""
        return self.stop - self.pages.first[self.doc]


def content_of(pages: Pages) -> Batch:
    """The segments of the pages, once they are found."""
    made: Batch | None = pages.content
    if made is None or made.begin is not pages.segments.begin:
        made = pages.content = _content_of(pages)
    return made


def _content_of(pages: Pages) -> Batch:
    known, spans = pages.lexicon, pages.segments
    at = np.flatnonzero(known.marks.take(pages.word) & (MARK | BLANK) == 0)
    segment = np.searchsorted(spans.begin, at, side="right") - 1
    return Batch(pages, known.norm.take(pages.word.take(at)), segment, at, spans.begin, spans.stop, spans.owner)


def make_batch(docs: Sequence[Doc]) -> Batch:
    """The segments (sentences) of the Docs."""
    return content_of(pages_of(docs))


def ranges(begin: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """`counts[i]` numbers from `begin[i]` on, for one i after another."""
    return np.repeat(begin - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))


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
        self.table = np.full(1 << bits, -1, np.int32)
        left, slots = np.arange(len(keys), dtype=np.int32), self._slots(keys)
        while len(left):
            free = self.table[slots] < 0
            self.table[slots[free]] = left[free]
            placed = self.table[slots] == left
            left, slots = left[~placed], (slots[~placed] + 1) & self.mask

    def _slots(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        with np.errstate(over="ignore"):
            return ((keys * _MIX_B) >> self.shift).astype(np.int64)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Position of each key, -1 where it is not there."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        slots = self._slots(keys)
        at = self.table.take(slots)
        taken = at >= 0
        hit = taken & (self.keys.take(at, mode="wrap") == keys)
        out = np.where(hit, at, -1).astype(np.int64)
        pending = np.flatnonzero(taken & ~hit)
        slots = slots[pending]
        while len(pending):  # few
            slots = (slots + 1) & self.mask
            at = self.table[slots]
            hit = (at >= 0) & (self.keys[at] == keys[pending])
            out[pending[hit]] = at[hit]
            on = (at >= 0) & ~hit
            pending, slots = pending[on], slots[on]
        return out


class FeatureSpace:
    """A vocabulary of word and pair features and the matrices over it.

    names: feature names in a fixed order, words' features first, then pairs as `2:left right`.
    weights: (V,) inverse document frequency of each. shared: whether counts are kept with their batch, for a vocabulary within this one.
    """

    def __init__(self, lang: str, names: Sequence[str], weights: Floats) -> None:
        self.lang = lang
        self.names = list(names)
        self.weights = weights.astype(np.float32)
        self.features = word_features(lang)
        self.first_pair = next((i for i, n in enumerate(self.names) if n.startswith("2:")), len(self.names))
        self.shared = False
        self._known: tuple[Lexicon | None, NDArray[np.int64], NDArray[np.int64]] = None, np.zeros(1, np.int64), np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.names)

    @functools.cached_property
    def index(self) -> dict[str, int]:
        """The words' features."""
        return {name: at for at, name in enumerate(self.names[: self.first_pair])}

    @functools.cached_property
    def pairs(self) -> HashTable:
        """The pairs' keys, in order."""
        words = [word for name in self.names[self.first_pair :] for word in name[2:].split(" ")]
        hashes = {word: hash_string(word) for word in dict.fromkeys(words)}
        ids = np.fromiter(map(hashes.__getitem__, words), np.uint64, len(words)).reshape(-1, 2)
        return HashTable(pair_keys(ids[:, 0], ids[:, 1]))

    @classmethod
    def fit(cls, lang: str, batch: Batch, groups: Sequence[Any], min_groups: int, used: NDArray[np.bool_] | None = None) -> FeatureSpace:
        """Keep the features that occur in at least `min_groups` groups (companies); `used` (S,) picks segments.

        A word that only one company ever wrote, such as its name or an address, is in no vocabulary.
        """
        features = word_features(lang)
        norms = batch.pages.lexicon.norms
        seen: dict[str, set[Any]] = {}
        frequency: dict[str, int] = {}
        by_segment = np.searchsorted(batch.segment, np.arange(len(batch) + 1))
        for segment in range(len(batch)):
            if used is not None and not used[segment]:
                continue
            words = [norms[n] for n in batch.form[by_segment[segment] : by_segment[segment + 1]].tolist()]
            named = {f for w in words for f in features(w)} | {f"2:{a} {b}" for a, b in itertools.pairwise(words)}
            for name in named:
                if name.count(" ") <= 1 and "\n" not in name and "\t" not in name:
                    seen.setdefault(name, set()).add(groups[batch.doc[segment]])
                    frequency[name] = frequency.get(name, 0) + 1
        total = len(batch) if used is None else int(used.sum())
        kept = sorted((n for n, g in seen.items() if len(g) >= min_groups), key=lambda n: (n.startswith("2:"), n))
        idf = np.array([np.log((1 + total) / (1 + frequency[n])) + 1 for n in kept], np.float32)
        return cls(lang, kept, idf)

    def table(self, known: Lexicon) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each normal form of a lexicon where its features begin (and the last end), and the features one after another."""
        lexicon, offsets, flat = self._known
        if lexicon is not known:
            offsets, flat = np.zeros(1, np.int64), np.zeros(0, np.int64)
        if len(offsets) <= known.forms:
            counts, new = self.features_of(known, len(offsets) - 1)
            offsets, flat = np.concatenate([offsets, offsets[-1] + np.cumsum(counts)]), np.concatenate([flat, new])
        self._known = known, offsets, flat
        return offsets, flat

    def features_of(self, known: Lexicon, first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many features each normal form of a lexicon has, from the `first` on, and the features one after another."""
        known_as, features = self.index.get, self.features
        found = [[n for f in features(norm) if (n := known_as(f)) is not None] for norm in known.norms[first:]]
        return np.fromiter(map(len, found), np.int64, len(found)), np.fromiter(itertools.chain.from_iterable(found), np.int64)

    def of_forms(self, known: Lexicon, forms: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The features of some normal forms: (place in `forms`, feature), place by place."""
        offsets, flat = self.table(known)
        begin = offsets.take(forms)
        counts = offsets[1:].take(forms) - begin
        return np.repeat(np.arange(len(forms)), counts), flat.take(ranges(begin, counts))

    def occurrences(self, batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Every known feature where it occurs: (segment, feature, position of its first content token, tokens it spans)."""
        position, column = self.of_forms(batch.pages.lexicon, batch.form)
        left, found = self._pairs(batch)
        positions = np.concatenate([position, left])
        spans = np.concatenate([np.ones(len(position), np.int64), np.full(len(left), 2, np.int64)])
        return batch.segment[positions], np.concatenate([column, found]), positions, spans

    def _pairs(self, batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Neighbours in a segment that are a feature: (position of the left one, feature)."""
        left = np.flatnonzero(batch.segment[1:] == batch.segment[:-1])
        norms = batch.norms
        found = self.pairs.find(pair_keys(norms.take(left), norms.take(left + 1)))
        hit = found >= 0
        return left[hit], found[hit] + self.first_pair

    def known(self, batch: Batch) -> NDArray[np.bool_]:
        """(C,) whether each content token's word is in the vocabulary."""
        offsets, _ = self.table(batch.pages.lexicon)
        return offsets[1:][batch.form] > offsets[batch.form]

    def known_share(self, batch: Batch) -> float:
        """Share of the batch's content tokens whose word is in the vocabulary; 1 where there is none."""
        return float(self.known(batch).sum() / len(batch.form)) if len(batch.form) else 1.0

    def counts(self, batch: Batch) -> sparse.csr_matrix:
        """(S, V) float32: 1 where a feature occurs in a segment."""
        if not self.shared:
            return self._counts(batch)
        if self not in batch.counted:
            batch.counted[self] = self._counts(batch)
        return batch.counted[self]

    def _counts(self, batch: Batch) -> sparse.csr_matrix:
        position, column = self.of_forms(batch.pages.lexicon, batch.form)
        left, found = self._pairs(batch)
        return self.presence(batch.segment.take(np.concatenate([position, left])), np.concatenate([column, found]), len(batch))

    def presence(self, rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> sparse.csr_matrix:
        """(count, V) float32: 1 where a feature occurs in a row, however often; the columns of each row ascend."""
        size = len(self)
        keys = rows * size + columns
        # a stable sort takes less time over what is in part in order: rows ascend, of words and then of pairs
        keys = np.sort(keys.astype(np.int32) if (count + 1) * size < 2**31 else keys, kind="stable")
        if len(keys):
            keys = keys[np.append(True, keys[1:] != keys[:-1])]
        begins = np.arange(count + 1) * size
        indptr = np.searchsorted(keys, begins.astype(keys.dtype))
        indices = keys - np.repeat(begins[:-1].astype(keys.dtype), np.diff(indptr))
        return ones(indices, indptr, (count, size))

    def matrix(self, batch: Batch) -> sparse.csr_matrix:
        """(S, V) float32: idf of each feature that occurs in the segment, rows of length 1."""
        return self.weigh(self.counts(batch))

    def weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Counts (no column twice in a row) to idf weights, rows scaled to length 1."""
        data = self.weights.take(counts.indices)
        squares = np.add.reduceat(np.append(data**2, 0), counts.indptr[:-1]) if counts.shape[0] else np.zeros(0)
        squares[np.diff(counts.indptr) == 0] = 1
        data /= np.repeat(np.sqrt(squares), np.diff(counts.indptr)).astype(np.float32)
        return sparse.csr_matrix((data, counts.indices, counts.indptr), counts.shape)

    def picked(self, batch: Batch, which: str) -> sparse.csr_matrix:
        """(S, V): the features of the `first`, `second` or `last` content word of each segment, unweighted."""
        edges = np.searchsorted(batch.segment, np.arange(len(batch) + 1))
        at = {"first": edges[:-1], "second": edges[:-1] + 1, "last": edges[1:] - 1}[which]
        good = (at >= edges[:-1]) & (at < edges[1:])
        rows = np.flatnonzero(good)
        place, columns = self.of_forms(batch.pages.lexicon, batch.form[at[rows]])
        indptr = np.searchsorted(rows[place], np.arange(len(batch) + 1))
        return sparse.csr_matrix((np.ones(len(place), np.float32), columns, indptr), (len(batch), len(self)))


def ones(indices: NDArray[Any], indptr: NDArray[Any], shape: tuple[int, int]) -> sparse.csr_matrix:
    """A float32 matrix of ones; indices: ascending in each row."""
    made = sparse.csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape)
    made.has_canonical_format = True
    return made


def restrict(batch: Batch, spans: Spans) -> Batch:
    """A batch whose segments are the given spans."""
    low, high = np.searchsorted(batch.at, spans.begin), np.searchsorted(batch.at, spans.stop)
    counts = high - low
    segment = np.repeat(np.arange(len(spans)), counts)
    index = ranges(low, counts)
    return Batch(batch.pages, batch.form.take(index), segment, batch.at.take(index), spans.begin, spans.stop, spans.owner)

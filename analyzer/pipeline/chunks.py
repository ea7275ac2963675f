"""Spanish tokens of a batch: what stands between blanks is cut once for each spelling, and put together again for whole arrays."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from analyzer.pipeline.lexicon import Lexicon, doubled
from analyzer.text.characters import SPACE, Characters

Ints = NDArray[np.int64]

LARGEST = 100_000
"""Chunks kept before they are begun anew."""
_GAP = re.compile(r"[ \t]+|\s")
_KEPT = "^"
"""Before a gap whose first blank is a token even if it is a single one. No chunk holds a blank, so none is taken for a gap."""


class Chunks(dict[str, int]):
    """A run of characters without blanks (a chunk), or a run of blanks that are more than one space (a gap) → its number.

    For each number: begin, count of its tokens among all; for each of those: word, its number in the lexicon, and offset, the
    characters before it.
    """

    def __init__(self, lexicon: Lexicon, cut: Callable[[str], list[str]]) -> None:
        """lexicon: that the tokens are numbered in; cut: the tokens of some chunks with blanks between them."""
        self.lexicon, self._cut = lexicon, cut
        self.begin, self.count = np.zeros(4_096, np.int32), np.zeros(4_096, np.int32)
        self.word, self.offset = np.zeros(4_096, np.int32), np.zeros(4_096, np.int32)
        self._tokens = 0
        self._lock = threading.Lock()

    def __missing__(self, gap: str) -> int:
        with self._lock:
            if gap not in self:
                offset, tokens = self._gap(gap)
                at = np.cumsum([offset, *map(len, tokens)])[:-1]
                self._add([gap], np.array([len(tokens)]), self.lexicon.numbers(tokens), at)
            return self[gap]

    def _gap(self, gap: str) -> tuple[int, list[str]]:
        """Where the tokens of a gap begin, and they; a single blank belongs to the chunk before it."""
        if gap[0] == _KEPT:
            return 0, _GAP.findall(gap[1:])
        found = _GAP.findall(gap)
        return (1, found[1:]) if found[0] == " " else (0, found)

    def _numbers(self, chunks: Sequence[str]) -> Ints:
        """The numbers of many chunks; those that are new are cut together."""
        found = np.fromiter(map(self.get, chunks, itertools.repeat(-1)), np.int64, len(chunks))
        new = np.flatnonzero(found < 0).tolist()
        if new:
            with self._lock:
                self._learn([chunk for chunk in dict.fromkeys(chunks[n] for n in new) if chunk not in self])
            found[new] = [self[chunks[n]] for n in new]
        return found

    def _learn(self, chunks: Sequence[str]) -> None:
        tokens = self._cut(" ".join(chunks))
        sizes, lengths = np.fromiter(map(len, chunks), np.int64), np.fromiter(map(len, tokens), np.int64)
        ends, starts = np.cumsum(sizes), np.cumsum(lengths) - lengths
        first = np.searchsorted(starts, ends - sizes)
        counts = np.diff(np.append(first, len(tokens)))
        for n in np.flatnonzero(counts == 1).tolist():  # one string, not two that are equal
            tokens[first[n]] = chunks[n]
        self._add(chunks, counts, self.lexicon.numbers(tokens), starts - np.repeat(ends - sizes, counts))

    def _add(self, chunks: Sequence[str], counts: Ints, words: NDArray[np.int32], offsets: Ints) -> None:
        """chunks: new ones; counts: of the tokens of each; of all those one after another their words and offsets."""
        known, number = self._tokens, len(self)
        last, end = number + len(chunks), known + len(words)
        while last > len(self.begin):
            self.begin, self.count = doubled(self.begin), doubled(self.count)
        while end > len(self.word):
            self.word, self.offset = doubled(self.word), doubled(self.offset)
        self.begin[number:last], self.count[number:last] = known + np.cumsum(counts) - counts, counts
        self.word[known:end], self.offset[known:end] = words, offsets
        self._tokens = end
        self.update(zip(chunks, range(number, last), strict=True))

    def tokens(self, row: Characters, whole: NDArray[np.bool_]) -> tuple[NDArray[np.int32], Ints, Ints]:
        """Of all texts of the row: the tokens' numbers, where in its own text each begins, (P + 1) where each text's begin.

        whole: (P,) texts of which single blanks are tokens too.
        """
        space = row.bits & np.uint32(SPACE) != 0
        solid = ~space
        solid[0] = False
        solid[row.stop] = solid[-3:] = False
        starts, _ = _runs(solid)
        numbers = self._numbers(list(itertools.chain.from_iterable(map(str.split, row.texts))))
        gaps, stops = _runs(space)
        owner = row.owner(gaps)
        first = whole[owner] | (gaps == row.begin[owner])
        told = first | (stops - gaps > 1) | (row.codes[gaps] != ord(" "))
        gaps, stops, first = gaps[told], stops[told], first[told]
        spelled = [row.text[a:b] for a, b in zip(gaps.tolist(), stops.tolist(), strict=True)]
        found = [self[_KEPT + gap if kept else gap] for gap, kept in zip(spelled, first.tolist(), strict=True)]
        places = np.searchsorted(starts, gaps)
        numbers, starts = np.insert(numbers, places, np.array(found, np.int64)), np.insert(starts, places, gaps)
        count = self.count[numbers]
        edges = np.append(0, np.cumsum(count))
        at = np.repeat(self.begin[numbers] - edges[:-1], count) + np.arange(edges[-1])
        owner = row.owner(starts)
        return (
            self.word[at],
            np.repeat(starts - row.begin[owner], count) + self.offset[at],
            edges[np.searchsorted(owner, np.arange(len(row.texts) + 1))],
        )


def _runs(these: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Where runs of true ones begin and stop; the first and the last are false."""
    edges = np.flatnonzero(these[1:] != these[:-1]) + 1
    return edges[0::2], edges[1::2]

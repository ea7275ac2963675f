"""Every spelling met, as a number: its normal form, its length, whether it is a mark or a blank.

A text becomes an array of these numbers, and all that depends on a word alone is looked up for whole arrays. A lexicon
only grows; one that has grown too large is left to those who still hold it, and a new one begun.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.lang.lex_attrs import is_punct
from spacy.strings import hash_string  # type: ignore[attr-defined]

from analyzer.text import words

LARGEST = 100_000
"""Spellings a lexicon holds before a new one is begun, so that a year's worth of users' words does not pile up: some 40 MB."""
MARK, BLANK, ONE_BLANK = 1, 2, 4
NORMS = {"zh": words.chinese, "es": words.spanish}


class Lexicon(dict[str, int]):
    """Spelling → its number; a new one is added when it is asked for.

    length, marks, norm: for each number the spelling's characters, MARK, BLANK and ONE_BLANK as bits, and the number of its
    normal form. norms, hashes: for each normal form itself and its 64-bit hash. Rows beyond `size` (`forms`) are empty.
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.size = 0
        self.length = np.zeros(4_096, np.int64)
        self.marks = np.zeros(4_096, np.uint8)
        self.norm = np.zeros(4_096, np.int32)
        self.norms: list[str] = []
        self.hashes = np.zeros(4_096, np.uint64)
        self._forms: dict[str, int] = {}
        self._changed: dict[tuple[str, str], int] = {}
        self._plain = NORMS[lang]
        self._lock = threading.Lock()

    @property
    def forms(self) -> int:
        """How many normal forms there are."""
        return len(self.norms)

    def __missing__(self, spelling: str) -> int:
        self._learn([spelling])
        return self[spelling]

    def numbers(self, spellings: Sequence[str]) -> NDArray[np.int32]:
        """The numbers of many spellings; those that are new are added together."""
        found = np.fromiter(map(self.get, spellings, itertools.repeat(-1)), np.int32, len(spellings))
        new = np.flatnonzero(found < 0).tolist()
        if new:
            self._learn([spellings[n] for n in new])
            found[new] = [self[spellings[n]] for n in new]
        return found

    def changed(self, spelling: str, norm: str) -> int:
        """The number of a spelling whose normal form here is not its own: a gloss inside, another script."""
        if norm == self._plain(spelling):
            return self[spelling]
        with self._lock:
            known = self._changed.get((spelling, norm))
            if known is None:
                known = self._changed[spelling, norm] = self._add([spelling], [norm])
            return known

    def _learn(self, spellings: Iterable[str]) -> None:
        with self._lock:
            new = [s for s in dict.fromkeys(spellings) if s not in self]
            first = self._add(new, list(map(self._plain, new)))
            self.update(zip(new, range(first, self.size), strict=True))

    def _add(self, spellings: Sequence[str], norms: Sequence[str]) -> int:
        """Number some spellings, one after another; the first of their numbers."""
        forms, first, last = self._forms, self.size, self.size + len(spellings)
        new = [norm for norm in dict.fromkeys(norms) if norm not in forms]
        known = len(self.norms)
        forms.update(zip(new, range(known, known + len(new)), strict=True))
        while known + len(new) > len(self.hashes):
            self.hashes = doubled(self.hashes)
        self.hashes[known : known + len(new)] = list(map(hash_string, new))
        self.norms += new
        while last > len(self.length):
            self.length, self.marks, self.norm = doubled(self.length), doubled(self.marks), doubled(self.norm)
        self.length[first:last] = list(map(len, spellings))
        self.norm[first:last] = [forms[norm] for norm in norms]
        self.marks[first:last] = list(map(_marks, spellings))
        self.size = last
        return first


def _marks(spelling: str) -> int:
    if spelling.isalnum():
        return 0
    blank = BLANK if spelling.isspace() else 0
    return (MARK if is_punct(spelling) else 0) | blank | (ONE_BLANK if spelling == " " else 0)


def doubled(values: NDArray[Any]) -> NDArray[Any]:
    """The values with as much room again."""
    return np.concatenate([values, np.zeros_like(values)])


_current: dict[str, Lexicon] = {}


def lexicon(lang: str) -> Lexicon:
    """The lexicon in use for a language, or a new one where it has grown too large. Ask once for each batch."""
    found = _current.get(lang)
    if found is None or found.size >= LARGEST:
        found = _current[lang] = Lexicon(lang)
    return found

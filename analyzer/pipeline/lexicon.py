"""Every spelling met, as a number: its normal form, its length, whether it is a mark or a blank.

A text becomes an array of these numbers, and all that depends on a word alone is looked up for whole arrays. A lexicon
only grows; one that has grown too large is left to those who still hold it, and a new one begun.
"""

from __future__ import annotations

import threading
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
        with self._lock:
            known = self.get(spelling)
            if known is None:
                known = self[spelling] = self._add(spelling, self._plain(spelling))
            return known

    def changed(self, spelling: str, norm: str) -> int:
        """The number of a spelling whose normal form here is not its own: a gloss inside, another script."""
        if norm == self._plain(spelling):
            return self[spelling]
        with self._lock:
            known = self._changed.get((spelling, norm))
            if known is None:
                known = self._changed[spelling, norm] = self._add(spelling, norm)
            return known

    def _add(self, spelling: str, norm: str) -> int:
        form = self._forms.get(norm)
        if form is None:
            form = len(self.norms)
            if form == len(self.hashes):
                self.hashes = doubled(self.hashes)
            self.hashes[form] = hash_string(norm)
            self.norms.append(norm)
            self._forms[norm] = form
        at = self.size
        if at == len(self.length):
            self.length, self.marks, self.norm = doubled(self.length), doubled(self.marks), doubled(self.norm)
        blank = spelling.isspace()
        self.length[at], self.norm[at] = len(spelling), form
        self.marks[at] = (MARK if is_punct(spelling) else 0) | (BLANK if blank else 0) | (ONE_BLANK if spelling == " " else 0)
        self.size = at + 1
        return at


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

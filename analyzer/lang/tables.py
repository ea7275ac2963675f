"""The per-language tables, read from TOML with a checked shape."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from analyzer.errors import ProfileError
from analyzer.text.words import spanish


def read(lang: str, name: str, keys: frozenset[str]) -> dict[str, list[str]]:
    """A table `lang/<lang>/<name>.toml` of string lists; raises ProfileError where a key or value does not fit."""
    source = resources.files("analyzer") / "lang" / lang / f"{name}.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    for key, rows in table.items():
        if key not in keys:
            raise ProfileError(f"lang/{lang}/{name}.toml: key {key!r} is none of {', '.join(sorted(keys))}")
        if not isinstance(rows, list) or not all(isinstance(row, str) and row.strip() for row in rows):
            raise ProfileError(f"lang/{lang}/{name}.toml: {key} must be a list of non-empty strings")
    return table


_WORD = re.compile(r"[^\W_]+")


def plain(heading: str) -> str:
    """A heading's letters alone, in normal form, for look-up."""
    return " ".join(map(spanish, _WORD.findall(heading)))


@functools.cache
def headings(lang: str) -> dict[str, str]:
    """Plain heading → the zone it opens (D R B C X)."""
    return {plain(row): zone for zone, rows in read(lang, "headings", frozenset("DRBCX")).items() for row in rows}


_SIZES = 64
_LATIN = 0x250
"""Letters below it have no normal form but one of theirs."""


@functools.cache
def _spelled(letter: str) -> list[str]:
    """The letters of which one is the normal form: itself, capital, with an accent."""
    if not letter.isascii():
        return [letter]
    return [letter, *(other for other in map(chr, range(_LATIN)) if other.isalpha() and spanish(f"{other}aa")[0] == letter != other)]


class Headings:
    """The headings of a language, looked up in running text: what cannot be one is seen by its first word."""

    def __init__(self, table: dict[str, str]) -> None:
        """table: plain heading → the zone it opens."""
        self.table = table
        self._first = frozenset(heading.partition(" ")[0] for heading in table)
        self._longest = max(map(len, self._first), default=0)
        self._begin = np.array([ord(letter) * _SIZES + len(word) for word in self._first for letter in _spelled(word[0])], np.int64)

    def perhaps(self, code: NDArray[np.uint32], size: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which first words a heading can begin with at most, told by their first letter (its number) and how many letters they have."""
        told = (code < _LATIN) | ((code >= 0x4E00) & (code < 0xA000))
        fits: NDArray[np.bool_] = np.isin(code.astype(np.int64) * _SIZES + np.minimum(size, _SIZES - 1), self._begin)
        return (fits | ~told) & (size <= self._longest)

    def begins(self, words: Iterable[str]) -> list[bool]:
        """Whether a heading can begin with each of some words."""
        return list(map(self._first.__contains__, map(spanish, words)))

    def zone(self, text: str) -> str | None:
        """The zone that a text opens if it is a heading, whatever marks it has."""
        first = _WORD.search(text)
        if first is None or first.end() - first.start() > self._longest or spanish(first.group()) not in self._first:
            return None
        return self.table.get(plain(text))

    def inside(self, text: str) -> list[int]:
        """Where a heading with its colon begins in the midst of a line: `… título de soldador Requisitos: …`, `…团队例会任职要求：…`.

        A Spanish one is a table's heading that begins with a capital; a Chinese one has four characters or more. A NUL ends a text
        as a line break does, so that many texts can be looked through in one row.
        """
        if ":" not in text and "：" not in text:
            return []
        places = []
        for colon in _COLON.finditer(text):
            end = colon.start() - (text[colon.start() - 1 : colon.start()] == " ")
            if not text[max(0, end - 1) : end].isalnum():
                continue
            edge = max(0, end - _REACH)
            low = max(edge, text.rfind("\n", edge, end) + 1, text.rfind("\0", edge, end) + 1)
            for begin in _BEGINS.finditer(text, low, end):
                if self.table.get(plain(text[begin.start() : end])):
                    places.extend([] if _LEANS.search(text, low, begin.start()) else [begin.start()])
                    break
            else:
                places.extend(self._after_han(text, low, end))
        return places

    def _after_han(self, text: str, low: int, end: int) -> list[int]:
        """Where the longest heading at the end of a run of Chinese begins, if the run is more than that heading."""
        han = _HAN_END.search(text, low, end) if text[end - 1] >= "\u4e00" else None
        if not han:
            return []
        run, rest = han.group(), 2 if text[max(0, han.start() - 1) : han.start()] in _COMMAS else 5
        sizes = range(min(len(run) - rest, 10), 3, -1)
        return [end - n for n in sizes if run[-n:] in self.table and run[-n - 1] not in _TIES][:1]


_REACH = 40
"""Characters before a colon among which a heading may begin."""
_COLON = re.compile("[:：]")
_BEGINS = re.compile(r"(?<![^\W_])[A-ZÁÉÍÓÚÑ]")
_LEANS = re.compile(r"(?i)(?<![^\W_])(?:a|al|con|de|del|e|el|en|la|las|los|o|para|por|su|sus|tu|tus|un|una|y) $")
"""A word that what follows belongs to: `lema de la EMPRESA:` is one heading."""
_COMMAS = frozenset("，,、")
_TIES = "的和及与之于或"
_HAN_END = re.compile(r"[^\W_]*[\u4e00-\u9fff]{4}$")


@functools.cache
def heading_finder(lang: str) -> Headings:
    """The headings of a language."""
    return Headings(headings(lang))

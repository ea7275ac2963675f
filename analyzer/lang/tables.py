"""The per-language tables, read from TOML with a checked shape."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

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


class Headings:
    """The headings of a language, looked up in running text: what cannot be one is seen by its first word."""

    def __init__(self, table: dict[str, str]) -> None:
        """table: plain heading → the zone it opens."""
        self.table = table
        self._first = frozenset(heading.partition(" ")[0] for heading in table)
        self.longest = max(map(len, self._first), default=0)

    def begins(self, word: str) -> bool:
        """Whether a heading can begin with a word."""
        return spanish(word) in self._first

    def zone(self, text: str) -> str | None:
        """The zone that a text opens if it is a heading, whatever marks it has."""
        first = _WORD.search(text)
        if first is None or first.end() - first.start() > self.longest or not self.begins(first.group()):
            return None
        return self.table.get(plain(text))


@functools.cache
def heading_finder(lang: str) -> Headings:
    """The headings of a language."""
    return Headings(headings(lang))

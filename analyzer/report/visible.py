"""Users' text made safe to show: control characters and direction overrides become visible, lines stay lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

_BREAKS = "\n\r\x0b\x0c\x85\u2028\u2029"
_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u061c\u180e")
"""Invisible and harmless: left out, since a mark for each would make the text hard to read."""
_MARKS = 4
"""Combining marks shown on one character: more of them climb over the lines above."""


def safe(text: str) -> str:
    """The text as it may be shown on one or several lines: `\\n`, tabs and visible characters only."""
    return "".join(_shown(text))


def safe_line(text: str, most: int = 200) -> str:
    """A text for one line of a heading or message: breaks as spaces, cut after `most` characters."""
    line = " ".join(safe(text[: most * 4]).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def cut(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[str, int | None]]:
    """The text in pieces, made safe: (piece, number of the span it belongs to, or None between spans).

    spans: ascending and apart, in code points of `text`; one that overlaps the span before it is left out.
    """
    at = 0
    for number, (start, end) in enumerate(spans):
        if start < at or end <= start:
            continue
        if start > at:
            yield safe(text[at:start]), None
        yield safe(text[start:end]), number
        at = end
    if at < len(text):
        yield safe(text[at:]), None


def _shown(text: str) -> Iterator[str]:
    marks = 0
    for i, c in enumerate(text):
        if c.isascii() and c.isprintable():
            marks = 0
            yield c
        elif c in _BREAKS:
            if c != "\r" or text[i + 1 : i + 2] != "\n":
                yield "\n"
        elif c == "\t":
            yield "\t"
        else:
            marks = marks + 1 if unicodedata.combining(c) else 0
            if marks <= _MARKS:
                yield _visible(c)


def _visible(c: str) -> str:
    if c in _DROPPED:
        return ""
    kind = unicodedata.category(c)
    if kind == "Cc":
        code = ord(c)
        return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else f"[U+{code:04X}]"
    if "\uf000" <= c <= "\uf0ff":  # bullets of Word's symbol fonts
        return "•"
    return f"[U+{ord(c):04X}]" if kind in ("Cf", "Cs", "Co") or (kind == "Cn" and not _perhaps_emoji(ord(c))) else c


def _perhaps_emoji(code: int) -> bool:
    """Whether a character this Python has no name for is likely an emoji newer than it."""
    return 0x1F000 <= code <= 0x1FAFF

"""The characters of many texts in one row, and what each is as bits of one array: numpy searches a batch instead of each text.

Who looks for something asks which characters can begin it (`where`), and reads there only. A bit is set for the characters that `re`
finds with the class beside it, so that patterns and bits never differ.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analyzer.text.view import UNUSUAL

Ints = NDArray[np.int64]
Bits = NDArray[np.uint32]

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
UPPER, LOWER = "A-ZÁÉÍÓÚÜÑ", "a-záéíóúüñ"
STRONG = (
    "•●○◦▪▫■□◆◇★☆✓✔✅☑➢➤►❖✦✧✪⭐▸▹‣⁃∙⚫⚪🔹🔸🔶🔷🔵🟢🟡✨👉📌📍✳❇"
    "\uf0b7\uf0a7\uf0d8\uf06c\uf075\uf0fc\uf076\uf09f①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳❶❷❸❹❺❻❼❽❾❿⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑"
)
"""Marks that begin an item wherever they stand."""
NUMERALS = "一二三四五六七八九十"

_BITS = tuple(1 << n for n in range(30))
(SHOWN, SPACE, WORD, OTHER, NO_MARK, DIGIT, IN_WORDY, IN_STRONG, IN_HAN, IN_UPPER, OPENS, IN_LOWER, NUMERAL, NEWLINE) = _BITS[:14]
(BLANK, STOP, HALF, DOT, CLOSED, BRACKET, DASH, HEADED, TAIL, QUOTE, COLON, IS_LOWER, IS_UPPER, ODD, GLOSS, CONTACT) = _BITS[14:]
_CLASSES = {
    SPACE: r"\s",
    WORD: r"\w",
    SHOWN: r"[^\W_]",
    DIGIT: r"\d",
    IN_WORDY: rf"[^\W\d_{NUMERALS}{STRONG}]",
    NO_MARK: rf"[^\W\d_{NUMERALS}{STRONG}a-zA-Z]",
    IN_STRONG: f"[{STRONG}]",
    ODD: f"[{UNUSUAL}]",
}
"""Looked for wherever Unicode has letters; the others are of the first plane."""
_NEAR = {
    IN_HAN: f"[{HAN}]",
    IN_UPPER: f"[{UPPER}]",
    OPENS: f"[{UPPER}¿¡]",
    IN_LOWER: f"[{LOWER}]",
    NUMERAL: f"[{NUMERALS}]",
    NEWLINE: r"\n",
    BLANK: r"[ \t]",
    STOP: "[。；！？]",
    HALF: "[;!?]",
    DOT: r"\.",
    CLOSED: "】",
    BRACKET: "[(（]",
    DASH: "[-–—*·]",
    HEADED: "【",
    TAIL: '[。；！？!?;"”’」』)）]',
    QUOTE: "[\"”')»]",
    COLON: "[:：]",
    GLOSS: "[(（?]",
    CONTACT: "[@<]",
}
_LETTERED, _CASED = 0x33480, 0x20000
"""No letter lies beyond; none that has a case."""


@functools.cache
def _table() -> Bits:
    """What each character is; the last entry is for all beyond."""
    out = np.full(_LETTERED + 1, OTHER, np.uint32)
    every = np.arange(_LETTERED, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    for classes, among in ((_CLASSES, every), (_NEAR, every[:0x10000])):
        for bit, pattern in classes.items():
            for run in re.compile(f"(?:{pattern})+").finditer(among):
                out[run.start() : run.end()] |= bit
    out[out & WORD > 0] &= ~np.uint32(OTHER)
    for bit, test in ((IS_LOWER, str.islower), (IS_UPPER, str.isupper)):
        out[:_CASED] |= np.frombuffer(bytes(map(test, every[:_CASED])), np.uint8) * np.uint32(bit)
    return out


def codes(text: str) -> Bits:
    """The characters' numbers."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


_BLOCK = 16_384
"""Characters looked up at once: what numpy makes on the way stays in the processor's cache."""
_APART, _AFTER_ALL = "\0", "\0\0\0"


class Characters:
    """Some texts in a row, each between two characters that no pattern of ours goes across.

    text: the row; bits: what each of its characters is; begin, stop: (P,) where each text lies.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """texts: any."""
        self.texts = texts
        self.text = _APART + _APART.join(texts) + _AFTER_ALL
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        self.stop: Ints = np.cumsum(sizes + len(_APART))
        self.begin: Ints = self.stop - sizes

    @functools.cached_property
    def codes(self) -> NDArray[np.uint32]:
        """The row's characters' numbers."""
        return codes(self.text)

    @functools.cached_property
    def bits(self) -> Bits:
        """What each character of the row is."""
        every, table = self.codes, _table()
        out = np.empty(len(every), np.uint32)
        for at in range(0, len(every), _BLOCK):
            table.take(every[at : at + _BLOCK], mode="clip", out=out[at : at + _BLOCK])
        out[0] = out[self.stop] = out[-len(_AFTER_ALL) :] = OTHER
        return out

    def running(self, bits: int) -> NDArray[np.int32]:
        """(N + 1) sums of these bits, as numbers, of all characters before each: the difference of two tells what lies between."""
        out = np.zeros(len(self.bits) + 1, np.int32)
        np.cumsum(self.bits & np.uint32(bits), out=out[1:])
        return out

    def where(self, bits: int, but: int = 0) -> Ints:
        """Places of the characters that are any of these, and none of those that are left out."""
        if but:
            return np.flatnonzero((self.bits & np.uint32(bits) != 0) & (self.bits & np.uint32(but) == 0))
        return np.flatnonzero(self.bits & np.uint32(bits) != 0)

    def runs(self, bits: int) -> tuple[Ints, Ints]:
        """Where runs of characters that are any of these begin and stop."""
        at = self.where(bits)
        if not len(at):
            return at, at
        edges = np.flatnonzero(np.diff(at) != 1)
        return at[np.append(0, edges + 1)], at[np.append(edges, -1)] + 1

    def stripped(self, begin: Ints, stop: Ints) -> tuple[Ints, Ints]:
        """Stretches of texts without the space at their ends; of one that is all space neither end lies outside."""
        starts, stops = self.runs(SPACE)
        if not len(starts):
            return begin, stop
        front, back = (np.maximum(np.searchsorted(starts, at, side="right") - 1, 0) for at in (begin, stop - 1))
        low = np.where((starts[front] <= begin) & (begin < stops[front]), stops[front], begin)
        high = np.where((starts[back] < stop) & (stop <= stops[back]), starts[back], stop)
        return np.minimum(low, stop), np.maximum(high, begin)

    def owner(self, places: Ints) -> Ints:
        """The text that each place lies in."""
        return np.searchsorted(self.begin, places, side="right") - 1

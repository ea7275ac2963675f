"""The form of each segment: its list mark and end, length and place, the heading it is, holds or stands under.

Found for all segments of a batch at once, in the row of their characters; patterns and headings are tried on the few that can have them.
"""

from __future__ import annotations

import functools
import re

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.lang.tables import Headings, heading_finder
from analyzer.pipeline.features import Batch
from analyzer.text import characters as c
from analyzer.text.characters import Characters, Ints
from analyzer.text.segments import LIST_MARK

Flags = NDArray[np.bool_]

_ENDS = {":": 1, "：": 1, "。": 2, ".": 2, ";": 3, "；": 3, "?": 4, "？": 4, "!": 5, "！": 5, "】": 6, "]": 6, ",": 7, "，": 7, "、": 7}
_END_CODES = np.array(sorted(map(ord, _ENDS)), np.uint32)
_END_KINDS = np.array([_ENDS[chr(code)] for code in _END_CODES.tolist()], np.int64)
_MARKS = (
    ("number", re.compile(r"\s*\d")),
    ("bracket", re.compile(r"\s*[(（]")),
    ("numeral", re.compile(r"\s*[一二三四五六七八九十]")),
    ("dash", re.compile(r"\s*[-–—*]")),
)
_FORM = {
    "mark": 6,
    "end": 8,
    "length": 6,
    "first": 2,
    "last": 2,
    "line": 2,
    "digits": 3,
    "upper": 2,
    "position": 6,
    "own": 6,
    "above": 18,
    "inside": 6,
    "ordinal": 5,
    "mail": 2,
}
_OFFSETS = np.cumsum([0, *_FORM.values()])[:-1]
FORM_WIDTH = sum(_FORM.values())
_OPENS = {"": 0, "D": 1, "R": 2, "B": 3, "C": 4, "X": 5}
_NUMBER = re.compile(r"\d+")
_GLUED = (2, 40)
"""Characters of a heading glued before the text, up to its colon: `岗位职责：负责…`, `Funciones: Gestionar…`."""
_HEADING = 60
"""A segment of so many characters is no heading."""
_LENGTHS = (4, 8, 14, 25, 50)
_CONTACT = re.compile(r"@|https?:|www\.|\d{7,}|<[A-Z_]+>")
_ADDRESSES = ("www.", "http")
_LONG_NUMBER = 7


def form_matrix(batch: Batch, lang: str) -> sparse.csr_matrix:
    """(S, FORM_WIDTH): one-hot form of each segment."""
    columns = form_columns(batch, lang)
    indptr = np.arange(len(columns) + 1) * columns.shape[1]
    return sparse.csr_matrix((np.ones(columns.size, np.float32), columns.ravel(), indptr), (len(batch), FORM_WIDTH))


def form_columns(batch: Batch, lang: str) -> Ints:
    """(S, FORMS) the form of each segment, one column of each kind."""
    pages, row = batch.pages, batch.pages.given
    base = row.begin[batch.doc]
    begin = pages.start[batch.begin] + base
    stop = np.append(pages.start, 0)[batch.stop] + base
    last = batch.stop == pages.first[batch.doc + 1]
    stop[last] = row.stop[batch.doc[last]]
    low, high = row.stripped(begin, stop)
    mark, ordinal = _marks(row, begin, stop, low)
    high = np.maximum(low, high)
    size = high - low
    digits = _among(row.where(c.DIGIT), low, high)
    own, inside = _headings(row, low, high, heading_finder(lang))
    first = np.searchsorted(batch.doc, batch.doc)
    place = np.arange(len(batch)) - first
    count = np.bincount(batch.doc, minlength=len(pages))[batch.doc]
    columns = {
        "mark": mark,
        "end": _ends(row, high, size),
        "length": np.searchsorted(_LENGTHS, size if lang == "zh" else size // 3),
        "first": place == 0,
        "last": place == count - 1,
        "line": _among(row.where(c.NEWLINE), np.maximum(begin, stop - 4), stop) > 0,
        "digits": np.minimum(2, digits // 2),
        "upper": _upper(row, low, high),
        "position": np.minimum(5, place * 6 // count),
        "own": own,
        "above": _above(np.where(own > 0, own, inside), first),
        "inside": inside,
        "ordinal": ordinal,
        "mail": _contact(row, low, high, digits),
    }
    return np.stack([columns[kind] for kind in _FORM], axis=1).astype(np.int64) + _OFFSETS


def _among(places: Ints, begin: Ints, stop: Ints) -> Ints:
    """How many of some ascending places lie between."""
    return np.searchsorted(places, stop) - np.searchsorted(places, begin)


def _marks(row: Characters, begin: Ints, stop: Ints, low: Ints) -> tuple[Ints, Ints]:
    """The kind of each segment's list mark and its number, 0 where there is none; moves `low` behind the marks."""
    kind, ordinal = np.zeros(len(begin), np.int64), np.zeros(len(begin), np.int64)
    plain = (row.bits[low] & row.bits[low + 1] & c.IN_WORDY > 0) & (low + 1 < stop)
    asked = np.flatnonzero(~plain)
    found = [LIST_MARK.match(row.text, i, j) for i, j in zip(begin[asked].tolist(), stop[asked].tolist(), strict=True)]
    marked = asked[np.array([mark is not None for mark in found], np.bool_)]
    marks = [mark for mark in found if mark]
    low[marked] = [mark.end() for mark in marks]
    kind[marked], ordinal[marked] = np.array([_mark(mark.group()) for mark in marks], np.int64).reshape(-1, 2).T
    return kind, ordinal


@functools.lru_cache(maxsize=4_096)
def _mark(mark: str) -> tuple[int, int]:
    """What kind a list mark is, and its number, up to 4."""
    digits = _NUMBER.search(mark)
    kind = next((i for i, (_, pattern) in enumerate(_MARKS, 1) if pattern.match(mark)), 5)
    return kind, min(4, int(digits.group())) if digits else 0


def _ends(row: Characters, high: Ints, size: Ints) -> Ints:
    """The kind of each segment's last character."""
    code = row.codes[high - 1]
    at = np.minimum(np.searchsorted(_END_CODES, code), len(_END_CODES) - 1)
    return np.where((_END_CODES[at] == code) & (size > 0), _END_KINDS[at], 0)


def _upper(row: Characters, low: Ints, high: Ints) -> Flags:
    """Whether each segment is in capitals."""
    upper = (high - low > 6) & (_among(row.where(c.IS_UPPER), low, high) > 0)
    for n in range(4):  # nearly every other one is seen by its first letters
        upper[upper] = row.bits[low[upper] + n] & c.IS_LOWER == 0
    for at in np.flatnonzero(upper).tolist():
        upper[at] = row.text[low[at] : high[at]].isupper()
    return upper


def _headings(row: Characters, low: Ints, high: Ints, known: Headings) -> tuple[Ints, Ints]:
    """The zone that each segment opens, being a heading or beginning with one and a colon; 0 for none."""
    own, inside = np.zeros(len(low), np.int64), np.zeros(len(low), np.int64)
    hidden = row.where(c.OTHER | c.WORD, c.SHOWN)
    word = np.minimum(hidden[np.searchsorted(hidden, low)], high)  # where the first word ends; before it may stand a mark
    begins = (low == word) & (low < high) | known.perhaps(row.codes[low], word - low) & (low < word)
    at = np.flatnonzero(begins & (low < word))
    begins[at] = known.begins([row.text[i:j] for i, j in zip(low[at].tolist(), word[at].tolist(), strict=True)])
    at = np.flatnonzero(begins & (high - low < _HEADING))
    own[at] = [_OPENS[known.zone(row.text[i:j]) or ""] for i, j in zip(low[at].tolist(), high[at].tolist(), strict=True)]
    colons = np.append(row.where(c.COLON), len(row.text))
    colon = colons[np.searchsorted(colons, low)]
    glued = (own == 0) & begins & (colon < high) & (colon - low >= _GLUED[0]) & (colon - low <= _GLUED[1])
    at = np.flatnonzero(glued)
    inside[at] = [_OPENS[known.zone(row.text[i:j]) or ""] for i, j in zip(low[at].tolist(), colon[at].tolist(), strict=True)]
    return own, inside


def _above(opened: Ints, first: Ints) -> Ints:
    """What the last heading before each segment opened, and how far above it stands. first: (S,) its posting's first segment."""
    place = np.arange(len(opened))
    before = np.append(-1, np.maximum.accumulate(np.where(opened > 0, place, -1))[:-1])
    under = before >= first
    distance = np.where(under, place - before - 1, place - first)
    return np.where(under, opened[before], 0) * 3 + np.minimum(2, distance // 3)


def _contact(row: Characters, low: Ints, high: Ints, digits: Ints) -> Flags:
    """Whether each segment holds an address, a long number or a place holder."""
    perhaps = (digits >= _LONG_NUMBER) | (_among(row.where(c.CONTACT), low, high) > 0)
    for address in _ADDRESSES:
        perhaps |= _among(np.array([m.start() for m in re.finditer(re.escape(address), row.text)], np.int64), low, high) > 0
    for n in np.flatnonzero(perhaps).tolist():
        perhaps[n] = _CONTACT.search(row.text, int(low[n]), int(high[n])) is not None
    return perhaps

"""The duty statements of a batch: where they begin and stop (list mark, glued heading and marks at their ends left out), and whether
each is read as a list."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.lang.tables import headings, plain
from analyzer.pipeline.pages import Pages, Spans
from analyzer.text.characters import COLON, IN_WORDY, Characters, Ints
from analyzer.text.segments import LIST_MARK

_GLUED = re.compile(r"\s*[【\[]?([^:：\n]{2,40}?)[】\]]?\s*[:：]\s*")


def _characters(these: str) -> NDArray[np.bool_]:
    """For each character of the first plane whether it is one of these; the last is none."""
    out = np.zeros(0x10000, np.bool_)
    out[[ord(c) for c in these]] = True
    return out


_LEADING = _characters(" \t\r\n、.．,，:：;；·")
_TRAILING = _characters(" \t\r\n。；;.,，、:：·•-–—*")


FEW = 3
"""Most segments of a text whose statements are read as lists: there one tells the whole job, elsewhere what is around it helps."""


def whole_jobs(pages: Pages) -> NDArray[np.bool_]:
    """(N,) which duties are all, or nearly all, that their text says."""
    return (np.bincount(pages.segments.owner, minlength=len(pages)) <= FEW)[pages.duties.owner]


def statements(pages: Pages, lang: str, blank: NDArray[np.bool_]) -> Spans:
    """The tokens of each statement. blank: (T,) tokens of which a reader sees nothing."""
    at = [n for n, label in enumerate(pages.labels) if label == "D"]
    zones = Spans(pages.zones.begin[at], pages.zones.stop[at], pages.zones.owner[at])
    row = pages.given
    starts = pages.start + np.repeat(row.begin, np.diff(pages.first))
    begin, stop = starts[zones.begin], pages.end[zones.stop - 1] + row.begin[zones.owner]
    _unmark(row, begin, stop, lang)
    _move(begin, stop, lambda n: _LEADING.take(row.codes[begin[n]], mode="clip"), begin, 1)
    _move(begin, stop, lambda n: _TRAILING.take(row.codes[stop[n] - 1], mode="clip"), stop, -1)
    shown = np.flatnonzero(begin < stop)
    first, last = (np.searchsorted(starts, places[shown], side="right") for places in (begin, stop - 1))
    first -= 1
    _move(first, last, lambda n: blank[first[n]], first, 1)
    _move(first, last, lambda n: blank[last[n] - 1], last, -1)
    left = first < last
    return Spans(first[left], last[left], zones.owner[shown[left]])


def _unmark(row: Characters, begin: Ints, stop: Ints, lang: str) -> None:
    """Moves `begin` behind list marks and glued headings."""
    low, _ = row.stripped(begin, stop)
    wordy = (row.bits[low] & row.bits[low + 1] & IN_WORDY > 0) & (low + 1 < stop)  # what begins so has no list mark
    for n in np.flatnonzero(~wordy).tolist():
        begin[n] = _past_mark(row.text, int(begin[n]), int(stop[n]))
    colons = row.where(COLON)
    for n in np.flatnonzero(np.searchsorted(colons, begin) < np.searchsorted(colons, stop)).tolist():
        end = int(stop[n])
        glued = _GLUED.match(row.text, int(begin[n]), end)
        if glued and glued.end() < end and headings(lang).get(plain(glued.group(1))):
            begin[n] = _past_mark(row.text, glued.end(), end)


def _past_mark(text: str, start: int, end: int) -> int:
    mark = LIST_MARK.match(text, start, end)
    return mark.end() if mark and mark.end() < end else start


def _move(low: Ints, high: Ints, beside: Any, end: Ints, by: int) -> None:
    """Moves one end of each stretch on while what lies `beside` it is to be left out and something is left."""
    at = np.arange(len(low))
    while len(at := at[low[at] < high[at]]) and len(at := at[beside(at)]):
        end[at] += by

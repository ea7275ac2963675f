"""What tells a segment's zone: its words, its form, the heading it is or stands under, its neighbours."""

from __future__ import annotations

import bisect
import itertools
import re

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.lang.tables import heading_finder, plain
from analyzer.pipeline.features import Batch, FeatureSpace
from analyzer.text.segments import LIST_MARK, WORDY

ZONES = ("D", "R", "B", "C", "H", "X")
STATES = ("D", "R", "B", "C", "X", "HD", "HR", "HB", "HC")
"""Internal states: a heading knows what it opens (HC: the company or the rest)."""
OPENED = {"D": "HD", "R": "HR", "B": "HB", "C": "HC", "X": "HC"}

WORDS = 3.0
"""How loud a segment's own words speak beside its form and place: less, and the model trusts the order of zones too much."""

_ENDS = {":": 1, "：": 1, "。": 2, ".": 2, ";": 3, "；": 3, "?": 4, "？": 4, "!": 5, "！": 5, "】": 6, "]": 6, ",": 7, "，": 7, "、": 7}
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
_OFFSETS = dict(zip(_FORM, np.cumsum([0, *_FORM.values()])[:-1].tolist(), strict=True))
FORM_WIDTH = sum(_FORM.values())
_OPENS = {"": 0, "D": 1, "R": 2, "B": 3, "C": 4, "X": 5}
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+")
_GLUED = re.compile(r"[^:：]{2,40}[:：]")
"""A heading glued before the text: `岗位职责：负责…`, `Funciones: Gestionar…`."""
_LENGTHS = (4, 8, 14, 25, 50)
_CONTACT = re.compile(r"@|https?:|www\.|\d{7,}|<[A-Z_]+>")


def form_columns(batch: Batch, lang: str) -> NDArray[np.int64]:
    """(S, FORMS) the form of each segment, one column of each kind: mark, end, length, place, heading looked up."""
    pages = batch.pages
    last = np.append(pages.start[1:], 0)
    edges = pages.first[1:]
    last[edges[edges > 0] - 1] = [len(t) for t, filled in zip(pages.texts, edges > 0, strict=True) if filled]
    begin, stop = pages.start[batch.begin].tolist(), last[batch.stop - 1].tolist()
    rows: list[int] = []
    first = 0
    for owner, count in enumerate(np.bincount(batch.doc, minlength=len(pages)).tolist()):
        text, mine = pages.texts[owner], slice(first, first + count)
        _document([text[start:end] for start, end in zip(begin[mine], stop[mine], strict=True)], lang, rows)
        first += count
    return np.array(rows, np.int64).reshape(-1, len(_FORM)) + np.array(list(_OFFSETS.values()))


def form_matrix(batch: Batch, lang: str) -> sparse.csr_matrix:
    """(S, FORM_WIDTH): one-hot form of each segment."""
    columns = form_columns(batch, lang)
    rows = np.repeat(np.arange(len(columns)), columns.shape[1])
    return sparse.csr_matrix((np.ones(columns.size, np.float32), (rows, columns.ravel())), (len(batch), FORM_WIDTH))


def heading_zone(text: str, table: dict[str, str]) -> str | None:
    """The zone a heading opens, if this text is one that the table knows."""
    return table.get(plain(LIST_MARK.sub("", text, count=1))) if len(text) < 80 else None


def _document(texts: list[str], lang: str, rows: list[int]) -> None:
    """Add the form of a posting's segments, a number of each kind of `_FORM` in its order."""
    above, distance, last, count = 0, 0, len(texts) - 1, max(1, len(texts))
    for place, text in enumerate(texts):
        mark, end, length, line, digits, upper, own, inside, ordinal, mail = segment_form(text, lang)
        near = above * 3 + min(2, distance // 3)
        rows += (
            mark, end, length, place == 0, place == last, line, digits, upper, min(5, place * 6 // count), own, near, inside, ordinal, mail
        )  # fmt: skip
        if own or inside:
            above, distance = own or inside, 0
        else:
            distance += 1


def segment_form(text: str, lang: str) -> tuple[int, ...]:
    """What a segment's form is, wherever it stands: mark, end, length, line, digits, upper, own, inside, ordinal, mail."""
    mark = "" if WORDY.match(text) else found.group() if (found := LIST_MARK.match(text)) else ""
    body = text[len(mark) :].strip()
    size = len(body)
    known = heading_finder(lang)
    own = _OPENS[known.zone(body) or ""] if size < 60 else 0
    inside = 0
    if not own and (":" in body or "：" in body):
        cut = _GLUED.match(body)
        inside = _OPENS[known.zone(cut.group()) or ""] if cut else 0
    digits = len(_DIGIT.findall(body))
    perhaps = digits >= 7 or "@" in body or "<" in body or "www." in body or "http" in body
    return (
        _mark(mark) if mark else 0,
        _ENDS.get(body[-1:], 0),
        bisect.bisect_left(_LENGTHS, size if lang == "zh" else size // 3),
        "\n" in text[-4:],
        min(2, digits // 2),
        size > 6 and body.isupper(),
        own,
        inside,
        _ordinal(mark) if mark else 0,
        perhaps and _CONTACT.search(body) is not None,
    )


def _mark(mark: str) -> int:
    if not mark.strip():
        return 0
    return next((i for i, (_, pattern) in enumerate(_MARKS, 1) if pattern.match(mark)), 5)


def _ordinal(mark: str) -> int:
    digits = _NUMBER.search(mark)
    return min(4, int(digits.group())) if digits else 0


def zone_matrix(batch: Batch, space: FeatureSpace, lang: str) -> sparse.csr_matrix:
    """(S, F): the segment's words and pairs, its first and last words, its form, and its neighbours' beginnings and forms."""
    words = space.matrix(batch) * WORDS
    first, second, last = (space.picked(batch, which) for which in ("first", "second", "last"))
    form = form_matrix(batch, lang)
    before, after = _neighbours(batch)
    return sparse.hstack(
        [words, first, second, last, form, before @ first, after @ first, before @ form, after @ form], format="csr", dtype=np.float32
    )


def _neighbours(batch: Batch) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Matrices that move each row to the segment after it, or before it, within one posting."""
    size = len(batch)
    same: NDArray[np.int64] = np.flatnonzero(batch.doc[1:] == batch.doc[:-1])
    ones = np.ones(len(same), np.float32)
    return sparse.csr_matrix((ones, (same + 1, same)), (size, size)), sparse.csr_matrix((ones, (same, same + 1)), (size, size))


def emissions(batch: Batch, space: FeatureSpace, lang: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S, K): `zone_matrix @ weights`, without making that matrix; weights: (F, K)."""
    size, width = len(space), FORM_WIDTH
    cuts = np.cumsum([0, size, size, size, size, width, size, size, width, width])
    words, first, second, last, form, first_before, first_after, form_before, form_after = (
        weights[a:b] for a, b in itertools.pairwise(cuts.tolist())
    )
    out = (space.matrix(batch) * WORDS) @ words
    edges = np.searchsorted(batch.segment, np.arange(len(batch) + 1))
    begin, end = edges[:-1], edges[1:]
    known = batch.pages.lexicon
    same = np.flatnonzero(batch.doc[1:] == batch.doc[:-1])
    for at, good, parts in (
        (begin, begin < end, ((first, 0), (first_before, 1), (first_after, -1))),
        (begin + 1, begin + 1 < end, ((second, 0),)),
        (end - 1, begin < end, ((last, 0),)),
    ):
        rows = np.flatnonzero(good)
        place, feature = space.of_forms(known, batch.form[at[rows]])
        for part, moved in parts:
            _add(out, _summed(part[feature], rows[place], len(batch)), same, moved)
    columns = form_columns(batch, lang)
    for part, moved in ((form, 0), (form_before, 1), (form_after, -1)):
        _add(out, part[columns].sum(axis=1), same, moved)
    return out


def _summed(values: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(count, K): the values (N, K) of each row added up; `rows` ascend."""
    out = np.zeros((count, values.shape[1]))
    if len(rows):
        begins = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
        out[rows[begins]] = np.add.reduceat(values, begins, axis=0)
    return out


def _add(out: NDArray[np.float64], values: NDArray[np.float64], same: NDArray[np.int64], moved: int) -> None:
    """Add each segment's own values, those of the one before it (moved 1) or after it (-1) in its posting."""
    if moved == 0:
        out += values
    elif moved > 0:
        out[same + 1] += values[same]
    else:
        out[same] += values[same + 1]

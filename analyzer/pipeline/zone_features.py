"""What tells a segment's zone: its words, its form, the heading it is or stands under, its neighbours."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

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


SegmentForm = Callable[[str, str], tuple[int, ...]]
"""`segment_form`, or the same with a memory."""


def form_columns(batch: Batch, lang: str, form: SegmentForm | None = None) -> NDArray[np.int64]:
    """(S, FORMS) the form of each segment, one column of each kind: mark, end, length, place, heading looked up."""
    pages = batch.pages
    last = np.append(pages.start[1:], 0)
    edges = pages.first[1:]
    last[edges[edges > 0] - 1] = [len(t) for t, filled in zip(pages.texts, edges > 0, strict=True) if filled]
    begin, stop = pages.start[batch.begin].tolist(), last[batch.stop - 1].tolist()
    rows = bytearray()
    first = 0
    for owner, count in enumerate(np.bincount(batch.doc, minlength=len(pages)).tolist()):
        text, mine = pages.texts[owner], slice(first, first + count)
        _document([text[start:end] for start, end in zip(begin[mine], stop[mine], strict=True)], lang, rows, form or segment_form)
        first += count
    return np.frombuffer(rows, np.uint8).reshape(-1, len(_FORM)) + np.array(list(_OFFSETS.values()))


def form_matrix(batch: Batch, lang: str, form: SegmentForm | None = None) -> sparse.csr_matrix:
    """(S, FORM_WIDTH): one-hot form of each segment."""
    columns = form_columns(batch, lang, form)
    indptr = np.arange(len(columns) + 1) * columns.shape[1]
    return sparse.csr_matrix((np.ones(columns.size, np.float32), columns.ravel(), indptr), (len(batch), FORM_WIDTH))


def heading_zone(text: str, table: dict[str, str]) -> str | None:
    """The zone a heading opens, if this text is one that the table knows."""
    return table.get(plain(LIST_MARK.sub("", text, count=1))) if len(text) < 80 else None


def _document(texts: list[str], lang: str, rows: bytearray, form: SegmentForm) -> None:
    """Add the form of a posting's segments, a number of each kind of `_FORM` in its order."""
    above, distance, last, count = 0, 0, len(texts) - 1, max(1, len(texts))
    for place, text in enumerate(texts):
        mark, end, length, line, digits, upper, own, inside, ordinal, mail = form(text, lang)
        near = above * 3 + min(2, distance // 3)
        at = min(5, place * 6 // count)
        rows.extend((mark, end, length, place == 0, place == last, line, digits, upper, at, own, near, inside, ordinal, mail))
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
    kind, ordinal = _mark(mark) if mark else (0, 0)
    return (
        kind,
        _ENDS.get(body[-1:], 0),
        bisect.bisect_left(_LENGTHS, size if lang == "zh" else size // 3),
        "\n" in text[-4:],
        min(2, digits // 2),
        size > 6 and body.isupper(),
        own,
        inside,
        ordinal,
        perhaps and _CONTACT.search(body) is not None,
    )


@functools.lru_cache(maxsize=4_096)
def _mark(mark: str) -> tuple[int, int]:
    """What kind a list mark is, and its number, up to 4."""
    if not mark.strip():
        return 0, 0
    digits = _NUMBER.search(mark)
    kind = next((i for i, (_, pattern) in enumerate(_MARKS, 1) if pattern.match(mark)), 5)
    return kind, min(4, int(digits.group())) if digits else 0


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


@dataclass(frozen=True)
class Parts:
    """The weights (F, K) of `zone_matrix`'s columns by what they are multiplied with.

    words (V, K); first and form (…, 3 K): a segment's own, the next segment's, the one before's; second, last (V, K).
    """

    words: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    last: NDArray[np.float64]
    form: NDArray[np.float64]

    @classmethod
    def of(cls, weights: NDArray[np.float64], size: int) -> Parts:
        """weights: (F, K), of a vocabulary of `size` features."""
        sizes = [size, size, size, size, FORM_WIDTH, size, size, FORM_WIDTH, FORM_WIDTH]
        words, first, second, last, form, first_before, first_after, form_before, form_after = np.split(weights, np.cumsum(sizes)[:-1])
        return cls(words, np.hstack([first, first_before, first_after]), second, last, np.hstack([form, form_before, form_after]))


def emissions(batch: Batch, space: FeatureSpace, lang: str, parts: Parts, form: SegmentForm | None = None) -> NDArray[np.float64]:
    """(S, K): `zone_matrix @ weights`, without making that matrix."""
    states = parts.words.shape[1]
    out = (space.matrix(batch) * WORDS) @ parts.words
    out += space.picked(batch, "second") @ parts.second
    out += space.picked(batch, "last") @ parts.last
    near = space.picked(batch, "first") @ parts.first + form_matrix(batch, lang, form) @ parts.form
    out += near[:, :states]
    same = np.flatnonzero(batch.doc[1:] == batch.doc[:-1])
    out[same + 1] += near[same, states : 2 * states]
    out[same] += near[same + 1, 2 * states :]
    return out

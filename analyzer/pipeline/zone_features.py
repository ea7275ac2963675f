"""What tells a segment's zone: its words, its form, the heading it is or stands under, its neighbours."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.lang.tables import headings, plain
from analyzer.pipeline.component import text_of
from analyzer.pipeline.features import Batch, FeatureSpace
from analyzer.text.segments import LIST_MARK

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
_OPENS = {"D": 1, "R": 2, "B": 3, "C": 4, "X": 5}
_DIGIT = re.compile(r"\d")
_CONTACT = re.compile(r"@|https?:|www\.|\d{7,}|<[A-Z_]+>")


def form_matrix(batch: Batch, lang: str) -> sparse.csr_matrix:
    """(S, FORM_WIDTH): one-hot form of each segment: mark, end, length, place, heading looked up."""
    table = headings(lang)
    columns: list[list[int]] = []
    for number, texts in _texts(batch):
        columns.extend(_document(texts, table, lang, number))
    rows = np.repeat(np.arange(len(columns)), [len(c) for c in columns])
    flat = np.array([c for cs in columns for c in cs], np.int64)
    return sparse.csr_matrix((np.ones(len(flat), np.float32), (rows, flat)), (len(batch), FORM_WIDTH))


def _texts(batch: Batch) -> list[tuple[int, list[str]]]:
    out: dict[int, list[str]] = {}
    cached: dict[int, tuple[str, list[int]]] = {}
    for start, end, owner in zip(batch.starts.tolist(), batch.ends.tolist(), batch.doc.tolist(), strict=True):
        if owner not in cached:
            doc = batch.docs[owner]
            at = doc.to_array(["IDX"]).ravel().tolist()
            text = text_of(doc)
            cached[owner] = (text, [*at, len(text)])
        text, at = cached[owner]
        out.setdefault(owner, []).append(text[at[start] : at[end]])
    return list(out.items())


def heading_zone(text: str, table: dict[str, str]) -> str | None:
    """The zone a heading opens, if this text is one that the table knows."""
    return table.get(plain(LIST_MARK.sub("", text, count=1))) if len(text) < 80 else None


def _inner_heading(body: str, table: dict[str, str]) -> str | None:
    """The zone of a heading glued before the text: `岗位职责：负责…`, `Funciones: Gestionar…`."""
    cut = re.match(r"[^:：]{2,40}[:：]", body)
    return table.get(plain(cut.group())) if cut else None


def _document(texts: list[str], table: dict[str, str], lang: str, number: int) -> list[list[int]]:
    above, distance = 0, 0
    rows = []
    for place, text in enumerate(texts):
        mark = LIST_MARK.match(text)
        body = text[mark.end() :].strip() if mark else text.strip()
        own = table.get(plain(body)) if len(body) < 60 else None
        inside = None if own else _inner_heading(body, table)
        kind = _mark(mark.group() if mark else "")
        size = len(body) if lang == "zh" else len(body) // 3
        here = {
            "mark": kind,
            "end": _ENDS.get(body[-1:], 0),
            "length": int(np.searchsorted([4, 8, 14, 25, 50], size)),
            "first": int(place == 0),
            "last": int(place == len(texts) - 1),
            "line": int("\n" in text[-4:]),
            "digits": min(2, len(_DIGIT.findall(body)) // 2),
            "upper": int(len(body) > 6 and body.isupper()),
            "position": min(5, place * 6 // max(1, len(texts))),
            "own": _OPENS.get(own or "", 0),
            "above": above * 3 + min(2, distance // 3),
            "inside": _OPENS.get(inside or "", 0),
            "ordinal": _ordinal(mark.group() if mark else ""),
            "mail": int(bool(_CONTACT.search(body))),
        }
        rows.append([_OFFSETS[k] + v for k, v in here.items()])
        if own or inside:
            above, distance = _OPENS[own or inside or "X"], 0
        else:
            distance += 1
    return rows


def _mark(mark: str) -> int:
    if not mark.strip():
        return 0
    return next((i for i, (_, pattern) in enumerate(_MARKS, 1) if pattern.match(mark)), 5)


def _ordinal(mark: str) -> int:
    digits = re.search(r"\d+", mark)
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

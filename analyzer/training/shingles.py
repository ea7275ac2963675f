"""Texts held against each other: near copies, and runs of words that many postings share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from analyzer.text.view import folded

RUN = {"zh": 12, "es": 6}
"""Length of a run that counts as copied: Chinese characters, Spanish words."""
SHINGLE = {"zh": 5, "es": 3}
"""Length of a shingle for near copies: Chinese characters, Spanish words."""
NEAR = 0.5
"""Jaccard similarity of two texts' shingles from which they are near copies."""
_HAN = re.compile(r"[^\u3400-\u9fff]+")
_WORD = re.compile(r"[a-z]+")
_BREAK = "\n"


def letters(text: str, language: str) -> list[str]:
    """What is compared: Chinese characters in simplified script, or Spanish words without accents; marks and digits left out."""
    plain = folded(text, language)
    return list(_HAN.sub("", plain)) if language == "zh" else _WORD.findall(plain)


def _shingles(text: str, language: str) -> set[str]:
    units, size = letters(text, language), SHINGLE[language]
    glue = "" if language == "zh" else " "
    return {glue.join(units[i : i + size]) for i in range(max(len(units) - size + 1, 1))}


def near_copies(texts: Sequence[str], language: str, near: float = NEAR, block: int = 500) -> list[tuple[int, int, float]]:
    """Pairs of texts (places in `texts`, first < second) whose shingles' Jaccard similarity is `near` or more.

    Exact, by sparse products of `block` rows at a time, so that memory stays flat.
    """
    index: dict[str, int] = {}
    rows = [[index.setdefault(s, len(index)) for s in _shingles(t, language)] for t in texts]
    sizes = np.array([len(r) for r in rows])
    columns = np.concatenate([np.array(r, np.int64) for r in rows]) if rows else np.zeros(0, np.int64)
    matrix = sparse.csr_matrix((np.ones(len(columns), np.int32), columns, np.append(0, np.cumsum(sizes))), (len(rows), max(len(index), 1)))
    pairs = []
    for first in range(0, len(rows), block):
        shared = (matrix[first : first + block] @ matrix.T).tocoo()
        for i, j, both in zip(shared.row + first, shared.col, shared.data, strict=True):
            if i < j and both >= near * (sizes[i] + sizes[j] - both):
                pairs.append((int(i), int(j), float(both / (sizes[i] + sizes[j] - both))))
    return sorted(pairs)


def runs(text: str, language: str, set_phrases: Iterable[str] = ()) -> set[str]:
    """The runs of one segment, with the set phrases (see `normal_phrases`) cut out of it."""
    units, size = letters(text, language), RUN[language]
    if len(units) < size:
        return set()
    glue = "" if language == "zh" else " "
    line = glue.join(units)
    for phrase in set_phrases:
        if phrase in line:
            line = line.replace(phrase, _BREAK)
    found = set()
    for piece in line.split(_BREAK):
        parts = list(piece) if language == "zh" else piece.split()
        found |= {glue.join(parts[i : i + size]) for i in range(len(parts) - size + 1)}
    return found


def normal_phrases(phrases: Iterable[str], language: str) -> list[str]:
    """Set phrases in the form `runs` compares, longest first."""
    glue = "" if language == "zh" else " "
    return sorted({glue.join(letters(p, language)) for p in phrases}, key=lambda p: (-len(p), p))


def repeated_runs(
    postings: Sequence[Mapping[str, Any]], language: str, set_phrases: Iterable[str] = (), over: float = 0.005
) -> dict[str, list[int]]:
    """Runs that stand in more than the share `over` of the postings (at least two), headings left out, with the postings' places."""
    phrases = normal_phrases(set_phrases, language)
    where: dict[str, list[int]] = defaultdict(list)
    for place, posting in enumerate(postings):
        mine: set[str] = set()
        for segment in posting["segments"]:
            if segment["zone"] != "H":
                mine |= runs(posting["text"][segment["start"] : segment["end"]], language, phrases)
        for run in mine:
            where[run].append(place)
    least = max(2, int(over * len(postings)) + 1)
    return {run: places for run, places in sorted(where.items()) if len(places) >= least}

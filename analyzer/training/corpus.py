"""The labelled corpus: reading, checking, and laying its labels over the segments the pipeline finds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.errors import CorpusError

Posting = dict[str, Any]


def read(paths: Iterable[Path | str]) -> list[Posting]:
    """The postings of JSONL files or folders of them, in order of file name and line.

    Raises CorpusError naming file and line where a line is not a labelled posting.
    """
    postings: list[Posting] = []
    for path in paths:
        path = Path(path)
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise CorpusError(f"no .jsonl file in {path}")
        for file in files:
            postings.extend(_read_file(file))
    return postings


def _read_file(file: Path) -> list[Posting]:
    out = []
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            posting = json.loads(line)
        except json.JSONDecodeError as error:
            raise CorpusError(f"{file.name}, line {number}: not JSON ({error.msg} at column {error.colno})") from None
        for key in ("id", "language", "text", "segments"):
            if key not in posting:
                raise CorpusError(f"{file.name}, line {number}: the posting has no {key!r}")
        out.append(posting)
    return out


def aligned(posting: Mapping[str, Any], starts: Sequence[int], ends: Sequence[int]) -> tuple[list[str], list[list[str]]]:
    """Zone and codes of each segment the pipeline found, from the label that covers most of its letters.

    A heading that opens a zone is told apart by what follows it; see `opened`.
    """
    text = posting["text"]
    letters = np.fromiter((c.isalnum() for c in text), bool, len(text))
    before = np.append(0, np.cumsum(letters))
    zones, codes = [], []
    labels = posting["segments"]
    first = 0
    for start, end in zip(starts, ends, strict=True):
        while first < len(labels) - 1 and labels[first]["end"] <= start:
            first += 1
        best, most = None, 0
        for label in labels[first:]:
            if label["start"] >= end:
                break
            shared = (
                int(before[min(end, label["end"])] - before[max(start, label["start"])])
                if min(end, label["end"]) > max(start, label["start"])
                else 0
            )
            if shared > most:
                best, most = label, shared
        zones.append(best["zone"] if best else "X")
        codes.append(list(best["codes"]) if best else [])
    return zones, codes


def opened(zones: Sequence[str]) -> list[str]:
    """Zones with each heading told by the next zone that is none: D R B C X, HD HR HB HC."""
    from analyzer.pipeline.zone_features import OPENED

    out, coming = [], "X"
    for zone in reversed(zones):
        if zone != "H":
            coming = zone
        out.append(OPENED[coming] if zone == "H" else zone)
    return out[::-1]


def company_groups(postings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The group of each posting for splits and vocabularies: its company, else itself."""
    return [str(p.get("company") or p["id"]) for p in postings]


def fold_of(groups: Sequence[str], folds: int) -> NDArray[np.int64]:
    """A fold for each group, the same on every machine: by a hash of the group's name."""

    return np.array([int(hashlib.sha256(g.encode()).hexdigest()[:8], 16) % folds for g in groups], np.int64)

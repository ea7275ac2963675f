"""A posting's labels as one flat list of labelled spans, the form annotation tools work in, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.analysis import LETTERS, prefix_of
from analyzer.errors import CorpusError
from analyzer.training.check import derived_problems
from analyzer.training.derive import derive
from analyzer.training.markup import ZONES

PARTS = ("verb", "object", "purpose")
_FIRST = ("id", "language", "batch", "title")
"""Fields that stand before the text in the corpus's lines."""


@dataclass(frozen=True)
class Piece:
    """A labelled span; a verb knows the place (in the list) of its object, and the phrase's code."""

    label: str
    start: int
    end: int
    target: int | None = None
    code: str | None = None


def to_pieces(posting: Mapping[str, Any]) -> list[Piece]:
    """Segments, then the parts of their phrases, each in order."""
    pieces = []
    for s in posting["segments"]:
        pieces.append(Piece(" ".join(filter(None, (s["zone"], "+".join(s["codes"])))), s["start"], s["end"]))
        for phrase in s.get("phrases", []):
            start, end = phrase["verb"]
            pieces.append(Piece("verb", start, end, len(pieces) + 1, phrase["code"]))
            pieces.append(Piece("object", *phrase["object"]))
        if s.get("purpose"):
            pieces.append(Piece("purpose", *s["purpose"]))
    return pieces


def from_pieces(text: str, pieces: Sequence[Piece], meta: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The posting of a text, its labelled spans and what travelled beside it.

    `primary` and `functions` follow from the labels (see `judged`). Raises CorpusError, beginning with
    `where`, for a label outside the scheme or a part outside every duty.
    """
    meta = dict(meta)
    cases = {(start, end): names for start, end, names in meta.pop("cases", [])}
    segments = []
    for piece in sorted((p for p in pieces if p.label not in PARTS), key=lambda p: (p.start, p.end)):
        zone, _, codes = piece.label.partition(" ")
        if zone not in ZONES or not 0 <= piece.start < piece.end <= len(text):
            raise CorpusError(
                f"{where}: {piece.label!r} at {piece.start} to {piece.end} is no segment: write a zone (D R B C H X), for D with its codes"
            )
        segment: dict[str, Any] = {"start": piece.start, "end": piece.end, "zone": zone, "codes": [c for c in codes.split("+") if c]}
        if (piece.start, piece.end) in cases:
            segment["cases"] = cases[piece.start, piece.end]
        segments.append(segment)
    for piece in pieces:
        if piece.label in PARTS:
            _attach(piece, pieces, segments, where)
    record = {k: meta[k] for k in _FIRST if k in meta} | {"text": text}
    record |= judged(segments, meta)
    return record | {k: v for k, v in meta.items() if k not in record} | {"segments": segments}


def judged(segments: Sequence[Mapping[str, Any]], stated: Mapping[str, Any]) -> dict[str, Any]:
    """`primary` and `functions`: as stated, where they follow from the labels as `corpus check` demands, else as counted."""
    if any(prefix_of(c) not in LETTERS for s in segments for c in s["codes"]):  # of a user's own function: the reader's profiles tell
        return {k: stated[k] for k in ("primary", "functions") if k in stated}
    primary, functions = derive(segments)
    if "primary" in stated and "functions" in stated and not any(derived_problems({**stated, "segments": segments})):
        return {"primary": stated["primary"], "functions": stated["functions"]}
    return {"primary": primary, "functions": functions}


def _attach(piece: Piece, pieces: Sequence[Piece], segments: Sequence[dict[str, Any]], where: str) -> None:
    """Put a verb with its object, or a purpose, into the duty it stands in."""
    if piece.label == "object":
        return
    duty = next((s for s in segments if s["zone"] == "D" and s["start"] <= piece.start and piece.end <= s["end"]), None)
    if duty is None:
        raise CorpusError(f"{where}: {piece.label} at {piece.start} to {piece.end} stands in no duty")
    if piece.label == "purpose":
        duty["purpose"] = [piece.start, piece.end]
    elif piece.target is None:
        raise CorpusError(f"{where}: the verb at {piece.start} to {piece.end} has no relation to an object")
    else:
        target = pieces[piece.target]
        phrase = {"verb": [piece.start, piece.end], "object": [target.start, target.end], "code": piece.code or duty["codes"][0]}
        duty.setdefault("phrases", []).append(phrase)


def meta_of(posting: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of a posting that is no labelled span: its fields, and the cases of its segments by place."""
    meta = {k: v for k, v in posting.items() if k not in ("text", "segments")}
    cases = [[s["start"], s["end"], s["cases"]] for s in posting["segments"] if s.get("cases")]
    return meta | ({"cases": cases} if cases else {})


def label_names(postings: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """The labels of spans and the codes of phrases that postings use, for a tool's settings."""
    labels = {p.label for posting in postings for p in to_pieces(posting)}
    codes = {c for label in labels for c in label.partition(" ")[2].split("+") if c}
    return sorted(labels), sorted(codes)

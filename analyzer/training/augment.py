"""What real postings do to clean text: headings lost, lines joined, list marks changed, accents gone, blocks in another order.

Each copy keeps its sentences as they were written; only their form changes. Which change a posting gets follows from a
hash of its id, so the same corpus always gives the same copies.
"""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from analyzer.text.segments import LIST_MARK
from analyzer.training.corpus import Posting

Piece = dict[str, Any]
MARKS = ("- ", "• ", "* ", "· ", "", "", "● ")


def changed_copies(postings: Sequence[Posting], copies: int) -> list[Posting]:
    """`copies` changed copies of each posting: all postings in order, then all again."""
    out = []
    for copy in range(copies):
        for posting in postings:
            seed = hashlib.sha256(f"{posting['id']}/{copy}".encode()).digest()
            out.append(_changed(posting, random.Random(seed), copy))  # noqa: S311  not for secrets
    return out


def _changed(posting: Posting, chance: random.Random, copy: int) -> Posting:
    pieces = _pieces(posting)
    for change, share in ((_without_headings, 0.5), (_reordered, 0.35), (_other_marks, 0.5), (_without_stops, 0.25)):
        if chance.random() < share:
            pieces = change(pieces, chance)
    joint = "\n" if chance.random() < 0.5 else (" " if posting["language"] == "es" or chance.random() < 0.4 else "")
    made = _joined(posting, pieces, joint, copy)
    if posting["language"] == "es" and chance.random() < 0.15:
        return _respelt(made, lambda c: unicodedata.normalize("NFD", c)[0])
    if posting["language"] == "es" and chance.random() < 0.06:
        return _respelt(made, lambda c: u if len(u := c.upper()) == 1 else c)
    return made


def _pieces(posting: Posting) -> list[Piece]:
    return [{"text": posting["text"][s["start"] : s["end"]], "zone": s["zone"], "codes": s["codes"]} for s in posting["segments"]]


def _without_headings(pieces: list[Piece], chance: random.Random) -> list[Piece]:
    """Most headings gone, as where a portal's fields were glued together."""
    kept = [p for p in pieces if p["zone"] != "H" or chance.random() < 0.2]
    return kept or pieces


def _reordered(pieces: list[Piece], chance: random.Random) -> list[Piece]:
    """Blocks (a heading and what stands under it, or a run of one zone) in another order."""
    blocks: list[list[Piece]] = []
    for piece in pieces:
        new = not blocks or (piece["zone"] == "H" and blocks[-1][-1]["zone"] != "H") or piece["zone"] != blocks[-1][-1]["zone"] != "H"
        if new:
            blocks.append([])
        blocks[-1].append(piece)
    chance.shuffle(blocks)
    return [p for block in blocks for p in block]


def _other_marks(pieces: list[Piece], chance: random.Random) -> list[Piece]:
    """The same other list mark, or none, before all items."""
    mark = chance.choice(MARKS)
    return [
        {**p, "text": mark + LIST_MARK.sub("", p["text"], count=1)} if LIST_MARK.match(p["text"]) and p["zone"] != "H" else p
        for p in pieces
    ]


def _without_stops(pieces: list[Piece], _: random.Random) -> list[Piece]:
    """No stop at the end of items."""
    return [{**p, "text": p["text"].rstrip("。；;.,，") or p["text"]} for p in pieces]


def _joined(posting: Posting, pieces: Sequence[Piece], joint: str, copy: int) -> Posting:
    text, segments = "", []
    for piece in pieces:
        body = piece["text"].strip()
        if not body:
            continue
        if text:
            text += joint if joint or text[-1] in "。；;:：!！?？.】" else "。" if posting["language"] == "zh" else ". "
        segments.append({"start": len(text), "end": len(text) + len(body), "zone": piece["zone"], "codes": piece["codes"]})
        text += body
    return {**posting, "id": f"{posting['id']}~{copy}", "text": text, "segments": segments}


def _respelt(posting: Posting, change: Callable[[str], str]) -> Posting:
    return {**posting, "text": "".join(map(change, posting["text"]))}

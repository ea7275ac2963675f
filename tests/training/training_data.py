"""What the training tests share: a quick recipe, and postings as someone has them who labels postings only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer.training.fit import Recipe

QUICK = Recipe(folds=3, inner_folds=2, zone_iterations=8, copies=0)
Posting = dict[str, Any]


def as_whole(postings: Sequence[Posting]) -> list[Posting]:
    """The postings with labels of their own alone, from a table without companies."""
    kept = ("id", "language", "text", "title", "primary", "functions", "where")
    return [{k: p[k] for k in kept if k in p} | {"segments": [], "level": "posting", "functions_told": True} for p in postings]

"""Tables of postings, from a thousand to ten million: files in, files out, or a DataFrame in and one out.

    >>> from analyzer.bulk import score_files, score_table
    >>> summary = score_files(["postings.csv"], "scored.csv")
    >>> scored = score_table(df, text="description")

Importing does no work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.bulk.frame import score_table
    from analyzer.bulk.run import score_files
    from analyzer.bulk.worker import AnalyzerFactory

__all__ = ["AnalyzerFactory", "score_files", "score_table"]
_HOMES = {"score_table": "frame", "score_files": "run", "AnalyzerFactory": "worker"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"analyzer.bulk.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'analyzer.bulk' has no attribute {name!r}")

"""What a job posting's work really is: its duties, and how far they are marketing, operations or brand.

    >>> import analyzer
    >>> jd = analyzer.load()
    >>> jd.analyze("岗位职责：负责会员体系搭建，提升用户留存。").primary
    'operations'

Importing does no work; the names below are brought in when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.analysis import Analysis, Duty, Phrase
    from analyzer.analyzer import Analyzer

__version__ = "1.0.0"
__all__ = ["Analysis", "Analyzer", "Duty", "Phrase", "__version__", "load"]


def load(models: Path | str | None = None, **settings: Any) -> Analyzer:
    """An Analyzer over the shipped models, or those in a directory with `zh` and `es`; see `Analyzer` for settings."""
    from analyzer.analyzer import Analyzer

    return Analyzer(models, **settings)


def __getattr__(name: str) -> Any:
    if name == "Analyzer":
        from analyzer.analyzer import Analyzer

        return Analyzer
    if name in ("Analysis", "Duty", "Phrase"):
        from analyzer import analysis

        return getattr(analysis, name)
    raise AttributeError(f"module 'analyzer' has no attribute {name!r}")

"""Charts of a corpus for its card: duties by code, postings by sector, lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.training.derive import function_of
from analyzer.training.rules import Rules
from analyzer.training.tables import Record, by_language, duties

COLOURS = {"marketing": "#1f77b4", "operations": "#2a8c4a", "brand": "#b5528f", "other": "#8a8a8a", "general": "#c4c4c4"}
LANGUAGE_COLOURS = {"zh": "#b03a2e", "es": "#e0a030"}


def draw(postings: Sequence[Record], rules: Rules, folder: Path) -> list[Path]:
    """Write the charts (PNG) into a folder, made if missing; their paths. Raises CorpusError where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise CorpusError("charts need matplotlib: pip install matplotlib") from None
    folder.mkdir(parents=True, exist_ok=True)
    langs = by_language(postings)
    figures = {"codes": _codes(Figure, langs), "sectors": _sectors(Figure, langs, rules), "lengths": _lengths(Figure, langs)}
    paths = []
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=110, metadata={"Software": None})
        paths.append(path)
    return paths


def _codes(figure_class: Any, langs: dict[str, list[Record]]) -> Any:
    figure = figure_class(figsize=(9, 6.5), layout="constrained")
    axes = figure.subplots(1, len(langs), squeeze=False, sharey=True)[0]
    counts = {lang: Counter(c for s in duties(p) for c in s["codes"]) for lang, p in langs.items()}
    codes = sorted(set().union(*counts.values()), reverse=True)
    for ax, (lang, c) in zip(axes, counts.items(), strict=True):
        bars = ax.barh(codes, [c[code] for code in codes], color=[COLOURS[function_of(code)] for code in codes])
        ax.bar_label(bars, padding=2, fontsize=8)
        ax.margins(x=0.12)
        ax.set(title=f"Duties by code ({lang})", xlabel="duties")
    return figure


def _sectors(figure_class: Any, langs: dict[str, list[Record]], rules: Rules) -> Any:
    figure = figure_class(figsize=(8, 8), layout="constrained")
    ax = figure.subplots()
    counts = {lang: Counter(rules.sector(p) for p in postings) for lang, postings in langs.items()}
    sectors = sorted(set().union(*counts.values()), key=lambda s: (sum(c[s] for c in counts.values()), s))
    left = [0] * len(sectors)
    for lang, c in counts.items():
        values = [c[s] for s in sectors]
        ax.barh(sectors, values, left=left, label=lang, color=LANGUAGE_COLOURS[lang])
        left = [a + b for a, b in zip(left, values, strict=True)]
    ax.set(title="Postings by sector", xlabel="postings")
    ax.legend()
    return figure


def _lengths(figure_class: Any, langs: dict[str, list[Record]]) -> Any:
    figure = figure_class(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, len(langs), squeeze=False)[0]
    for ax, (lang, postings) in zip(axes, langs.items(), strict=True):
        ax.hist([len(p["text"]) for p in postings], bins=40, color=LANGUAGE_COLOURS[lang])
        ax.set(title=f"Length of the postings ({lang})", xlabel="characters", ylabel="postings")
    return figure

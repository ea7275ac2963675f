"""Charts of a table's report as inline SVG: drawn by matplotlib, texts left as texts, colours that follow the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

COLOURS = {"marketing": "#b35900", "operations": "#1f77c4", "brand": "#9c3fae", "own": "#00665c", "none": "#7d848f", "other": "#7d848f"}
HATCHES = {"marketing": "", "operations": "//", "brand": "||", "none": "..", "other": ".."}
OWN_HATCHES = ("xx", "++", "oo", "**")
"""Patterns of a user's own functions, which share one colour."""
_INK, _GROUND = "#010203", "#fefdfc"
"""Stand-ins for the page's own text and ground colours, which the page decides by its light or dark scheme."""
_WIDTH = 8.4


def _svg(figure: Any, key: str, label: str) -> str:
    """The figure as an SVG element of its own ids, named for those who do not see it."""
    from html import escape

    from matplotlib import rc_context

    stream = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": key, "hatch.linewidth": 0.6}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of glyphs the measuring font lacks; the page's own font draws them
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{key}-", text)
    text = text.replace(_INK, "currentColor").replace(_GROUND, "var(--ground)")
    width = re.search(r'<svg [^>]*?width="([\d.]+)pt"', text)
    text = re.sub(r'(<svg [^>]*?)\s(?:height|width)="[\d.]+pt"', r"\1", text, count=1)
    text = re.sub(r'(<svg [^>]*?)\s(?:height|width)="[\d.]+pt"', r"\1", text, count=1)
    style = f"max-width:{float(width.group(1)) * 4 / 3:.0f}px" if width else ""
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" style="{style}" ', 1)


def _figure(height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height))
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.tick_params(colors=_INK, labelsize=10, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure, axes


def stacked(rows: Sequence[tuple[str, Mapping[str, float]]], keys: Sequence[str], names: Mapping[str, str], key: str, label: str) -> str:
    """Horizontal bars of shares that add up to 1, a bar a row; told by colour and by pattern."""
    figure, axes = _figure(0.7 + 0.42 * len(rows))
    at = list(range(len(rows)))
    left = [0.0] * len(rows)
    own = [k for k in keys if k not in HATCHES]
    for part in keys:
        colour = COLOURS.get(part, COLOURS["own"])
        hatch = HATCHES[part] if part in HATCHES else OWN_HATCHES[own.index(part) % len(OWN_HATCHES)]
        widths = [shares.get(part, 0.0) for _, shares in rows]
        axes.barh(at, widths, left=left, color=colour, hatch=hatch, edgecolor=_GROUND, label=names[part], height=0.7)
        for y, (width, begins) in enumerate(zip(widths, left, strict=True)):
            if width >= 0.06:
                mark = axes.text(begins + width / 2, y, f"{width:.0%}", ha="center", va="center", fontsize=9, color="#ffffff")
                mark.set_bbox({"facecolor": colour, "edgecolor": "none", "pad": 1.2})
        left = [b + w for b, w in zip(left, widths, strict=True)]
    axes.set_yticks(at, shortened([name for name, _ in rows]))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    legend = axes.legend(ncols=len(keys), loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False, fontsize=9)
    for entry in legend.get_texts():
        entry.set_color(_INK)
    return _svg(figure, key, label)


def bars(rows: Sequence[tuple[str, float, str]], key: str, label: str, colours: Sequence[str] | None = None) -> str:
    """Horizontal bars of single figures: (name, size, figure as text)."""
    figure, axes = _figure(0.4 + 0.34 * len(rows))
    at = list(range(len(rows)))
    axes.barh(at, [size for _, size, _ in rows], color=[COLOURS[c] for c in colours] if colours else COLOURS["operations"], height=0.66)
    for y, (_, size, said) in enumerate(rows):
        axes.text(size, y, f" {said}", va="center", fontsize=9, color=_INK)
    axes.set_yticks(at, shortened([name for name, _, _ in rows]))
    axes.invert_yaxis()
    axes.set_xlim(0, max([size for _, size, _ in rows] or [1.0]) * 1.15 or 1.0)
    axes.set_xticks([])
    return _svg(figure, key, label)


def matrix(names: Sequence[str], values: Sequence[Sequence[float]], key: str, label: str) -> str:
    """A square of shares from 0 to 1, the darker the more alike."""
    size = 1.2 + 0.52 * len(names)
    figure, axes = _figure(size)
    # drawn as squares: imshow would put in a bitmap, which the page's own rules forbid
    axes.pcolormesh(
        range(len(names)), range(len(names)), values, cmap="Blues", vmin=0, vmax=1, edgecolors=_GROUND, linewidth=1.5, shading="nearest"
    )
    axes.invert_yaxis()
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            axes.text(x, y, f"{value:.0%}", ha="center", va="center", fontsize=9, color="#ffffff" if value > 0.6 else "#101418")
    axes.set_yticks(range(len(names)), shortened(names))
    axes.set_xticks(range(len(names)), shortened(names, 16), rotation=35, ha="right")
    return _svg(figure, key, label)


def shortened(names: Sequence[str], most: int = 26) -> list[str]:
    """Names short enough for a chart: cut in the middle, since both ends tell them apart, and numbered where that leaves them equal."""
    cut = [_cut(name, most) for name in names]
    out = []
    for n, name in enumerate(cut):
        if cut.count(name) > 1:
            tail = f" ({cut[: n + 1].count(name)})"
            name = _cut(names[n], most - len(tail)) + tail
        # matplotlib takes text between dollar signs for a formula
        out.append(name.replace("$", r"\$"))
    return out


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - 1 - most // 2) :]}"

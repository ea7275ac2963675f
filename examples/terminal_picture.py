"""Draw docs/terminal.svg: what `jd-analyzer analyze examples/zh.txt --title 品牌经理 --ui en` shows in a terminal.

python examples/terminal_picture.py [OUTPUT.svg]
"""

import html
import os
import re
import sys
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

import analyzer
from analyzer.report.terminal import render
from analyzer.report.words import Words

HERE = Path(__file__).parent


CELL = 12.2
"""Width of a terminal cell in the units of Rich's picture."""


def _measured(match: re.Match[str]) -> str:
    """A text with its width in cells: Rich counts characters, and a Chinese one takes two cells."""
    return f'textLength="{cell_len(html.unescape(match.group(2))) * CELL:.1f}"{match.group(1)}>{match.group(2)}<'


def main() -> None:
    """Write the picture; its fonts are the viewer's own, nothing is fetched."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "docs" / "terminal.svg"
    text = (HERE / "zh.txt").read_text(encoding="utf-8")
    analysis = analyzer.load().analyze(text, title="品牌经理")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123  the recording is all we want
        console = Console(
            file=nowhere, record=True, width=100, force_terminal=True, color_system="truecolor", no_color=False, highlight=False
        )
        render(analysis, text, Words("en"), console, name="examples/zh.txt")
    svg = console.export_svg(title="jd-analyzer analyze examples/zh.txt --title 品牌经理 --ui en", theme=SVG_EXPORT_THEME)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", "Fira Code, Menlo, Consolas, DejaVu Sans Mono, monospace")
    svg = re.sub(r'textLength="[\d.]+"([^>]*)>([^<]*)<', _measured, svg)
    out.parent.mkdir(exist_ok=True)
    out.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()

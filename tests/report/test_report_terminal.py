"""The terminal view: colours for both grounds, tags, no colour when piped, nothing hostile."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from analyzer.analysis import Analysis
from analyzer.profiles import load_profiles
from analyzer.report.profiles import profile_tables
from analyzer.report.terminal import COLOURS, PATTERNS, render, wrapped
from analyzer.report.words import Words

ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def shown(analysis: Analysis, text: str, ui: str = "en", width: int = 80, colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        highlight=False,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        no_color=not colour,
        legacy_windows=False,
    )
    render(analysis, text, Words(ui), console, name="ofer\x1b[2Jta.txt")
    return file.getvalue()


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_readable_on_white_and_on_black(name: str) -> None:
    bright = luminance(COLOURS[name])
    assert 1.05 / (bright + 0.05) >= 4.5
    assert (bright + 0.05) / 0.05 >= 4.4


def test_no_function_is_told_by_colour_alone() -> None:
    assert len(set(PATTERNS.values())) == len(PATTERNS)


def test_piped(analysis: Analysis, text: str) -> None:
    out = shown(analysis, text)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "‹负责品牌定位› [b.strategy+m.planning]；" in out
    assert "‹搭建会员体系␛[2J[U+202E]提升留存› [o.user]。" in out
    assert "‹<b>拜访</b>客户 & 签约› [n.sales]" in out
    assert "要求：本科" in out
    assert "The work is most likely operations" in out
    assert "✓ part of the job" in out
    assert "+1.75" in out
    assert "Play in circles" in out
    assert not re.search(r" +$", out, re.MULTILINE)


def test_colour(analysis: Analysis, text: str) -> None:
    out = shown(analysis, text, colour=True)
    assert re.search(r"\x1b\[38;2;0;118;220m搭建会员体系", out)
    assert "‹" not in out
    rest = ESCAPE.sub("", out)
    assert "\x1b" not in rest
    codes = {code for found in re.findall(r"\x1b\[([\d;]*)m", out) for code in re.sub(r"38;2;\d+;\d+;\d+", "", found).split(";")}
    assert codes <= {"", "0", "1", "3", "4"}  # bold, italic, underline: neither dim nor a theme's own black or white


@pytest.mark.parametrize("ui", ["en", "es", "zh"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_lines_fit(analysis: Analysis, text: str, ui: str, width: int) -> None:
    lines = shown(analysis, text, ui, width).split("\n")
    assert max(map(cell_len, lines)) <= min(width, 100)


def test_bars_show_the_figures(analysis: Analysis, text: str) -> None:
    lines = shown(analysis, text).split("\n")
    operations = next(line for line in lines if line.strip().startswith("Operations"))
    assert operations.count("█") == round(0.93 * 24)
    mix = next(line for line in lines if "▓" in line and "▒" in line and "%" not in line)
    assert (mix.count("█"), mix.count("▓"), mix.count("▒"), mix.count("░")) == (8, 20, 12, 20)


def test_nothing_to_review(plain: Analysis, text: str) -> None:
    assert "Nothing stands out" in shown(plain, text)


def test_without_result(failed: Analysis) -> None:
    out = shown(failed, "Vaga de emprego")
    assert "No result" in out
    assert "It looks like Portuguese." in out
    assert "Vaga" not in out


def test_wrapping_keeps_tags_and_punctuation() -> None:
    lines = [line.plain for line in wrapped(Text("负责会员体系，提升留存 [o.newmedia+m.media]；完"), 22)]
    assert lines == ["负责会员体系，提升留存", "[o.newmedia+m.media]；", "完"]
    assert [line.plain for line in wrapped(Text("负责会员，提升"), 8)] == ["负责会", "员，提升"]  # no comma begins a line
    assert [line.plain for line in wrapped(Text("uno dos\n\ntres"), 5)] == ["uno", "dos", "", "tres"]


@pytest.mark.parametrize("ui", ["en", "es", "zh"])
def test_profiles(ui: str) -> None:
    file = io.StringIO()
    Console(file=file, width=100, color_system=None).print(profile_tables(load_profiles(), ui))
    out = file.getvalue()
    for code in load_profiles().subfunctions:
        assert code in out
    assert load_profiles().steps[9].name.of(ui) in out

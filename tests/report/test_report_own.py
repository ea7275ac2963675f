"""A model with a function of the user's own: every view shows it, by its own name and in a look of its own."""

from __future__ import annotations

import io

from rich.console import Console

from analyzer.analysis import Analysis
from analyzer.profiles import Profiles
from analyzer.report.html import Posting, page
from analyzer.report.terminal import PATTERNS, render
from analyzer.report.words import Words


def test_the_terminal(fourth: Analysis, text: str, growth: Profiles) -> None:
    file = io.StringIO()
    render(fourth, text, Words("en", growth), Console(file=file, width=100, no_color=True, force_terminal=False))
    out = file.getvalue()
    assert "Growth" in out.splitlines()[2] and "House of brands" in out
    assert "[gr.loops]" in out and "Referral loops" in out and PATTERNS["own"] in out


def test_the_page_of_a_file(fourth: Analysis, analysis: Analysis, text: str, growth: Profiles) -> None:
    made = page([Posting(fourth, text, profiles=growth), Posting(analysis, text)], "en")
    own, shipped = made.split("<article")[1:]
    assert 'class="fill own"' in own and '<mark class="own"' in own and "Referral loops" in own and "House of brands" in own
    assert own.count('class="n"><span class="unseen">') == 4
    assert shipped.count('class="n"><span class="unseen">') == 3 and "House of brands" not in shipped and 'class="fill own"' not in shipped


def test_words_of_a_code(growth: Profiles) -> None:
    say, plain = Words("en", growth), Words("en")
    assert (say.function_of("gr.loops"), say.function_of("gr.new"), say.function_of("m.pr+o.user")) == ("growth", "growth", "marketing")
    assert (plain.function_of("gr.loops"), plain.name("gr.loops"), plain.function_of("m.podcast")) == ("other", "gr.loops", "marketing")
    assert (plain.inline("none"), say.inline("none")) == ("none of the three", "none of these functions")
    assert "none of these: marketing, operations, House of brands, Growth" in say.nothing(
        ["marketing", "operations", "brand", "growth"], "80%", True
    )
    assert plain.nothing(["marketing", "operations", "brand"], "80%", True) == plain.say("headline.none", percent="80%")
    assert (plain.inline("brand"), say.inline("brand"), say.inline("growth")) == ("brand", "House of brands", "Growth")

"""The terminal view of one posting.

Every colour has a contrast of 4.5 or more on a white and on a black ground (a test measures it), and nothing is told by
colour alone: duties carry tags, the mix has a pattern a function, bars have figures and words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from analyzer.analysis import Analysis
from analyzer.report.summary import Evidence, Score, Summary, codes_of, summarise
from analyzer.report.visible import cut, safe_line
from analyzer.report.words import Words

COLOURS = {
    "marketing": "#be5900",
    "operations": "#0076dc",
    "brand": "#be32d3",
    "own": "#00837a",
    "other": "#767676",
    "general": "#767676",
    "warning": "#d33f3f",
}
PATTERNS = {"marketing": "█", "operations": "▓", "brand": "▒", "own": "▞", "other": "░"}
BAR = 24
"""Cells of a score's bar."""
MIX_BAR = 60
"""Cells of the mix bar, at most."""
WIDEST = 100
"""Columns used at most: longer lines are hard to read."""
MARKS = ("‹", "›")
"""Put round a duty where there is no colour to show where it begins."""


def render(analysis: Analysis, text: str, words: Words, console: Console, name: str | None = None) -> None:
    """Print one posting's result. `text` is what was analysed, `name` what to call it (a file's name)."""
    width = min(console.width, WIDEST)
    plain = console.no_color or console.color_system is None
    shown = view(analysis, text, words, name, marks=plain, width=width)
    if not plain:
        console.print(shown, width=width)
        return
    with console.capture() as captured:
        console.print(shown, width=width)
    console.file.write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))  # Rich fills lines up with spaces


def view(analysis: Analysis, text: str, words: Words, name: str | None = None, marks: bool = False, width: int = 80) -> RenderableType:
    """One posting's result as a Rich renderable; `marks` puts signs round duties for a console without colour."""
    told = summarise(analysis, text, words)
    parts: list[RenderableType] = [_rule(analysis, words, name), *_head(told, failed=not analysis.ok)]
    if not analysis.ok:
        return Group(*parts, Text())
    parts += _section(words.say("scores.heading"), _scores(told.scores, words))
    parts += _section(words.say("mix.heading"), _mix(told, words, width))
    parts += _section(words.say("text.heading"), _posting(analysis, text, words, marks, width - 2))
    for evidence in told.evidence:
        parts += _section(evidence.heading, _evidence(evidence, words))
    parts += _section(told.steps_heading, _steps(told, words))
    parts += _section(words.say("review.heading"), _review(told, words))
    return Group(*parts, Text())


def _rule(analysis: Analysis, words: Words, name: str | None) -> RenderableType:
    title = " · ".join(filter(None, [safe_line(name, 60) if name else "", words.language(analysis.language) if analysis.language else ""]))
    return Rule(Text(title, style="bold"), style=COLOURS["other"], align="left") if title else Rule(style=COLOURS["other"])


def _head(told: Summary, failed: bool) -> list[RenderableType]:
    headline = Text(told.headline, style=f"bold {COLOURS['warning']}" if failed else "bold")
    lines: list[RenderableType] = [Text(), headline, *(Text(note) for note in told.notes)]
    if told.title_line:
        lines.append(Text(f"! {told.title_line}", style=f"bold {COLOURS['warning']}") if told.title_mismatch else Text(told.title_line))
    if told.title_scores:
        lines.append(Text(told.title_scores))
    return lines


def _section(heading: str, *content: RenderableType) -> list[RenderableType]:
    return [Text(), Text(heading, style="bold underline"), *(Padding(c, (0, 0, 0, 2)) for c in content)]


def _grid(*justify: str) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for side in justify:
        grid.add_column(justify=side, overflow="fold")  # type: ignore[arg-type]
    return grid


def _scores(scores: Iterable[Score], words: Words) -> RenderableType:
    grid = _grid("left", "left", "right", "left")
    for score in scores:
        filled = round(score.probability * BAR)
        bar = Text("█" * filled, style=COLOURS[words.look(score.function)]) + Text("·" * (BAR - filled), style=COLOURS["other"])
        said = f"{score.words} ✓ {words.say('scores.counted')}" if score.counted else score.words
        grid.add_row(Text(score.name), bar, Text(words.percent(score.probability)), Text(said))
    return grid


def _mix(told: Summary, words: Words, width: int) -> RenderableType:
    if not told.mix:
        return Text(words.say("mix.empty"))
    bar, legend = Text(), Text()
    for share, cells in zip(told.mix, _cells([s.share for s in told.mix], max(20, min(MIX_BAR, width - 4))), strict=True):
        look = words.look(share.key)
        bar.append(PATTERNS[look] * cells, style=COLOURS[look])
        legend.append(f"{PATTERNS[look]} ", style=COLOURS[look]).append(f"{share.name} {words.percent(share.share)}   ")
    codes = Text(words.say("mix.subfunctions") + ("：" if words.ui == "zh" else ": "))
    for i, share in enumerate(told.subfunctions):
        codes.append(" · " if i else "").append(f"{share.name} {words.percent(share.share)} ").append(*_tag(share.key, words))
    return Group(bar, legend, *wrapped(codes, width - 2))


def _cells(shares: list[float], width: int) -> list[int]:
    """Whole cells for shares, adding up to `width`, at least one each."""
    cells = [max(1, int(s * width)) for s in shares]
    by_need = sorted(range(len(shares)), key=lambda i: cells[i] - shares[i] * width)
    for i in range(abs(width - sum(cells))):
        at = by_need[i % len(cells)] if sum(cells) < width else max(range(len(cells)), key=cells.__getitem__)
        cells[at] += 1 if sum(cells) < width else -1
    return cells


def _tag(code: str, words: Words) -> tuple[str, str]:
    return f"[{code}]", f"bold {COLOURS[words.look(words.function_of(code))]}"


def _posting(analysis: Analysis, text: str, words: Words, marks: bool, width: int) -> RenderableType:
    shown = Text()
    duties = analysis.duties
    before, after = MARKS if marks else ("", "")
    for piece, number in cut(text.strip("\r\n") if not duties else text, [(d.start, d.end) for d in duties]):
        if number is None:
            shown.append(piece)
            continue
        duty = duties[number]
        shown.append(f"{before}{piece}{after}", style=COLOURS[words.look(duty.function)])
        shown.append(" ").append(*_tag(codes_of(duty), words))
    shown.rstrip()
    note = words.say("text.legend") if duties else words.say("text.none")
    return Group(Text(note, style="italic"), Text(), *wrapped(shown, width))


_UNIT = re.compile(
    r"\[[a-z][\w.+]*\][^\s\w\[]{0,3}|[‹（【“《]*[\u2e80-\uffef][，。；：！？、）】”》›]*|(?:[^\s\u2e80-\uffef\[]|\xa0)+|\[|[ \t]+|\s"
)
"""What stays together at a line's end: a tag with what closes it, a Chinese character with its punctuation, a word."""


def wrapped(text: Text, width: int) -> list[Text]:
    """A text as lines of at most `width` cells, broken where Chinese and Spanish break, tags kept whole."""
    lines: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        line.expand_tabs(4)
        breaks, used = [], 0
        for unit in _UNIT.finditer(line.plain):
            cells = cell_len(unit.group())
            if used + cells > width and not unit.group().isspace():
                breaks.append(unit.start())
                used = 0
            used += cells
        lines += line.divide(breaks)
    for made in lines:
        made.rstrip()
    return lines


def _evidence(evidence: Evidence, words: Words) -> RenderableType:
    grid = _grid("right", "left", "left")
    for weighed in (*evidence.supporting, *evidence.opposing):
        side = words.say("evidence.for" if weighed.weight > 0 else "evidence.against")
        duty = Text(f"{safe_line(weighed.text, 90)} ").append(*_tag(weighed.code, words))
        grid.add_row(Text(words.signed(weighed.weight), style="bold"), Text(side), duty)
    if not evidence.supporting and not evidence.opposing:
        grid.add_row(Text(), Text(), Text(words.say("evidence.none")))
    grid.add_row(Text(words.signed(evidence.rest)), Text(), Text(words.say("duties.rest"), style="italic"))
    return grid


def _steps(told: Summary, words: Words) -> RenderableType:
    if not told.steps:
        return Text(words.say("steps.none"))
    grid = _grid("right", "left", "left")
    for step in told.steps:
        grid.add_row(Text(str(step.number), style="bold"), Text(step.name), Text(words.listed(list(step.words))))
    return grid


def _review(told: Summary, words: Words) -> RenderableType:
    if not told.review:
        return Text(words.say("review.none"))
    return Group(*(Text(f"! {line}", style=COLOURS["warning"]) for line in told.review))

"""The profiles as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analyzer.profiles import Function, Profiles
from analyzer.report.terminal import COLOURS
from analyzer.report.words import Words

_TOLD = ("essence", "faces", "judged_by", "is_not")
"""What is told of a function, beside its name; the JSON form holds all."""


def profile_tables(profiles: Profiles, ui: str) -> RenderableType:
    """All functions with their sub-functions, the other families and the steps, in the interface language `ui`."""
    words = Words(ui)
    parts: list[RenderableType] = [_heading(words.say("profiles.functions"))]
    for function in profiles.functions.values():
        parts += [*_function(function, words), _codes(profiles, profiles.codes_of(function.key), words, COLOURS.get(function.key)), Text()]
    codes = [code for family in profiles.families for code in profiles.codes_of(family)]
    parts += [_heading(words.say("profiles.families")), _codes(profiles, codes, words, COLOURS["other"]), Text()]
    parts += [_heading(words.say("profiles.steps")), _steps(profiles, words)]
    notes = profiles.notes()
    if notes:
        parts += [Text(), *(Text(f"! {note}", style=COLOURS["warning"]) for note in notes)]
    return Group(*parts)


def _heading(text: str) -> Text:
    return Text(text, style="bold underline")


def _function(function: Function, words: Words) -> list[RenderableType]:
    lines = [Text(f"{function.name.of(words.ui)} ({function.prefix}.*)", style=f"bold {COLOURS.get(function.key, '')}".strip())]
    for key in _TOLD:
        said = getattr(function, key).of(words.ui)
        if said:
            lines.append(Text(f"  {words.say(f'profiles.{key}')}: ", style="italic").append(said, style="not italic"))
    return list(lines)


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _codes(profiles: Profiles, codes: Iterable[str], words: Words, colour: str | None) -> RenderableType:
    table = _table(words.say("profiles.code"), words.say("profiles.name"), words.say("profiles.what"))
    table.columns[0].no_wrap = True
    for code in codes:
        entry = profiles.subfunctions[code]
        name = entry.name.of(words.ui) + (" *" if code in profiles.added else "")
        table.add_row(Text(code, style=f"bold {colour or ''}".strip()), Text(name), Text(entry.description.of(words.ui)))
    return table


def _steps(profiles: Profiles, words: Words) -> RenderableType:
    table = _table("", words.say("profiles.name"), words.say("profiles.what"), words.say("profiles.purpose"))
    table.columns[0].no_wrap = True
    for number, step in sorted(profiles.steps.items()):
        table.add_row(
            Text(str(number), style="bold"), Text(step.name.of(words.ui)), Text(step.what.of(words.ui)), Text(step.purpose.of(words.ui))
        )
    return table

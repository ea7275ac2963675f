"""One self-contained HTML page of one or several postings: no script, no network, users' text escaped.

Functions are told by colour and by the style of an underline, the mix by patterns; the duties stand in a table as well.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.analysis import FUNCTIONS, Analysis, Duty
from analyzer.profiles import Profiles
from analyzer.report.summary import Summary, codes_of, names_of, summarise
from analyzer.report.visible import cut, safe, safe_line
from analyzer.report.words import Words

LANG = {"zh": "zh-Hans", "es": "es", "en": "en"}
"""Values of the `lang` attribute for the page; a posting's own text has its own, script not told."""


@dataclass(frozen=True)
class Posting:
    """A result with the text it is of; `name` is what to call it, `kind` the document it was read from.

    profiles: those of the model the result is from; else the packaged ones.
    """

    analysis: Analysis
    text: str
    name: str | None = None
    kind: str = "text"
    profiles: Profiles | None = None


@dataclass(frozen=True)
class Piece:
    """A piece of the posting's text; `number` counts duties from 1 and is None between them."""

    text: str
    number: int | None = None
    function: str = ""
    code: str = ""
    name: str = ""


@dataclass(frozen=True)
class Row:
    """A duty as a row of the table."""

    number: int
    text: str
    function: str
    code: str
    name: str
    sure: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Article:
    """One posting, ready for the template."""

    number: int
    name: str
    status: str
    lang: str
    language: str
    kind: str
    told: Summary
    pieces: tuple[Piece, ...]
    rows: tuple[Row, ...]
    rest: tuple[str, ...]
    raw: tuple[str, ...]
    model: str
    functions: tuple[tuple[str, str], ...]
    words: Words


def page(postings: Sequence[Posting], ui: str) -> str:
    """The page, in the interface language `ui` (en, es, zh)."""
    from analyzer import __version__

    words = Words(ui)
    articles = [_article(posting, number, Words(ui, posting.profiles)) for number, posting in enumerate(postings, 1)]
    made: str = template("posting.html").render(articles=articles, words=words, lang=LANG[ui], version=__version__)
    return made


@functools.cache
def template(name: str) -> Any:
    """A template of the reports; every value is escaped, a misspelt one is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("analyzer.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)


def _article(posting: Posting, number: int, words: Words) -> Article:
    analysis = posting.analysis
    functions = tuple(analysis.scores) or FUNCTIONS
    return Article(
        number=number,
        name=safe_line(posting.name) if posting.name else words.say("page.posting", number=number),
        status=analysis.status,
        lang=analysis.language if analysis.ok and analysis.language else "und",
        language=words.language(analysis.language) if analysis.language else "",
        kind=posting.kind,
        told=summarise(analysis, posting.text, words),
        pieces=tuple(_pieces(analysis, posting.text, words)) if analysis.ok else (),
        rows=tuple(_row(n, duty, functions, words) for n, duty in enumerate(analysis.duties, 1)),
        rest=tuple(words.signed(analysis.rest.get(f, 0.0)) for f in functions),
        raw=tuple(words.signed(analysis.raw.get(f, 0.0)) for f in functions),
        model=analysis.model,
        functions=tuple((f, words.name(f)) for f in functions),
        words=words,
    )


def _pieces(analysis: Analysis, text: str, words: Words) -> list[Piece]:
    duties = analysis.duties
    made = []
    for shown, number in cut(text, [(d.start, d.end) for d in duties]):
        if number is None:
            made.append(Piece(shown))
        else:
            duty = duties[number]
            made.append(Piece(shown, number + 1, words.look(duty.function), codes_of(duty), names_of(duty, words)))
    return made


def _row(number: int, duty: Duty, functions: Sequence[str], words: Words) -> Row:
    weights = tuple(words.signed(duty.weights.get(f, 0.0)) for f in functions)
    return Row(
        number,
        " ".join(safe(duty.text).split()),
        words.look(duty.function),
        codes_of(duty),
        names_of(duty, words),
        words.percent(duty.probability),
        weights,
    )

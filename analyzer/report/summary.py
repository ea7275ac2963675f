"""What a report says of one posting, in words and figures, before any layout: the terminal and HTML views share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.analysis import Analysis, Duty
from analyzer.report.visible import safe_line
from analyzer.report.words import SURE, Words

STRONGEST = 3
"""Duties told for and against a function."""
SLIGHT = 0.05
"""A duty that moves a function's log-odds by less than this is no evidence."""


@dataclass(frozen=True)
class Score:
    """One function: probability that it is a substantive part, in words, and whether it is counted among `functions`."""

    function: str
    name: str
    probability: float
    words: str
    counted: bool


@dataclass(frozen=True)
class Share:
    """A function or code and its share of the duties, 0 to 1."""

    key: str
    name: str
    share: float


@dataclass(frozen=True)
class Weighed:
    """A duty (`number` counts from 1) and what it adds to a function's log-odds; `code` as its tag shows it."""

    number: int
    text: str
    code: str
    weight: float


@dataclass(frozen=True)
class Evidence:
    """The strongest duties for and against a function, the strongest first, and all else in the text (`rest`)."""

    function: str
    heading: str
    supporting: tuple[Weighed, ...]
    opposing: tuple[Weighed, ...]
    rest: float


@dataclass(frozen=True)
class Covered:
    """A step of the cycle with the words of the duties that show it."""

    number: int
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """All a report tells of one posting; of one without a result, only `headline` and `notes`."""

    headline: str
    notes: tuple[str, ...]
    title_line: str | None = None
    title_mismatch: bool = False
    title_scores: str | None = None
    scores: tuple[Score, ...] = ()
    mix: tuple[Share, ...] = ()
    families: tuple[Share, ...] = ()
    subfunctions: tuple[Share, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[Covered, ...] = ()
    steps_heading: str = ""
    review: tuple[str, ...] = ()


def codes_of(duty: Duty) -> str:
    """All codes of a duty, as its tag shows them: `o.newmedia+m.media`."""
    return "+".join(code for code, _ in duty.codes) or duty.code


def names_of(duty: Duty, words: Words) -> str:
    """The names of all codes of a duty."""
    return " + ".join(words.name(code) for code, _ in duty.codes) or words.name(duty.code)


def summarise(analysis: Analysis, text: str, words: Words) -> Summary:
    """What to tell of one posting whose text is `text`."""
    if not analysis.ok:
        reasons = [words.reason(r) for r in analysis.reasons if r != analysis.status]
        return Summary(words.say("headline.failed"), (words.status(analysis.status), *reasons, words.advice(analysis.status)))
    mix = tuple(Share(k, words.say("mix.other") if k == "other" else words.name(k), v) for k, v in analysis.mix.items() if v)
    families = _shares(analysis.other, words)
    steps = _steps(analysis, text, words)
    mismatch = bool(analysis.title and analysis.title.mismatch)
    review = [words.review(r) for r in analysis.reasons]
    return Summary(
        headline=_headline(analysis, words),
        notes=tuple(_notes(analysis, families, words)),
        title_line=_title_line(analysis, words),
        title_mismatch=mismatch,
        title_scores=_title_scores(analysis, words),
        scores=tuple(Score(f, words.name(f), p, words.strength(p), f in analysis.functions) for f, p in analysis.scores.items()),
        mix=mix,
        families=families,
        subfunctions=_subfunctions(analysis, words),
        evidence=tuple(_evidence(analysis, f, words) for f in _explained(analysis)),
        steps=steps,
        steps_heading=words.say("steps.heading", count=len(steps), all=len(words.profiles.steps)),
        review=tuple([words.say("review.title_mismatch"), *review] if mismatch else review),
    )


def _headline(analysis: Analysis, words: Words) -> str:
    primary = analysis.primary or "none"
    probability = analysis.probability.get(primary, 0.0)
    sure = probability >= SURE and "close_scores" not in analysis.reasons
    if primary == "none":
        return words.nothing(analysis.scores, words.percent(probability), sure)
    return words.say("headline.sure" if sure else "headline.unsure", function=words.inline(primary), percent=words.percent(probability))


def _notes(analysis: Analysis, families: Sequence[Share], words: Words) -> list[str]:
    notes = []
    also = [words.inline(f) for f in analysis.functions if f != analysis.primary]
    if also:
        notes.append(words.say("headline.also", functions=words.listed(also)))
    if analysis.primary == "none" and families and families[0].share >= 0.4:
        notes.append(words.say("headline.family", family=families[0].name, percent=words.percent(families[0].share)))
    return notes


def _title_line(analysis: Analysis, words: Words) -> str | None:
    title = analysis.title
    if title is None:
        return None
    shown = safe_line(title.text)
    if title.function is None:
        return words.say("title.unknown", title=shown)
    key = "title.mismatch" if title.mismatch else "title.kept"
    promised, actual = words.inline(title.function), words.inline(analysis.primary or "none")
    return words.say(key, title=shown, promised=promised, actual=actual)


def _title_scores(analysis: Analysis, words: Words) -> str | None:
    title = analysis.title
    if title is None or title.function is None:
        return None
    listed = [f"{words.inline(f)} {words.percent(p)}" for f, p in title.scores_with_title.items()]
    return words.say("title.scores", scores=words.listed(listed))


def _shares(shares: object, words: Words) -> tuple[Share, ...]:
    pairs = dict(shares) if shares else {}  # type: ignore[call-overload]
    return tuple(Share(k, words.name(k), v) for k, v in sorted(pairs.items(), key=lambda p: (-p[1], p[0])))


def _subfunctions(analysis: Analysis, words: Words) -> tuple[Share, ...]:
    """Every code's share of the duties, general ones left out, as `mix` counts them."""
    total: dict[str, float] = {}
    for duty in analysis.duties:
        for code, share in duty.codes:
            if words.function_of(code) != "general":
                total[code] = total.get(code, 0.0) + share
    everything = sum(total.values())
    return _shares({c: s / everything for c, s in total.items()}, words)


def _explained(analysis: Analysis) -> list[str]:
    """The functions worth explaining: the primary one and all counted; else the likeliest, which was turned down."""
    named = [f for f in analysis.scores if f in analysis.functions]
    if analysis.primary in named:
        named.sort(key=lambda f: f != analysis.primary)
    return named or sorted(analysis.scores, key=lambda f: -analysis.scores.get(f, 0.0))[:1]


def _evidence(analysis: Analysis, function: str, words: Words) -> Evidence:
    weighed = [Weighed(n, safe_line(d.text), codes_of(d), d.weights.get(function, 0.0)) for n, d in enumerate(analysis.duties, 1)]
    order = sorted(weighed, key=lambda w: (-abs(w.weight), w.number))
    supporting = [w for w in order if w.weight >= SLIGHT][:STRONGEST]
    opposing = [w for w in order if w.weight <= -SLIGHT][:STRONGEST]
    heading = words.say("evidence.heading", function=words.inline(function))
    return Evidence(function, heading, tuple(supporting), tuple(opposing), analysis.rest.get(function, 0.0))


def _steps(analysis: Analysis, text: str, words: Words) -> tuple[Covered, ...]:
    steps = words.profiles.steps
    out = []
    for covered in analysis.steps:
        number = int(covered["step"])
        found = dict.fromkeys(safe_line(text[e["start"] : e["end"]], 60) for e in covered["evidence"])
        out.append(Covered(number, steps[number].name.of(words.ui) if number in steps else str(number), tuple(found)))
    return tuple(out)

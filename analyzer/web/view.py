"""From an Analysis to what the templates show: pieces of text, cards of duties, bars. Plain data, nothing is written here."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from analyzer.analysis import Analysis, Duty, Zone
from analyzer.profiles import Profiles, load_profiles
from analyzer.report.visible import safe, safe_line
from analyzer.report.words import SURE, Words
from analyzer.text.mark import mark_of
from analyzer.web.i18n import translator
from analyzer.web.strikes import Struck
from analyzer.web.words import Word

MOST_CARDS = 200
"""Duties told one by one; a posting has a dozen. Those after them are marked in the text alone."""
CARRIES = 0.1
"""A duty carries a score if what it adds is at least this share of the largest addition."""
BAR = 1000
"""Width of a bar in its own units."""
NO_DUTY = ("R", "B", "C", "H", "X")


@dataclass
class Piece:
    """A run of the text. `duty`: number of its duty, else None; `word`: it mattered; `gone`: struck out."""

    text: str
    zone: str = ""
    duty: int | None = None
    word: bool = False
    gone: bool = False


@dataclass
class Card:
    """What is told of one duty. `strike`: the span to strike in the user's own text."""

    number: int
    duty: Duty
    function: str
    function_name: str
    name: str
    others: str
    probability: str
    weights: list[dict[str, Any]]
    words: list[str]
    carries: list[str]
    strike: str
    text: str


@dataclass
class Result:
    """Everything `_result.html` shows of one posting. `prefix` keeps the ids of two results on one page apart."""

    prefix: str
    analysis: Analysis
    text: str
    given_title: str
    mark: str
    headline: str = ""
    also: str = ""
    title_line: str = ""
    title_scores: str = ""
    reasons: list[str] = field(default_factory=list)
    failure: list[str] = field(default_factory=list)
    groups: list[tuple[int | None, list[Piece]]] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    mix: list[dict[str, Any]] = field(default_factory=list)
    subfunctions: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    struck: list[dict[str, str]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    profiles: Profiles | None = None
    notice: str = ""


def build(
    text: str,
    title: str,
    ui: str,
    analysis: Analysis,
    words: Sequence[Sequence[Word]],
    *,
    struck: Struck | None = None,
    before: Analysis | None = None,
    prefix: str = "",
    profiles: Profiles | None = None,
) -> Result:
    """The view of one posting.

    text: as the user gave it; analysis, words: of `struck.text`, where duties were struck; before: of `text` then;
    profiles: of the model the analysis is from.
    """
    say = Words(ui, profiles)
    cut = struck or Struck(text, ())
    result = Result(prefix, analysis, text, title, mark_of(text))
    result.struck = [{"value": f"{s}-{e}", "text": safe_line(text[s:e], 120)} for _, s, e in cut.cuts]
    if not analysis.ok:
        result.failure = [say.status(analysis.status), *(say.reason(r) for r in analysis.reasons), _advice(analysis.status, ui)]
        return result
    most = {f: max((d.weights[f] for d in analysis.duties), default=0.0) for f in analysis.scores}
    largest = max((abs(w) for d in analysis.duties for w in d.weights.values()), default=0.0) or 1.0
    starts = [z.start for z in analysis.zones]
    shown = enumerate(analysis.duties[:MOST_CARDS])
    result.cards = [
        _card(n, d, zone_of(d, analysis.zones, starts), words[n] if n < len(words) else (), cut, most, largest, say) for n, d in shown
    ]
    result.groups = grouped(pieces(text, analysis, words, cut))
    result.looks = [say.look(d.function) for d in analysis.duties]
    result.profiles = say.profiles
    _headline(result, say)
    _title(result, say)
    result.reasons = [say.review(r) for r in analysis.reasons]
    result.scores = [_score(f, result.cards, analysis, before, say, translator(ui)) for f in analysis.scores]
    result.answers = [{"name": _answer(a, say), "percent": say.percent(p), "key": a} for a, p in analysis.probability.items()]
    result.mix = _mix(analysis, say)
    result.subfunctions = _subfunctions(analysis, say)
    result.steps = _steps(analysis, say, cut.text)
    return result


def _advice(status: str, ui: str) -> str:
    said = translator(ui)(f"advice_{status}")
    return "" if said.startswith("advice_") else said


def _answer(answer: str, say: Words) -> str:
    return say.none() if answer == "none" else say.name(answer)


def _headline(result: Result, say: Words) -> None:
    a = result.analysis
    primary = a.primary or "none"
    sure = a.probability[primary]
    if primary == "none":
        result.headline = say.nothing(a.scores, say.percent(sure), sure >= SURE)
    else:
        key = "headline.sure" if sure >= SURE else "headline.unsure"
        result.headline = say.say(key, function=say.inline(primary), percent=say.percent(sure))
    more = [say.inline(f) for f in a.functions if f != primary]
    result.also = say.say("headline.also", functions=say.listed(more)) if more else ""


def _title(result: Result, say: Words) -> None:
    title, a = result.analysis.title, result.analysis
    if title is None:
        return
    shown = safe_line(title.text, 120)
    if title.function is None:
        result.title_line = say.say("title.unknown", title=shown)
        return
    key = "mismatch" if title.mismatch else "kept"
    result.title_line = say.say(f"title.{key}", title=shown, promised=say.inline(title.function), actual=say.inline(a.primary or "none"))
    told = say.listed([f"{say.name(f)} {say.percent(s)}" for f, s in title.scores_with_title.items()])
    result.title_scores = say.say("title.scores", scores=told)


def zone_of(duty: Duty, zones: Sequence[Zone], starts: Sequence[int]) -> Zone | None:
    """The zone a duty lies in; starts: where each zone begins, ascending."""
    at = bisect.bisect_right(starts, duty.start) - 1
    return zones[at] if at >= 0 and duty.end <= zones[at].end else None


def _card(
    number: int, duty: Duty, zone: Zone | None, words: Sequence[Word], cut: Struck, most: dict[str, float], largest: float, say: Words
) -> Card:
    start, end = cut.original(zone.start if zone else duty.start, zone.end if zone else duty.end)
    weights = []
    for f in most:
        width = round(abs(duty.weights[f]) / largest * BAR / 2)
        middle = BAR // 2
        weights.append(
            {
                "function": say.look(f),
                "name": say.name(f),
                "value": say.signed(duty.weights[f]),
                "width": width,
                "x": middle if duty.weights[f] >= 0 else middle - width,
            }
        )
    return Card(
        number=number + 1,
        duty=duty,
        function=say.look(duty.function),
        function_name=say.name(duty.function),
        name=say.name(duty.code),
        others=say.listed([f"{say.name(c)} {say.percent(s)}" for c, s in duty.codes]) if len(duty.codes) > 1 else "",
        probability=say.percent(duty.probability),
        weights=weights,
        words=list(dict.fromkeys(safe_line(p.text, 40) for p, _ in words)),
        carries=[f for f in most if duty.weights[f] > 0 and duty.weights[f] >= CARRIES * most[f]],
        strike=f"{start}-{end}",
        text=safe_line(duty.text, 400),
    )


def pieces(text: str, a: Analysis, words: Sequence[Sequence[Word]], cut: Struck) -> list[Piece]:
    """The user's text, whole and in order, in runs that look alike. Concatenated (before `safe`) they are the text."""
    kept = cut.text
    edges = {0, len(kept)}
    for z in a.zones:
        edges |= {z.start, z.end}
    for d in a.duties:
        edges |= {d.start, d.end}
    word_spans = [(p.start, p.end) for w in words for p, _ in w]
    for start, end in word_spans:
        edges |= {start, end}
    edges |= {place for place, _, _ in cut.cuts}
    out: list[Piece] = []
    order = sorted(e for e in edges if 0 <= e <= len(kept))
    zones, duties = _covering(order, [(z.start, z.end) for z in a.zones]), _covering(order, [(d.start, d.end) for d in a.duties])
    mattered = _covering(order, sorted(word_spans))
    gone = {place: (s, e) for place, s, e in cut.cuts}
    for n, at in enumerate(order):
        if at in gone:
            out.append(Piece(safe(text[gone[at][0] : gone[at][1]]), "D", gone=True))
        if n + 1 < len(order):
            zone = zones[n]
            label = a.zones[zone].label if zone is not None else ""
            out.append(Piece(safe(kept[at : order[n + 1]]), label, duties[n], mattered[n] is not None))
    return out


def _covering(order: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each run between two edges, the number of the span (ascending, apart) it lies in."""
    out: list[int | None] = []
    at = 0
    for edge in order:
        while at < len(spans) and spans[at][1] <= edge:
            at += 1
        out.append(at if at < len(spans) and spans[at][0] <= edge < spans[at][1] else None)
    return out


def grouped(runs: Sequence[Piece]) -> list[tuple[int | None, list[Piece]]]:
    """Neighbouring pieces of one duty together, so that a duty is one element of the page."""
    out: list[tuple[int | None, list[Piece]]] = []
    for piece in runs:
        if not piece.text:
            continue
        if out and piece.duty is not None and out[-1][0] == piece.duty and not piece.gone:
            out[-1][1].append(piece)
        else:
            out.append((None if piece.gone else piece.duty, [piece]))
    return out


def _score(f: str, cards: Sequence[Card], a: Analysis, before: Analysis | None, say: Words, t: Callable[..., str]) -> dict[str, Any]:
    value = a.scores[f]
    carried = [c.number for c in cards if f in c.carries]
    return {
        "function": say.look(f),
        "name": say.name(f),
        "value": value,
        "percent": say.percent(value),
        "words": say.strength(value),
        "meaning": t("score_meaning", count=min(99, max(1, round(value * 100)))),
        "counted": f in a.functions,
        "width": round(value * BAR),
        "carried": say.listed([str(n) for n in carried]),
        "before": say.percent(before.scores[f]) if before is not None and before.ok else "",
    }


def _mix(a: Analysis, say: Words) -> list[dict[str, Any]]:
    out, x = [], 0
    for f, share in a.mix.items():
        width = round(share * BAR)
        out.append(
            {
                "function": say.look(f),
                "name": say.say("mix.other") if f == "other" else say.name(f),
                "share": say.percent(share),
                "x": x,
                "width": width,
            }
        )
        x += width
    return out


def _subfunctions(a: Analysis, say: Words) -> list[dict[str, Any]]:
    share: dict[str, float] = {}
    for duty in a.duties:
        for code, part in duty.codes:
            share[code] = share.get(code, 0.0) + part
    total = sum(v for c, v in share.items() if say.function_of(c) != "general")
    order = sorted(share, key=lambda c: (-share[c], c))
    return [
        {
            "code": c,
            "function": say.look(say.function_of(c)),
            "name": say.name(c),
            "share": say.percent(share[c] / total) if total and c != "g" else "–",
        }
        for c in order
    ]


def _steps(a: Analysis, say: Words, text: str) -> list[dict[str, Any]]:
    covered = {s["step"]: s["evidence"] for s in a.steps}
    out = []
    for number, step in say.profiles.steps.items():
        evidence = dict.fromkeys(safe_line(text[e["start"] : e["end"]], 40) for e in covered.get(number, ()))
        out.append(
            {
                "number": number,
                "name": step.name.of(say.ui),
                "what": step.what.of(say.ui),
                "covered": number in covered,
                "evidence": list(evidence),
            }
        )
    return out


def codes(ui: str, profiles: Profiles | None = None) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(function, its name, [(code, name)]) of all codes a duty can be given, then what is no duty."""
    profiles, t = profiles or load_profiles(), translator(ui)
    groups = [f for f in (*profiles.functions, "other") if profiles.codes_of(f)]
    out = [(f, profiles.name(f, ui), [(c, profiles.name(c, ui)) for c in profiles.codes_of(f)]) for f in groups]
    out.append(("general", profiles.name("general", ui), [("g", profiles.name("g", ui))]))
    out.append(("zone", t("not_a_duty"), [(z, t(f"zone_{z}")) for z in NO_DUTY]))
    return out

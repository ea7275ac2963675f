"""From an annotated Doc to the Analysis that every surface shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from analyzer.analysis import ANSWERS, FUNCTIONS, Analysis, Duty, Phrase, Piece, Title, Zone, function_of, rounded
from analyzer.pipeline.component import text_of
from analyzer.pipeline.functions import PROMISES, Functions
from analyzer.profiles import Profiles, covered_steps, title_function
from analyzer.text.view import folded, view

SECOND = 0.4
"""A second code is told where its probability is at least this share of the strongest one's."""


FEW = 3
"""In so few duties, two functions are told apart by a word or two: readers of different companies would differ."""


def read_doc(nlp: Language, doc: Doc, *, title: str | None, id: str | None, model: str, mixed: bool) -> Analysis:
    """What the pipeline left on the Doc, as an Analysis."""
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    lang = str(nlp.lang)
    text = text_of(doc)
    duties = _duties(doc, text)
    probability = {a: rounded(doc.cats[f"primary:{a}"]) for a in ANSWERS}
    primary = max(ANSWERS, key=lambda a: probability[a])
    scores = {f: rounded(doc.cats[f]) for f in FUNCTIONS}
    functions = tuple(f for f in FUNCTIONS if scores[f] >= component.thresholds[f] or f == primary)
    raw, rest = _log_odds(doc, duties)
    mix, other = _mix(duties)
    reasons = review_reasons(doc, duties, probability, component, mixed)
    return Analysis(
        status="ok",
        language=lang,
        model=model,
        id=id,
        primary=primary,
        probability=probability,
        functions=functions,
        scores=scores,
        raw=raw,
        rest=rest,
        mix=mix,
        other=other,
        title=_title(title, lang, component, primary, functions, raw) if title else None,
        steps=_steps(duties, lang, component.profiles),
        review=bool(reasons),
        reasons=tuple(reasons),
        duties=duties,
        zones=tuple(Zone(s.start_char, s.end_char, s.label_) for s in doc.spans["zones"]),
    )


def _piece(text: str, span: Span) -> Piece:
    return Piece(span.start_char, span.end_char, text[span.start_char : span.end_char])


def _duties(doc: Doc, text: str) -> tuple[Duty, ...]:
    group = doc.spans["duties"]
    attrs = group.attrs
    phrases = _phrases(doc, text, len(group))
    out = []
    for number, span in enumerate(group):
        probabilities = attrs["probabilities"][number]
        purpose = attrs["purpose"][number]
        piece = _piece(text, span)
        out.append(
            Duty(
                piece.start,
                piece.end,
                piece.text,
                function_of(span.label_),
                span.label_,
                _codes(span.label_, probabilities, attrs["codes"]),
                rounded(probabilities[attrs["codes"].index(span.label_)]),
                {f: rounded(w) for f, w in zip(FUNCTIONS, attrs["weights"][number], strict=True)},
                _piece(text, doc[purpose[0] : purpose[1]]) if purpose else None,
                tuple(phrases[number]),
            )
        )
    return tuple(out)


def _phrases(doc: Doc, text: str, count: int) -> list[list[Phrase]]:
    group = doc.spans["phrases"]
    out: list[list[Phrase]] = [[] for _ in range(count)]
    for span, owner, verb, target in zip(group, group.attrs["duty"], group.attrs["verb"], group.attrs["object"], strict=True):
        out[owner].append(Phrase(_piece(text, doc[verb[0] : verb[1]]), _piece(text, doc[target[0] : target[1]]), span.label_))
    return out


def _codes(best: str, probabilities: Any, codes: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The strongest code, and a second one of the posting's three functions where the statement plainly holds both."""
    top = float(probabilities[codes.index(best)])
    order = sorted(range(len(codes)), key=lambda i: (-probabilities[i], codes[i]))
    second = next((codes[i] for i in order if codes[i] != best), None)
    if second is None or second[0] in "ng" or best[0] in "ng" or probabilities[codes.index(second)] < SECOND * top:
        return ((best, 1.0),)
    share = top / (top + float(probabilities[codes.index(second)]))
    return ((best, rounded(share)), (second, rounded(1 - rounded(share))))


def _log_odds(doc: Doc, duties: Sequence[Duty]) -> tuple[dict[str, float], dict[str, float]]:
    """raw and rest, so that raw = the duties' weights + rest, to the last decimal told."""
    raw = {f: rounded(r) for f, r in zip(FUNCTIONS, doc.spans["duties"].attrs["raw"], strict=True)}
    return raw, {f: rounded(raw[f] - sum(d.weights[f] for d in duties)) for f in FUNCTIONS}


def _mix(duties: Sequence[Duty]) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of the duties, general ones left out; other functions by their family."""
    shares = dict.fromkeys((*FUNCTIONS, "other"), 0.0)
    other: dict[str, float] = {}
    for duty in duties:
        for code, share in duty.codes:
            function = function_of(code)
            if function == "general":
                continue
            shares[function] += share
            if function == "other":
                other[code] = other.get(code, 0.0) + share
    total = sum(shares.values())
    if not total:
        return shares, {}
    return {k: rounded(v / total) for k, v in shares.items()}, {k: rounded(other[k] / total) for k in sorted(other)}


def _title(title: str, lang: str, component: Functions, primary: str, functions: Sequence[str], raw: dict[str, float]) -> Title:
    promised = title_function(folded(view(title).text, lang), lang, component.profiles)
    promised = promised if promised in PROMISES else None  # a function of the user's own, which no model scores yet
    scores = component.scores_with_title(np.array([raw[f] for f in FUNCTIONS]), promised)
    kept = promised is None or promised == primary or promised in functions
    return Title(title, promised, not kept, {f: rounded(s) for f, s in zip(FUNCTIONS, scores, strict=True)})


def _steps(duties: Sequence[Duty], lang: str, profiles: Profiles | None) -> tuple[dict[str, Any], ...]:
    found: dict[int, list[dict[str, int]]] = {}
    for duty in duties:
        for step, matches in covered_steps(folded(duty.text, lang), lang, profiles).items():
            found.setdefault(step, []).extend({"start": duty.start + m.start, "end": duty.start + m.end} for m in matches)
    return tuple({"step": step, "evidence": found[step]} for step in sorted(found))


def review_reasons(doc: Doc, duties: Sequence[Duty], probability: dict[str, float], component: Functions, mixed: bool) -> list[str]:
    """Why a person should look at this posting; empty where the result stands on its own."""
    reasons = []
    ordered = sorted(probability.values(), reverse=True)
    if not duties:
        reasons.append("no_duty_found")
    elif sum(len(d.text) for d in duties) < (12 if doc.lang_ == "zh" else 30):
        reasons.append("too_little_text")
    if ordered[0] < component.review_below:
        reasons.append("close_scores")
    if 0 < len(duties) <= FEW and sum(doc.cats[f] >= component.thresholds[f] for f in FUNCTIONS) > 1:
        reasons.append("functions_overlap")
    if mixed:
        reasons.append("two_languages")
    if several_jobs(doc):
        reasons.append("several_jobs")
    if duties and component.known_share(doc) < component.review_unknown:
        reasons.append("unlike_training")
    return reasons


def several_jobs(doc: Doc) -> bool:
    """Whether the text goes through duties and requirements twice or more, each time under a heading."""
    rounds, seen_duty, headed = 0, False, False
    for zone in doc.spans["zones"]:
        if zone.label_ == "H":
            headed = True
        elif zone.label_ == "D":
            seen_duty = seen_duty or headed
        elif zone.label_ == "R" and seen_duty and headed:
            rounds += 1
            seen_duty = headed = False
        elif zone.label_ in "BCX":
            headed = False
    return rounds >= 2

"""From a batch that went through the pipeline, or an annotated Doc, to the Analysis that every surface shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.analysis import Analysis, Duty, Phrase, Piece, Scheme, Title, Zone, of_a_function, rounded
from analyzer.pipeline.functions import Functions, promises
from analyzer.pipeline.pages import Pages, of_scores, pages_of
from analyzer.profiles import Profiles, covered_steps, title_function
from analyzer.text.view import View, folded, lowered, simplified, view

SECOND = 0.4
"""A second code is told where its probability is at least this share of the strongest one's."""


FEW = 3
"""In so few duties, two functions are told apart by a word or two: readers of different companies would differ."""


class Reader:
    """Makes Analyses of the postings of one batch that went through the pipeline.

    evidence: otherwise zones, phrases, purposes, steps and scores with the title, which no column of a table shows, are left out.
    """

    def __init__(self, component: Functions, pages: Pages, model: str, evidence: bool = True) -> None:
        """component: the pipeline's `jd_functions`; model: its name, for the Analyses."""
        self.component, self.pages, self.model = component, pages, model
        self.lang, self.codes, self.scheme = pages.lang, component.codes, component.scheme
        self.evidence, self.thresholds = evidence, component.thresholds
        self.known = component.known_shares(pages)
        count = len(pages)
        self.of_zones, self.of_duties = pages.zones.edges(count), pages.duties.edges(count)
        self.of_phrases = np.searchsorted(pages.phrases[:, 0], np.arange(len(pages.duties) + 1)).tolist()
        begin, end = pages.start, pages.end
        self.zones: list[tuple[int, int, str]] = []
        self.phrases: list[list[int]] = []
        if evidence:
            self._all_evidence()
        self.duties = list(zip(begin[pages.duties.begin].tolist(), end[pages.duties.stop - 1].tolist(), strict=True))
        self.weights = [dict(zip(self.scheme.functions, map(rounded, row), strict=True)) for row in pages.weights.tolist()]
        self.shares = shared_codes(pages.codes, pages.probabilities, self.codes)
        self.answers, self.scores, self.raw = pages.answers.tolist(), pages.scores.tolist(), pages.raw.tolist()

    def _all_evidence(self) -> None:
        pages = self.pages
        begin, end = pages.start, pages.end
        self.zones = list(zip(begin[pages.zones.begin].tolist(), end[pages.zones.stop - 1].tolist(), pages.labels, strict=True))
        bounds = pages.phrases
        self.phrases = np.stack([begin[bounds[:, 1]], end[bounds[:, 2] - 1], begin[bounds[:, 3]], end[bounds[:, 4] - 1]], axis=1).tolist()

    def read(self, number: int, *, title: str | None, id: str | None, mixed: bool) -> Analysis:
        """One posting's Analysis."""
        text = self.pages.texts[number]
        duties = tuple(self._duty(text, n) for n in range(self.of_duties[number], self.of_duties[number + 1]))
        every = self.scheme.functions
        probability = dict(zip(self.scheme.answers, map(rounded, self.answers[number]), strict=True))
        primary = max(probability, key=probability.__getitem__)
        exact = dict(zip(every, self.scores[number], strict=True))
        scores = {f: rounded(s) for f, s in exact.items()}
        functions = tuple(f for f in every if scores[f] >= self.thresholds[f] or f == primary)
        raw = dict(zip(every, map(rounded, self.raw[number]), strict=True))
        rest = {f: rounded(raw[f] - sum(d.weights[f] for d in duties)) for f in every}
        mix, other = _mix(duties, self.scheme)
        mine = slice(self.of_zones[number], self.of_zones[number + 1])
        several = sum(exact[f] >= self.thresholds[f] for f in every)
        reasons = self._review_reasons(duties, self.pages.labels[mine], probability, several, self.known[number], mixed)
        return Analysis(
            status="ok",
            language=self.lang,
            model=self.model,
            id=id,
            primary=primary,
            probability=probability,
            functions=functions,
            scores=scores,
            raw=raw,
            rest=rest,
            mix=mix,
            other=other,
            title=self._title(title, primary, functions, raw) if title else None,
            steps=_steps(duties, self.lang, self.pages.view(number), self.component.profiles) if self.evidence else (),
            review=bool(reasons),
            reasons=tuple(reasons),
            duties=duties,
            zones=tuple(Zone(*z) for z in self.zones[mine]),
        )

    def _duty(self, text: str, n: int) -> Duty:
        pages, code = self.pages, self.pages.codes[n]
        start, end = self.duties[n]
        purpose = pages.purposes[n] if self.evidence else None
        codes, probability = self.shares[n]
        return Duty(
            start,
            end,
            text[start:end],
            self.scheme.function_of(code),
            code,
            codes,
            probability,
            self.weights[n],
            _piece(text, int(pages.start[purpose[0]]), int(pages.end[purpose[1] - 1])) if purpose else None,
            ()
            if not self.evidence
            else tuple(
                Phrase(_piece(text, v, v_end), _piece(text, o, o_end), pages.phrase_codes[m])
                for m, (v, v_end, o, o_end) in enumerate(self.phrases[self.of_phrases[n] : self.of_phrases[n + 1]], self.of_phrases[n])
            ),
        )

    def _title(self, title: str, primary: str, functions: Sequence[str], raw: dict[str, float]) -> Title:
        promised = title_function(folded(view(title).text, self.lang), self.lang, self.component.profiles)
        promised = promised if promised in promises(self.scheme) else None  # a function of the user's own, which the model does not score
        kept = promised is None or promised == primary or promised in functions
        if not self.evidence:
            return Title(title, promised, not kept, {})
        scores = self.component.scores_with_title(np.array(list(raw.values())), promised)
        return Title(title, promised, not kept, dict(zip(self.scheme.functions, map(rounded, scores.tolist()), strict=True)))

    def _review_reasons(
        self, duties: Sequence[Duty], zones: Sequence[str], probability: dict[str, float], several: int, known: float, mixed: bool
    ) -> list[str]:
        """Why a person should look at this posting; empty where the result stands on its own."""
        reasons = []
        if not duties:
            reasons.append("no_duty_found")
        elif sum(len(d.text) for d in duties) < (12 if self.lang == "zh" else 30):
            reasons.append("too_little_text")
        if max(probability.values()) < self.component.review_below:
            reasons.append("close_scores")
        if 0 < len(duties) <= FEW and several > 1:
            reasons.append("functions_overlap")
        if mixed:
            reasons.append("two_languages")
        if several_jobs(zones):
            reasons.append("several_jobs")
        if duties and known < self.component.review_unknown:
            reasons.append("unlike_training")
        return reasons


def read_doc(nlp: Language, doc: Doc, *, title: str | None, id: str | None, model: str, mixed: bool) -> Analysis:
    """What the pipeline left on a Doc, as an Analysis."""
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    pages = pages_of([doc])
    pages.scores, pages.answers = of_scores([doc], component.scheme.functions, component.scheme.answers)
    return Reader(component, pages, model).read(0, title=title, id=id, mixed=mixed)


def _piece(text: str, start: int, end: int) -> Piece:
    return Piece(start, end, text[start:end])


def shared_codes(best: Sequence[str], probabilities: Any, codes: Sequence[str]) -> list[tuple[tuple[tuple[str, float], ...], float]]:
    """For each duty its codes and its own code's probability.

    The codes are the strongest, and a second one of the functions that are scored where the statement plainly holds both.
    """
    if not best:
        return []
    place = {c: i for i, c in enumerate(codes)}
    # of equals the first by name comes first
    order = np.array(sorted(range(len(codes)), key=lambda i: codes[i]))
    own = np.array([place[b] for b in best])
    rows = np.arange(len(own))
    top = probabilities[rows, own]
    rest = probabilities.copy()
    rest[rows, own] = -1.0
    second = order[rest[:, order].argmax(axis=1)]
    out = []
    for code, high, other, low in zip(best, top.tolist(), second.tolist(), rest[rows, second].tolist(), strict=True):
        found: tuple[tuple[str, float], ...] = ((code, 1.0),)
        if len(codes) > 1 and of_a_function(codes[other]) and of_a_function(code) and low >= SECOND * high:
            share = rounded(high / (high + low))
            found = ((code, share), (codes[other], rounded(1 - share)))
        out.append((found, rounded(high)))
    return out


def _mix(duties: Sequence[Duty], scheme: Scheme) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of the duties, general ones left out; other functions by their family."""
    shares = dict.fromkeys(scheme.shares, 0.0)
    other: dict[str, float] = {}
    for duty in duties:
        for code, share in duty.codes:
            function = scheme.function_of(code)
            if function == "general":
                continue
            shares[function] += share
            if function == "other":
                other[code] = other.get(code, 0.0) + share
    total = sum(shares.values())
    if not total:
        return shares, {}
    return {k: rounded(v / total) for k, v in shares.items()}, {k: rounded(other[k] / total) for k in sorted(other)}


def _steps(duties: Sequence[Duty], lang: str, seen: View, profiles: Profiles | None) -> tuple[dict[str, Any], ...]:
    found: dict[int, list[dict[str, int]]] = {}
    same = seen.begin is None  # the view differs in script at most: Chinese is converted once for all duties
    for duty in duties:
        text = seen.text[duty.start : duty.end] if same else simplified(duty.text) if lang == "zh" else duty.text
        for step, matches in covered_steps(lowered(text, lang), lang, profiles).items():
            found.setdefault(step, []).extend({"start": duty.start + m.start, "end": duty.start + m.end} for m in matches)
    return tuple({"step": step, "evidence": found[step]} for step in sorted(found))


def several_jobs(zones: Sequence[str]) -> bool:
    """Whether the text goes through duties and requirements twice or more, each time under a heading."""
    rounds, seen_duty, headed = 0, False, False
    for zone in zones:
        if zone == "H":
            headed = True
        elif zone == "D":
            seen_duty = seen_duty or headed
        elif zone == "R" and seen_duty and headed:
            rounds += 1
            seen_duty = headed = False
        elif zone in "BCX":
            headed = False
    return rounds >= 2

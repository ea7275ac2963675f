"""From a batch that went through the pipeline, or an annotated Doc, to the Analysis that every surface shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.analysis import Analysis, Duty, Phrase, Piece, Title, Told, Zone, in_order, rounded, strongest
from analyzer.pipeline.functions import Functions, promises
from analyzer.pipeline.pages import Pages, of_scores, pages_of
from analyzer.pipeline.shares import Shares, rounded_all
from analyzer.profiles import Profiles, covered_steps, title_function
from analyzer.text.view import View, folded, lowered, simplified, view

FEW = 3
"""In so few duties, two functions are told apart by a word or two: readers of different companies would differ."""


class Reader:
    """Makes Analyses of the postings of one batch that went through the pipeline.

    evidence: otherwise what no column of a table shows is left out: zones, the duties themselves, log-odds, steps, scores with the title.
    """

    def __init__(self, component: Functions, pages: Pages, model: str, evidence: bool = True) -> None:
        """component: the pipeline's `jd_functions`; model: its name, for the Analyses."""
        self.component, self.pages, self.model = component, pages, model
        self.lang, self.codes, self.scheme = pages.lang, component.codes, component.scheme
        self.evidence = evidence
        self.of_zones, self.of_duties = pages.zones.edges(len(pages)), pages.duties.edges(len(pages))
        shares = Shares(pages.codes, pages.probabilities, self.codes)
        self.pairs = shares.pairs()
        begin, end = pages.start[pages.duties.begin], pages.end[pages.duties.stop - 1]
        self.duties = list(zip(begin.tolist(), end.tolist(), strict=True))
        weights = rounded_all(pages.weights.reshape(len(pages.duties), len(self.scheme.functions)))
        self._of_postings(shares, np.bincount(pages.duties.owner, end - begin, len(pages)))
        self._promised: dict[str, str | None] = {}
        if evidence:
            self._all_evidence(shares, weights)
        else:
            self.strengths: list[float] = np.abs(weights).max(axis=1).tolist()

    def _of_postings(self, shares: Shares, characters: NDArray[Any]) -> None:
        """What is said of each posting; characters: (P,) that stand in its duties."""
        pages, component, every = self.pages, self.component, self.scheme.functions
        answers, scores = rounded_all(pages.answers), rounded_all(pages.scores)
        limits = np.array([component.thresholds[f] for f in every])
        best = answers.argmax(axis=1)
        told = (scores >= limits) | (best[:, None] == np.arange(len(every)))
        self.answers, self.scores, self.told, self.best = answers.tolist(), scores.tolist(), told.tolist(), best.tolist()
        self.mix = shares.mix(pages.duties.owner, self.scheme, len(pages)).tolist()
        duties = np.bincount(pages.duties.owner, minlength=len(pages))
        several = (pages.scores >= limits).sum(axis=1) > 1
        doubts = {
            "no_duty_found": duties == 0,
            "too_little_text": (duties > 0) & (characters < (12 if self.lang == "zh" else 30)),
            "close_scores": answers.max(axis=1) < component.review_below,
            "functions_overlap": (duties > 0) & (duties <= FEW) & several,
            "two_languages": np.zeros(len(pages), bool),  # that is known of the whole text
            "several_jobs": [several_jobs(pages.labels[a:b]) for a, b in itertools.pairwise(self.of_zones)],
            "unlike_training": (duties > 0) & (np.array(component.known_shares(pages)) < component.review_unknown),
        }
        self.doubts, self.doubtful = tuple(doubts), np.array(list(doubts.values())).T.tolist()

    def _all_evidence(self, shares: Shares, weights: NDArray[np.float64]) -> None:
        pages, every = self.pages, self.scheme.functions
        begin, end = pages.start, pages.end
        self.zones = list(zip(begin[pages.zones.begin].tolist(), end[pages.zones.stop - 1].tolist(), pages.labels, strict=True))
        bounds = pages.phrases
        self.of_phrases = np.searchsorted(bounds[:, 0], np.arange(len(pages.duties) + 1)).tolist()
        self.phrases = np.stack([begin[bounds[:, 1]], end[bounds[:, 2] - 1], begin[bounds[:, 3]], end[bounds[:, 4] - 1]], axis=1).tolist()
        raw, owner = rounded_all(pages.raw), pages.duties.owner
        added = np.stack([np.bincount(owner, column, len(pages)) for column in weights.T], axis=1)
        self.raw, self.rest = raw.tolist(), rounded_all(raw - added).tolist()
        self.weights = [dict(zip(every, row, strict=True)) for row in weights.tolist()]
        self.probability = shares.probability.tolist()
        self.other = shares.other(owner, self.scheme, len(pages))

    def read(self, number: int, *, title: str | None, id: str | None, mixed: bool) -> Analysis:
        """One posting's Analysis."""
        every, answers = self.scheme.functions, self.scheme.answers
        primary = answers[self.best[number]]
        functions = tuple(itertools.compress(every, self.told[number]))
        doubtful = self.doubtful[number]
        doubtful[self.doubts.index("two_languages")] = mixed
        reasons = tuple(itertools.compress(self.doubts, doubtful))
        mine = range(self.of_duties[number], self.of_duties[number + 1])
        text, evidence = self.pages.texts[number], self.evidence
        duties = tuple(self._duty(text, n) for n in mine) if evidence else ()
        return Analysis(
            status="ok",
            language=self.lang,
            model=self.model,
            id=id,
            primary=primary,
            probability=dict(zip(answers, self.answers[number], strict=True)),
            functions=functions,
            scores=dict(zip(every, self.scores[number], strict=True)),
            raw=dict(zip(every, self.raw[number], strict=True)) if evidence else {},
            rest=dict(zip(every, self.rest[number], strict=True)) if evidence else {},
            mix=dict(zip(self.scheme.shares, self.mix[number], strict=True)),
            other=self.other[number] if evidence else {},
            title=self._title(title, number, primary, functions) if title else None,
            steps=_steps(duties, self.lang, self.pages.view(number), self.component.profiles) if evidence else (),
            review=bool(reasons),
            reasons=reasons,
            duties=duties,
            zones=tuple(Zone(*z) for z in self.zones[self.of_zones[number] : self.of_zones[number + 1]]) if evidence else (),
            told=None if evidence else self._told(text, mine),
        )

    def _told(self, text: str, mine: range) -> Told:
        """What a table's columns show of a posting's duties."""
        best = strongest(self.strengths[mine.start : mine.stop])
        return Told(in_order(self.pairs[mine.start : mine.stop]), tuple(text[slice(*self.duties[mine.start + n])] for n in best))

    def _duty(self, text: str, n: int) -> Duty:
        pages, code = self.pages, self.pages.codes[n]
        start, end = self.duties[n]
        purpose = pages.purposes[n]
        return Duty(
            start,
            end,
            text[start:end],
            self.scheme.function_of(code),
            code,
            self.pairs[n],
            self.probability[n],
            self.weights[n],
            _piece(text, int(pages.start[purpose[0]]), int(pages.end[purpose[1] - 1])) if purpose else None,
            tuple(
                Phrase(_piece(text, v, v_end), _piece(text, o, o_end), pages.phrase_codes[m])
                for m, (v, v_end, o, o_end) in enumerate(self.phrases[self.of_phrases[n] : self.of_phrases[n + 1]], self.of_phrases[n])
            ),
        )

    def _title(self, title: str, number: int, primary: str, functions: Sequence[str]) -> Title:
        if title not in self._promised:
            promised = title_function(folded(view(title).text, self.lang), self.lang, self.component.profiles)
            # None also of a function of the user's own, which the model does not score
            self._promised[title] = promised if promised in promises(self.scheme) else None
        promised = self._promised[title]
        kept = promised is None or promised == primary or promised in functions
        if not self.evidence:
            return Title(title, promised, not kept, {})
        scores = self.component.scores_with_title(np.array(self.raw[number]), promised)
        return Title(title, promised, not kept, dict(zip(self.scheme.functions, map(rounded, scores.tolist()), strict=True)))


def read_doc(nlp: Language, doc: Doc, *, title: str | None, id: str | None, model: str, mixed: bool) -> Analysis:
    """What the pipeline left on a Doc, as an Analysis."""
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    pages = pages_of([doc])
    pages.scores, pages.answers = of_scores([doc], component.scheme.functions, component.scheme.answers)
    return Reader(component, pages, model).read(0, title=title, id=id, mixed=mixed)


def _piece(text: str, start: int, end: int) -> Piece:
    return Piece(start, end, text[start:end])


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

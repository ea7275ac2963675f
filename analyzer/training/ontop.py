"""Own postings on top of a model of the corpus: what they may change is decided by own postings held out.

First the posting's answers are corrected (`correct`), which a handful of labels can do. Whether the words of the duties
and of the whole text learn from them too (`adapt`) is tried out: held-out own postings must be told better by more than
the error of that difference, or the words stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from threadpoolctl import threadpool_limits

from analyzer.analysis import SHIPPED, Analysis
from analyzer.pipeline.build import build
from analyzer.pipeline.duty_model import DutyModel, softmax
from analyzer.pipeline.functions import Functions, PostingModel, sigmoid
from analyzer.pipeline.pages import pages_of
from analyzer.pipeline.sums import Array
from analyzer.reading import read_doc
from analyzer.training.adapt import MANY, Choice, Ground
from analyzer.training.corpus import company_groups, fold_of
from analyzer.training.correct import Seen, corrected, log_loss
from analyzer.training.fit import threshold
from analyzer.training.train import SMALLEST, Progress

FOLDS, PLENTY = 4, 2_000
"""Folds of the own postings, by company; two are enough where there are so many."""
WEIGHTS = (1, 3)
"""Times an own duty may count as much as one of the corpus."""
PLAIN = 2.0
"""Standard errors from which a difference is no chance."""


@dataclass
class OnTop:
    """The own postings' side of a retraining.

    arrays: of the component `jd_functions`; tried: mean log-loss of held-out own postings by choice; results: of every
    own posting, by a model and a correction that had not seen its company.
    """

    duty: DutyModel
    arrays: dict[str, Array]
    review_below: float
    review_unknown: float
    choice: Choice
    tried: dict[str, float]
    results: list[Analysis]


@dataclass
class Held:
    """A choice tried out: models by fold, and what they say of the postings they had not seen."""

    choice: Choice
    models: list[DutyModel]
    seen: Seen
    losses: Array = field(default_factory=lambda: np.zeros(0))


class Bench:
    """Own postings, what is known of them, and the models tried out on them."""

    def __init__(self, ground: Ground, base: Language) -> None:
        """Give the own Docs what the base model finds in them."""
        ground.find(base)
        self.ground, self.lang = ground, ground.lang
        component: Functions = base.get_pipe("jd_functions")  # type: ignore[assignment]
        self.shipped = ground.base.a
        self.limits = component.review_below, component.review_unknown
        self.scheme, self.profiles = component.scheme, component.profiles
        self.primary = np.array([self.scheme.answers.index(p["primary"]) for p in ground.own])
        self.functions = np.array([[f in p["functions"] for f in self.scheme.functions] for p in ground.own])
        self.labelled_inside = any(p.get("level") != "posting" for p in ground.own)
        self.fold = fold_of(company_groups(ground.own), FOLDS if len(ground.own) < PLENTY else 2)
        self.folds = [int(f) for f in np.unique(self.fold)]

    def rows(self, fold: int, held: bool = True) -> NDArray[np.int64]:
        """Own postings of a fold, or of the others."""
        return np.flatnonzero((self.fold == fold) == held)

    def docs(self, rows: NDArray[np.int64]) -> list[Doc]:
        """The Docs of these own postings."""
        return [self.ground.prepared.docs[self.ground.first + int(n)] for n in rows]

    def seen(self, duty: DutyModel, rows: NDArray[np.int64]) -> Seen:
        """What a model says of these own postings."""
        pages = pages_of(self.docs(rows))
        posting, judged, owner = PostingModel(duty.codes, self.shipped, self.scheme), duty.judge(pages), pages.duties.owner
        parts = posting.duty_shares(judged.duties, owner, len(rows))
        return Seen(posting.shares(parts, owner, judged.text), judged.text)

    def held(self, choice: Choice, known: Held | None = None, progress: Progress = lambda _: None) -> Held:
        """Try a choice out, fold by fold; `known`: another whose duties have learned alike."""
        models = []
        shares, text = np.zeros((len(self.fold), len(self.scheme.shares))), np.zeros((len(self.fold), len(self.scheme.answers)))
        for at, fold in enumerate(self.folds):
            progress(f"{self.lang}: own postings held out, {choice}: fold {at + 1} of {len(self.folds)}")
            models.append(self.ground.moved(choice, self.rows(fold, False), (known.choice, known.models[at]) if known else None))
            rows = self.rows(fold)
            seen = self.seen(models[-1], rows)
            shares[rows], text[rows] = seen.shares, seen.text
        out = Held(choice, models, Seen(shares, text), np.zeros(len(self.fold)))
        for fold in self.folds:
            rows = self.rows(fold)
            out.losses[rows] = log_loss(out.seen.take(rows).answers(self.corrected(out, fold)), self.primary[rows])
        return out

    def corrected(self, held: Held, without: int | None = None) -> dict[str, Array]:
        """The posting layer, corrected by all own postings, or without those of a fold."""
        rows = np.arange(len(self.fold)) if without is None else self.rows(without, False)
        return corrected(self.shipped, held.seen.take(rows), self.primary[rows], self.functions[rows])

    def thresholds(self, held: Held, layer: dict[str, Array]) -> Array:
        """The model's own, and of a function of the user's own the one that suits held-out own postings."""
        out, known = self.shipped["thresholds"].copy(), len(SHIPPED.functions)
        scores = sigmoid(held.seen.functions(layer))
        for f in range(known, len(out)):
            out[f] = threshold(scores[:, f], self.functions[:, f])
        return out


def gain(new: Held, old: Held) -> float:
    """How much better held-out postings are told, in standard errors of the difference."""
    won = old.losses - new.losses
    error = float(won.std(ddof=1)) / np.sqrt(len(won)) if len(won) > 1 else 0.0
    return float(won.mean()) / error if error else 0.0


def choose(bench: Bench, weight: int | None, progress: Progress) -> tuple[Held, dict[str, float]]:
    """What the words learn from own postings, and the mean log-loss of each choice that was tried.

    Duties that a person labelled are learned from where held-out postings are told no worse; duties told by their
    posting's label, a larger weight, and whole texts, only where these are told better by more than chance.
    """
    tried: list[Held] = []

    def trial(choice: Choice, known: Held | None = None) -> Held:
        tried.append(bench.held(choice, known, progress))
        return tried[-1]

    best, enough = trial(Choice()), len(bench.fold) >= SMALLEST and len(bench.folds) > 1
    if weight or bench.ground.new_codes:
        best = trial(Choice(weight or 1))
    elif bench.labelled_inside or enough:
        for duties in WEIGHTS:
            new = trial(Choice(duties))
            wanted = 0.0 if bench.labelled_inside and duties == WEIGHTS[0] else PLAIN
            if gain(new, best) < wanted or (not enough and duties > WEIGHTS[0]):
                break
            best = new
    if len(bench.fold) >= MANY and len(bench.folds) > 1:
        new = trial(replace(best.choice, texts=max(best.choice.duties, 1)), best)
        best = new if gain(new, best) >= PLAIN else best
    return best, {str(t.choice): round(float(t.losses.mean()), 4) for t in tried}


def put_on_top(ground: Ground, base: Language, weight: int | None, progress: Progress) -> OnTop:
    """Everything own postings change in the functions' component, and what was found on the way."""
    with threadpool_limits(1):
        bench = Bench(ground, base)
        best, tried = choose(bench, weight, progress)
        progress(f"{bench.lang}: learning from all own postings ({best.choice})")
        duty = ground.moved(best.choice, np.arange(len(bench.fold)))
        arrays = {**duty.a, **bench.corrected(best)}
        arrays["thresholds"] = bench.thresholds(best, arrays)
        below = _review_below(bench, best)
        return OnTop(duty, arrays, below, bench.limits[1], best.choice, tried, _results(bench, best, below, arrays["thresholds"]))


def _review_below(bench: Bench, best: Held) -> float:
    """The probability under which as many own postings are sent to a person as the shipped model would send."""
    plain = softmax(bench.seen(bench.ground.base, np.arange(len(bench.fold))).answers(bench.shipped)).max(axis=1)
    layer = bench.corrected(best)
    now = softmax(best.seen.answers({**bench.shipped, **layer})).max(axis=1)
    return round(float(np.quantile(now, np.mean(plain < bench.limits[0]))), 4)


def _results(bench: Bench, best: Held, below: float, thresholds: Array) -> list[Analysis]:
    """Of every own posting, what a model and a correction say that had not seen its company."""
    nlp = build(bench.lang)
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    component.profiles = bench.profiles
    out: dict[int, Analysis] = {}
    for fold, model in zip(bench.folds, best.models, strict=True):
        rows = bench.rows(fold)
        docs = bench.docs(rows)
        layer = {**bench.corrected(best, fold), "thresholds": thresholds}
        component.set_models(model.codes, model.space, {**model.a, **layer}, below, bench.limits[1], bench.scheme)
        component.annotate(docs)
        for n, doc in zip(rows.tolist(), docs, strict=True):
            own = bench.ground.own[n]
            out[n] = read_doc(nlp, doc, title=own.get("title"), id=str(own["id"]), model=f"{bench.lang}-out-of-fold", mixed=False)
    return [out[n] for n in range(len(bench.fold))]


def learning_curve(
    ground: Ground, base: Language, shares: Sequence[float], choice: Choice, progress: Progress
) -> list[tuple[int, float, float]]:
    """How many own postings were learned from, share of held-out ones told rightly, mean log-loss, for each share.

    The correction is learned on what the base model says, which has seen none of them.
    """
    with threadpool_limits(1):
        bench = Bench(ground, base)
        plain = bench.seen(ground.base, np.arange(len(bench.fold)))
        out = []
        for share in shares:
            count = round(share * len(bench.fold) * (len(bench.folds) - 1) / max(len(bench.folds), 1))
            progress(f"{bench.lang}: learning from {count} own postings")
            logits = np.zeros((len(bench.fold), len(bench.scheme.answers)))
            for fold in bench.folds:
                rows, others = bench.rows(fold), bench.rows(fold, False)
                mine = others[np.linspace(0, len(others) - 1, round(share * len(others))).astype(int)] if len(others) else others
                layer = corrected(bench.shipped, plain.take(mine), bench.primary[mine], bench.functions[mine])
                model = ground.moved(choice if len(mine) else Choice(), mine)
                logits[rows] = bench.seen(model, rows).answers({**bench.shipped, **layer})
            losses = log_loss(logits, bench.primary)
            out.append((count, float(np.mean(logits.argmax(axis=1) == bench.primary)), float(losses.mean())))
    return out

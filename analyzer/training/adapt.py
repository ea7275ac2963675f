"""From a model of the corpus to one that knows own postings too: its weights moved on, not learned from nothing.

The corpus stays in the sum that is minimised, so that nothing learned from it is lost; starting from the weights that
are there makes it quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from spacy.language import Language

from analyzer.pipeline.build import COMPONENTS
from analyzer.pipeline.duty_model import DutyModel, duty_batch, softmax
from analyzer.pipeline.features import FeatureSpace
from analyzer.pipeline.functions import Functions
from analyzer.pipeline.sums import Array, others, whole_texts
from analyzer.pipeline.tokenizer import blank
from analyzer.pipeline.zones import Zones
from analyzer.training import crf_fit
from analyzer.training.corpus import Posting
from analyzer.training.fit import Recipe, joined, vocabulary, zones_over
from analyzer.training.prepare import cutter, duty_labels, expand, prepare, set_zones
from analyzer.training.train import Progress

ROUNDS = 40
"""Rounds of the optimiser from the weights that are there."""
ZONE_ROUNDS = 20
"""The same for the zones."""
MANY = 200
"""Own postings from which new words are taken in, and whole texts tried; fewer teach their accidents."""


@dataclass(frozen=True)
class Choice:
    """How much own postings say of the words. duties: weight of an own duty; texts: of an own whole text; 0 says nothing."""

    duties: int = 0
    texts: int = 0

    def __str__(self) -> str:
        """Both weights, as the card tells them."""
        return f"duties {self.duties}, texts {self.texts}"


@dataclass(frozen=True)
class Rows:
    """What a logistic regression learns from: features (R, V), target (R,), weight (R,) and the posting (R,) each row is of."""

    features: sparse.csr_matrix
    target: NDArray[np.int64]
    weight: Array
    owner: NDArray[np.int64]

    def take(self, kept: NDArray[np.bool_]) -> Rows:
        """The rows that are kept."""
        return Rows(self.features[kept], self.target[kept], self.weight[kept], self.owner[kept])


class Ground:
    """Corpus and own postings over one vocabulary, and the model that is moved on.

    corpus: postings first to `first`, then the own ones; own duties have labels (`retrain.with_duties`).
    """

    def __init__(self, lang: str, recipe: Recipe, corpus: Sequence[Posting], own: Sequence[Posting], base: Language) -> None:
        self.lang, self.recipe, self.first, self.own = lang, recipe, len(corpus), list(own)
        component: Functions = base.get_pipe("jd_functions")  # type: ignore[assignment]
        self.scheme = component.scheme
        self.prepared = prepare(cutter(base), [*corpus, *own], scheme=self.scheme)
        everything = range(len(self.prepared))
        known: DutyModel = component.duty  # type: ignore[assignment]
        self.names = sorted({*known.codes, *(c for codes in self.prepared.codes for c in codes)})
        found = known.space if len(own) < MANY else vocabulary(self.prepared, lang, recipe, frozenset())
        self.base = _extended(known, self.names, found)
        self.new_codes = len(self.names) > len(known.codes)
        set_zones(self.prepared, self.prepared.zones, everything, lang)
        self.duties, self.texts = self._duties(), self._texts()

    def _duties(self) -> Rows:
        codes, owner = duty_labels(self.prepared, range(len(self.prepared)))
        rows = self.base.space.matrix(duty_batch(self.prepared.docs))
        both = sparse.hstack([rows, self.recipe.context * others(rows, owner)], format="csr")
        duty, code, weight = expand(codes, self.names)
        return Rows(both[duty], code, weight, owner[duty])

    def _texts(self) -> Rows:
        whole, count = self.prepared.batch, len(self.prepared)
        primary = np.array([self.scheme.answers.index(p["primary"]) for p in self.prepared.postings])
        return Rows(whole_texts(self.base.space.matrix(whole), whole.doc, count), primary, np.ones(count), np.arange(count))

    def find(self, base: Language) -> None:
        """Give the own Docs the zones and duties that the base model finds, as in life."""
        zones: list[str] = [""] * int(self.prepared.stops()[self.first])
        docs = self.prepared.docs[self.first :]
        base.get_pipe("jd_zones").annotate(docs)  # type: ignore[attr-defined]
        for doc in docs:
            zones += [s.label_ for s in doc.spans["zones"]]
        set_zones(self.prepared, zones, range(self.first, len(self.prepared)), self.lang)

    def moved(self, choice: Choice, own: NDArray[np.int64], known: tuple[Choice, DutyModel] | None = None) -> DutyModel:
        """The model after the corpus and these own postings (places among the own ones), each counting as chosen.

        known: what another choice made of the same postings, so that the part they share is not learned twice.
        """
        a, width = dict(self.base.a), len(self.base.space)
        if known and known[0].duties == choice.duties:
            a = dict(known[1].a)
        elif choice.duties:
            start = np.vstack([a["own"], a["context"] / self.recipe.context])
            weights = self._learned(self.duties, own, choice.duties, start, a["bias"], self.recipe.duty_c)
            a["own"], a["context"] = weights[:width], self.recipe.context * weights[width:]
        if choice.texts:
            a["text"] = self._learned(self.texts, own, choice.texts, a["text"], a["text_bias"], self.recipe.text_c)
        return DutyModel(self.names, self.base.space, a)

    def _learned(self, rows: Rows, own: NDArray[np.int64], weight: int, start: Array, bias: Array, c: float) -> Array:
        """Weights after the corpus's rows and those of these own postings, the latter with their weight."""
        counts = np.concatenate([np.ones(self.first), np.zeros(len(self.own))])
        counts[self.first + own] = weight
        part = replace(rows, weight=rows.weight * counts[rows.owner]).take(counts[rows.owner] > 0)
        return _moved(part, part.owner >= self.first, start, bias, c)


def _moved(rows: Rows, mine: NDArray[np.bool_], start: Array, bias: Array, c: float) -> Array:
    """Weights (V, K) of a multinomial logistic regression, begun from those that are there, whose bias (K,) stays.

    mine: (R,) the own rows. Only features that these hold are learned anew: the others have nothing new to say. The
    bias, how common each class is, is for the posting's correction to change: learned twice it would count twice.
    """
    held = np.unique(rows.features[mine].indices)
    if not len(held):
        return start
    features = rows.features[:, held].astype(np.float64)
    transposed, ahead = features.T.tocsr(), rows.features @ start + bias
    shape, every, share = (len(held), len(bias)), np.arange(len(rows.target)), rows.weight / rows.weight.sum()
    penalty = 1 / (c * rows.weight.sum())

    def loss(flat: Array) -> tuple[float, Array]:
        moved = flat.reshape(shape)
        p = softmax(ahead + features @ moved)
        weights = start[held] + moved
        value = 0.5 * penalty * (weights**2).sum() - share @ np.log(np.maximum(p[every, rows.target], 1e-12))
        p[every, rows.target] -= 1
        return float(value), (transposed @ (p * share[:, None]) + penalty * weights).ravel()

    found = minimize(loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS}).x
    weights = start.copy()
    weights[held] += found.reshape(shape)
    return weights


def _extended(model: DutyModel, names: Sequence[str], found: FeatureSpace) -> DutyModel:
    """The model over the features it knows and those that were found, and over these codes; what is new weighs nothing."""
    known = dict(zip(model.space.names, model.space.weights, strict=True))
    weights = {**dict(zip(found.names, found.weights, strict=True)), **known}
    order = sorted(weights, key=lambda n: (n.startswith("2:"), n))
    space = FeatureSpace(found.lang, order, np.array([weights[n] for n in order], np.float32))
    at = {n: i for i, n in enumerate(order)}
    rows = np.array([at[n] for n in model.space.names])
    columns = np.array([list(names).index(c) for c in model.codes])
    answers = np.arange(len(model.a["text_bias"]))
    width, count, a = len(order), len(names), dict(model.a)
    for name, shape, where in (
        ("own", (width, count), np.ix_(rows, columns)),
        ("context", (width, count), np.ix_(rows, columns)),
        ("stack", (count, count), np.ix_(columns, columns)),
        ("text_stack", (len(answers), count), np.ix_(answers, columns)),
        ("text", (width, len(answers)), np.ix_(rows, answers)),
    ):
        a[name] = np.zeros(shape)
        a[name][where] = model.a[name]
    a["bias"] = np.full(count, np.median(model.a["bias"]))
    a["bias"][columns] = model.a["bias"]
    return DutyModel(names, space, a)


def fresh(base: Language) -> Language:
    """A pipeline like the base model's, without weights, that has read no text."""
    tokenizer = base.tokenizer
    nlp = blank(str(base.lang), getattr(tokenizer, "engine", "rjieba"), getattr(tokenizer, "entries", None))
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp


def moved_zones(base: Language, postings: Sequence[Posting], first: int, recipe: Recipe, progress: Progress) -> Zones:
    """The base model's zones, moved on by the segments of own postings (from `first` on), where some have labels of theirs.

    Own words that no company of the corpus wrote stay unknown to it: zones are told by form and by common words.
    """
    zones: Any = base.get_pipe("jd_zones")
    if all(p.get("level") == "posting" for p in postings[first:]):
        return cast(Zones, zones)
    progress(f"{base.lang}: learning where duties stand from own segments too")
    lang, a = str(base.lang), zones.arrays
    part = prepare(cutter(base), [p for p in postings if p.get("level") != "posting"], recipe.copies)
    if part.copies:
        part = joined(part, part.copies)
    start = crf_fit.FittedCrf(a["weights"], a["transitions"], a["start"], a["end"])
    return zones_over(zones.space, part, lang, recipe.zone_penalty, min(recipe.zone_iterations, ZONE_ROUNDS), start)

"""Training on the shipped corpus with a user's own postings on top, or on these alone."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from threadpoolctl import threadpool_limits

from analyzer.errors import CorpusError, ModelDamaged
from analyzer.pipeline.build import open_model
from analyzer.pipeline.features import FeatureSpace, make_batch
from analyzer.pipeline.functions import ANSWERS, Functions
from analyzer.pipeline.tokenizer import blank
from analyzer.profiles import Profiles, load_profiles
from analyzer.training.corpus import Posting, fold_of
from analyzer.training.expect import expect, with_families
from analyzer.training.fit import Recipe, fit_duties
from analyzer.training.groups import grouped
from analyzer.training.labelled import bare
from analyzer.training.prepare import prepare, set_zones
from analyzer.training.suitability import seen_mark, without_contacts
from analyzer.training.train import VERSION, Evidence, Progress, data_hash, recipe_settings, save, train

WEIGHTS = (1, 2, 4)
"""Times an own posting may count as much as one of the corpus."""
FOLDS = 3
"""Folds of the own postings by which the weight is chosen."""


@dataclass(frozen=True)
class Plan:
    """What to train. weight: of an own posting, `None` to have it chosen by cross-validation; expectation: see `expect`."""

    lang: str
    corpus: Sequence[Posting]
    own: Sequence[Posting] = ()
    alone: bool = False
    weight: int | None = None
    expectation: bool = True
    recipe: Recipe = field(default_factory=Recipe)
    profiles: Profiles | None = None
    shipped: Path | None = None
    """Directory of the model trained on the corpus alone, used where it was made of the same data by the same recipe."""
    version: str = VERSION
    profile_files: tuple[Path, ...] = ()
    """The user's TOML files that `profiles` were read from; they go with the model."""


@dataclass
class Trained:
    """A trained pipeline, what was learned from, and the out-of-fold results."""

    nlp: Language
    postings: list[Posting]
    evidence: Evidence
    weight: int
    weights_tried: Mapping[int, float]
    unreached: list[str]
    """Own postings whose label their duties contradict."""


def run(plan: Plan, progress: Progress = lambda _: None) -> Trained:
    """Train as planned. Raises CorpusError where the data do not suffice."""
    corpus = grouped([bare(p) for p in plan.corpus if p["language"] == plan.lang])
    own = _own([p for p in plan.own if p["language"] == plan.lang])
    if len({profile_name(f) for f in plan.profile_files}) < len(plan.profile_files):
        raise CorpusError("two profile files have the same name; rename one")
    if plan.alone and len(own) < 20:
        raise CorpusError(f"{len(own)} own postings in {plan.lang!r}: at least 20 are needed without the corpus; leave out --alone")
    base, own, unreached = with_duties(plan, corpus, own, progress)
    weight, tried = 1, dict[int, float]()
    if own and not plan.alone:
        weight = plan.weight or 1
        if plan.weight is None and len(own) < len(corpus):
            base = base or base_model(plan, corpus, progress)
            weight, tried = choose_weight(plan, corpus, own, base, progress)
    known = corpus_features(plan.lang, corpus, plan.recipe) if plan.alone and own else frozenset[str]()
    postings = own if plan.alone else grouped([*corpus, *own]) if own else list(corpus)
    postings = [*postings, *([p for p in postings if p.get("own")] * (weight - 1))]
    kept: list[Evidence] = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes")  # few own postings, many codes: the checks say so
        nlp = train(plan.lang, postings, plan.recipe, progress, plan.version, known, kept)
    unique = postings[: len(postings) - len(own) * (weight - 1)] if own else postings
    _describe(nlp, plan, corpus, own, weight, tried)
    return Trained(nlp, unique, kept[0], weight, tried, unreached)


def _own(postings: Sequence[Posting]) -> list[Posting]:
    """Own postings ready to be learned from: without contacts; those without a company all one source of words."""
    clean = grouped([{**p, "text": without_contacts(p["text"])} for p in postings])
    return [
        {**{k: v for k, v in posting.items() if k != "where"}, "own": True, **({} if before.get("company") else {"source": "own"})}
        for posting, before in zip(clean, postings, strict=True)
    ]


def with_duties(
    plan: Plan, corpus: Sequence[Posting], own: list[Posting], progress: Progress
) -> tuple[Language | None, list[Posting], list[str]]:
    """Own postings with labels of their duties: the user's, or where there are none those that fit the posting's label.

    Also the model these came from, if one was needed, and the postings whose label could not be reached.
    """
    if not any(p.get("level") == "posting" or _bare(p) for p in own):
        return None, own, []
    base = base_model(plan, corpus, progress)
    with threadpool_limits(1):
        own = [with_families(base, p) if _bare(p) else p for p in own]
    return base, *_expected(base, own, plan.expectation)


def _bare(posting: Posting) -> bool:
    """Whether duties are labelled as another function's without telling which (`n` for `n.sales` and its like)."""
    return any("n" in s["codes"] for s in posting["segments"])


def curve(plan: Plan, shares: Sequence[float], progress: Progress = lambda _: None) -> list[tuple[int, float, float]]:
    """The learning curve on own postings: how many were learned from, share of held-out ones told rightly, mean log-loss."""
    corpus = grouped([bare(p) for p in plan.corpus if p["language"] == plan.lang])
    base, own, _ = with_duties(plan, corpus, _own([p for p in plan.own if p["language"] == plan.lang]), progress)
    trial = Trial(plan, corpus, own, base or base_model(plan, corpus, progress))
    out = []
    for share in shares:
        count = round(share * len(own) * (FOLDS - 1) / FOLDS)
        progress(f"{plan.lang}: learning from {count} own postings")
        losses, right = trial.losses(plan.weight or 1, share)
        out.append((count, float(np.mean(right)), float(np.mean(losses))))
    return out


def _expected(base: Language, own: Sequence[Posting], constrained: bool) -> tuple[list[Posting], list[str]]:
    whole = [p for p in own if p.get("level") == "posting"]
    with threadpool_limits(1):
        made = iter(expect(base, whole, constrained))
    out = [next(made) if p.get("level") == "posting" else p for p in own]
    unreached = [p["id"] for p in out if not p.get("reached", True)]
    return [{k: v for k, v in p.items() if k not in ("reached", "functions_told")} for p in out], unreached


def base_model(plan: Plan, corpus: Sequence[Posting], progress: Progress) -> Language:
    """The model of the corpus alone: the shipped one where it is that, else trained now. Saved and read, so that both are the same."""
    shipped = open_shipped(plan)
    if shipped is not None:
        jd = shipped.meta["jd"]
        if not corpus or (jd.get("data") == data_hash(corpus) and jd.get("recipe") == recipe_settings(plan.recipe)):
            return shipped
    if not corpus:
        raise CorpusError(
            "postings labelled as a whole need the corpus, or a shipped model, to tell their duties; name a corpus with --corpus"
        )
    progress(f"{plan.lang}: first a model of the corpus alone, to tell the duties of postings labelled as a whole")
    with tempfile.TemporaryDirectory() as folder:
        save(train(plan.lang, corpus, plan.recipe, progress), Path(folder) / plan.lang)
        return open_model(Path(folder) / plan.lang)


def open_shipped(plan: Plan) -> Language | None:
    """The shipped model, where there is one that this version can read."""
    try:
        return open_model(plan.shipped) if plan.shipped and plan.shipped.is_dir() else None
    except ModelDamaged:
        return None


def choose_weight(
    plan: Plan, corpus: Sequence[Posting], own: Sequence[Posting], base: Language, progress: Progress
) -> tuple[int, dict[int, float]]:
    """The weight of an own posting that gives held-out own postings the likeliest labels, and the mean log-loss of each."""
    trial = Trial(plan, corpus, own, base)
    losses: dict[int, float] = {}
    for weight in WEIGHTS:
        progress(f"{plan.lang}: trying weight {weight} for own postings")
        losses[weight] = round(float(np.mean(trial.losses(weight)[0])), 4)
        if losses[weight] > min(losses.values()):
            break  # more weight on few postings only gets worse
    return min(WEIGHTS, key=lambda w: (losses[w], w)), losses


class Trial:
    """How well own postings are told by models that learned from the corpus and from other own postings.

    Zones and calibration are those of `base`; what is learned anew each time is what the duties and the text say.
    """

    def __init__(self, plan: Plan, corpus: Sequence[Posting], own: Sequence[Posting], base: Language) -> None:
        """Own postings have labels of their duties: see `with_duties`."""
        self.lang, self.recipe = plan.lang, replace(plan.recipe, inner_folds=2)
        plain = blank(self.lang, entries=getattr(base.tokenizer, "entries", None))
        plain.add_pipe("jd_segments")
        self.own, self.first = own, len(corpus)
        self.prepared = prepare(plain, [*corpus, *own])
        self.names = sorted({c for codes in self.prepared.codes for c in codes})
        self.folds = fold_of([str(p.get("company") or p["id"]) for p in own], FOLDS)
        self.arrays = base.get_pipe("jd_functions").arrays  # type: ignore[attr-defined]

    def losses(self, weight: int, share: float = 1.0) -> tuple[list[float], list[bool]]:
        """Log-loss and rightness of the primary answer of each own posting, held out by company.

        share: of the other own postings that is learned from, spread evenly over them.
        """
        out: dict[int, tuple[float, bool]] = {}
        for fold in range(FOLDS):
            held = np.flatnonzero(self.folds == fold).tolist()
            others = np.flatnonzero(self.folds != fold).tolist()
            seen = [others[int(i)] for i in np.linspace(0, len(others) - 1, round(share * len(others)))] if others else []
            if held:
                out.update(self._judge(seen, held, weight))
        return [out[n][0] for n in sorted(out)], [out[n][1] for n in sorted(out)]

    def _judge(self, seen: list[int], held: list[int], weight: int) -> dict[int, tuple[float, bool]]:
        chosen = [*range(self.first), *([self.first + i for i in seen] * weight)]
        with threadpool_limits(1):
            duty = fit_duties(self.prepared, chosen, self.lang, self.recipe, self.names)
        set_zones(self.prepared, self.prepared.zones, [self.first + i for i in held], self.lang)
        scorer = Functions(self.lang)
        scorer.set_models(self.names, duty.space, {**self.arrays, **duty.a}, 0.0, 0.0)
        docs = [self.prepared.docs[self.first + i] for i in held]
        scorer.annotate(docs)
        out = {}
        for i, doc in zip(held, docs, strict=True):
            told = {a: doc.cats[f"primary:{a}"] for a in ANSWERS}
            truth = self.own[i]["primary"]
            out[i] = (-math.log(max(told[truth], 1e-6)), max(ANSWERS, key=lambda a: told[a]) == truth)
        return out


def profile_name(file: Path) -> str:
    """A profile file's name as a model may hold it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in file.stem)[:60] + ".toml"


def corpus_features(lang: str, corpus: Sequence[Posting], recipe: Recipe) -> frozenset[str]:
    """The words and pairs of the shipped corpus: not secret, so that they may be kept whoever wrote them."""
    plain = blank(lang)
    plain.add_pipe("jd_segments")
    docs = [plain(p["text"]) for p in corpus]
    return (
        frozenset(FeatureSpace.fit(lang, make_batch(docs), [str(p.get("company") or p["id"]) for p in corpus], recipe.min_groups).names)
        if docs
        else frozenset()
    )


def _describe(
    nlp: Language, plan: Plan, corpus: Sequence[Posting], own: Sequence[Posting], weight: int, tried: Mapping[int, float]
) -> None:
    """What a model knows of its making, in `meta.json`."""
    profiles = plan.profiles or load_profiles()
    component: Any = nlp.get_pipe("jd_functions")
    learned = list(own) if plan.alone else [*corpus, *own]
    nlp.meta["jd"].update(
        {
            "seed": 0,
            "postings": len(learned),
            "profiles": profiles.hash(),
            "own_profiles": [profile_name(f) for f in plan.profile_files],
            "own_codes": {c: profiles.name(c, "en") for c in profiles.added if c in component.duty.codes},
            "corpus": {"postings": 0 if plan.alone else len(corpus), "data": data_hash(corpus)},
            "own": {
                "postings": len(own),
                "weight": weight,
                "weights_tried": {str(w): v for w, v in tried.items()},
                "expectation": plan.expectation,
            },
            "thresholds": {f: round(t, 4) for f, t in component.thresholds.items()},
            "seen": sorted({seen_mark(p["text"]) for p in learned}),
        }
    )

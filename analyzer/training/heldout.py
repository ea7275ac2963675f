"""Out-of-fold results in the shape every other result has, so that they can be judged and shown alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from analyzer.analysis import Analysis
from analyzer.pipeline.build import build
from analyzer.pipeline.features import FeatureSpace
from analyzer.pipeline.functions import Functions, PostingModel, best_codes
from analyzer.pipeline.pages import pages_of
from analyzer.pipeline.sums import Array
from analyzer.reading import read_doc
from analyzer.training.corpus import company_groups, fold_of
from analyzer.training.fit import HeldOut, Recipe, fit_posting, subset
from analyzer.training.prepare import set_zones
from analyzer.training.train import Evidence


def analyses(lang: str, evidence: Evidence, space: FeatureSpace, recipe: Recipe) -> list[Analysis]:
    """What was said of every posting by models, calibration and thresholds that had not seen its company.

    space: of the final duty model, to tell known words from unknown ones.
    """
    prepared, names, held_out = evidence.prepared, evidence.names, evidence.held_out
    folds = fold_of(company_groups(prepared.postings), recipe.folds)
    set_zones(prepared, held_out.zones, range(len(prepared)), lang)
    nlp = build(lang)
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    component.profiles = prepared.profiles
    out: list[Analysis | None] = [None] * len(prepared)
    for fold in range(recipe.folds):
        held, rest = np.flatnonzero(folds == fold).tolist(), np.flatnonzero(folds != fold).tolist()
        if not held or not rest:
            continue
        arrays = _fitted(evidence, rest, recipe)
        model = PostingModel(names, arrays, prepared.scheme)
        sure = model.answers(held_out.shares[rest], held_out.text[rest]).max(axis=1)
        empty = {"own": np.zeros((0, 0)), "context": np.zeros((0, 0)), "bias": np.zeros(0)}
        below = float(np.quantile(sure, recipe.review_share[lang]))
        component.set_models(names, space, {**empty, **arrays}, below, recipe.review_unknown, prepared.scheme)
        for n in held:
            _leave(component, model, evidence, n)
            title = prepared.postings[n].get("title")
            out[n] = read_doc(
                nlp, prepared.docs[n], title=title, id=str(prepared.postings[n]["id"]), model=f"{lang}-out-of-fold", mixed=False
            )
    return [r or Analysis("unreadable", lang, f"{lang}-out-of-fold") for r in out]


def _fitted(evidence: Evidence, rest: Sequence[int], recipe: Recipe) -> dict[str, Array]:
    """The posting's arrays without one fold."""
    prepared, held_out = evidence.prepared, evidence.held_out
    part = HeldOut(held_out.shares[rest], held_out.text[rest], [], [held_out.probabilities[n] for n in rest])
    with threadpool_limits(1):
        return fit_posting(subset(prepared, rest), part, recipe)


def _leave(component: Functions, model: PostingModel, evidence: Evidence, n: int) -> None:
    """The held-out numbers of posting n on its Doc, as the pipeline would leave them."""
    held_out, doc = evidence.held_out, evidence.prepared.docs[n]
    pages = pages_of([doc])
    probabilities = held_out.probabilities[n]
    owner = np.zeros(len(probabilities), np.int64)
    parts = model.duty_shares(probabilities, owner, 1)
    shares, text = held_out.shares[[n]], held_out.text[[n]]
    pages.raw = model.raw(shares, text)
    pages.scores, pages.answers = model.scores(pages.raw), model.answers(shares, text)
    pages.probabilities, pages.weights = probabilities, parts @ model.a["share_weights"]
    pages.codes = [component.codes[b] for b in best_codes(probabilities, component.codes)]
    component.leave(pages, [doc])


def unseen(evidence: Evidence, results: Sequence[Analysis]) -> tuple[list[dict[str, object]], list[Analysis]]:
    """Postings and results, each posting once though it was learned from several times."""
    seen: set[str] = set()
    postings, kept = [], []
    for posting, result in zip(evidence.prepared.postings, results, strict=True):
        if str(posting["id"]) not in seen:
            seen.add(str(posting["id"]))
            postings.append(dict(posting))
            kept.append(result)
    return postings, kept

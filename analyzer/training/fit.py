"""Fitting the trained parts of one language's pipeline on prepared postings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from analyzer.pipeline.features import FeatureSpace, make_batch
from analyzer.pipeline.functions import ANSWERS, FUNCTIONS, PROMISES, Array, DutyModel, PostingModel, duty_batch, other_means, others, sigmoid, softmax
from analyzer.pipeline.zone_features import STATES, zone_matrix
from analyzer.pipeline.zones import Zones
from analyzer.profiles import title_function
from analyzer.text.view import folded, view
from analyzer.training import crf_fit
from analyzer.training.corpus import company_groups, fold_of, opened
from analyzer.training.prepare import Prepared, duty_labels, expand, set_zones


@dataclass(frozen=True)
class Recipe:
    """Every choice of the training, made on the corpus's own folds (models/EXPERIMENTS.md)."""

    folds: int = 5
    min_groups: int = 2
    zone_penalty: float = 0.3
    zone_iterations: int = 100
    duty_c: float = 10.0
    context: float = 0.7
    stack_penalty: float = 3.0
    posting_c: float = 10.0
    review_share: float = 0.18
    """Share of held-out postings, the least sure ones, that would be sent to a person."""
    review_unknown: float = 0.45
    """Share of known words in the duties under which a posting is unlike the training data."""
    functions_in_life: tuple[float, float, float] = (0.38, 0.34, 0.12)
    """Share of postings whose job marketing, operations, brand are a substantive part of, in the mix calibrated for."""
    answers_in_life: tuple[float, float, float, float] = (0.28, 0.24, 0.05, 0.43)
    """Share of postings by primary function (marketing, operations, brand, none) in the mix calibrated for."""


@dataclass
class Fitted:
    """What training gives: a zone component, a duty model, the posting arrays, and out-of-fold results."""

    zones: Zones
    duty: DutyModel
    posting: dict[str, Array]
    out_of_fold: dict[str, Array] = field(default_factory=dict)


def fit_zones(prepared: Prepared, chosen: Sequence[int], lang: str, recipe: Recipe) -> Zones:
    """Vocabulary and conditional random field from the chosen postings' gold zones."""
    part = subset(prepared, chosen)
    groups = company_groups(part.postings)
    space = FeatureSpace.fit(lang, part.batch, groups, recipe.min_groups)
    stops = part.stops()
    states = [STATES.index(s) for i in range(len(part)) for s in opened(part.zones[stops[i] : stops[i + 1]])]
    features = zone_matrix(part.batch, space, lang)
    model = crf_fit.fit(features, np.array(states), part.lengths, len(STATES), recipe.zone_penalty, recipe.zone_iterations)
    zones = Zones(lang)
    zones.set_weights(space, model.weights, model.transitions, model.start, model.end)
    return zones


def subset(prepared: Prepared, chosen: Sequence[int]) -> Prepared:
    """The chosen postings alone."""
    stops = prepared.stops()
    segments = [i for n in chosen for i in range(stops[n], stops[n + 1])]
    docs = [prepared.docs[n] for n in chosen]
    return Prepared(
        [prepared.postings[n] for n in chosen],
        docs,
        make_batch(docs),
        prepared.lengths[list(chosen)],
        [prepared.zones[i] for i in segments],
        [prepared.codes[i] for i in segments],
    )


def fit_duties(prepared: Prepared, chosen: Sequence[int], lang: str, recipe: Recipe, names: Sequence[str]) -> DutyModel:
    """The duty model from gold duties; its second look from predictions on duties it had not seen."""
    set_zones(prepared, prepared.zones, chosen, lang)
    docs = [prepared.docs[n] for n in chosen]
    codes, owner = duty_labels(prepared, chosen)
    batch = duty_batch(docs)
    groups = company_groups([prepared.postings[n] for n in chosen])
    space = FeatureSpace.fit(lang, batch, groups, recipe.min_groups)
    rows = space.matrix(batch)
    duty, code, weight = expand(codes, names)
    own, context, bias = _logistic(rows, owner, duty, code, weight, len(names), recipe)
    model = DutyModel(names, space, own, context, bias, np.zeros((len(names), len(names))))
    folds = fold_of(groups, recipe.folds)[owner]
    logits = np.zeros((len(codes), len(names)))
    for fold in range(recipe.folds):
        inside = folds[duty] != fold
        o, c, b = _logistic(rows, owner, duty[inside], code[inside], weight[inside], len(names), recipe)
        held = folds == fold
        logits[held] = (rows @ o + others(rows, owner) @ c + b)[held]
    model.stack = _fit_stack(logits, owner, duty, code, weight, recipe.stack_penalty)
    return model


def _logistic(
    rows: sparse.csr_matrix, owner: NDArray[np.int64], duty: NDArray[np.int64], code: NDArray[np.int64], weight: Array, count: int, recipe: Recipe
) -> tuple[Array, Array, Array]:
    """Weights of a duty's own words, of the other duties' words, and the bias, by multinomial logistic regression."""
    both = sparse.hstack([rows, recipe.context * others(rows, owner)], format="csr")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=recipe.duty_c, max_iter=150).fit(both[duty], code, sample_weight=weight)
    weights = np.zeros((both.shape[1], count))
    bias = np.full(count, -20.0)
    weights[:, model.classes_] = model.coef_.T
    bias[model.classes_] = model.intercept_
    width = rows.shape[1]
    return weights[:width], recipe.context * weights[width:], bias


def _fit_stack(logits: Array, owner: NDArray[np.int64], duty: NDArray[np.int64], code: NDArray[np.int64], weight: Array, penalty: float) -> Array:
    """(K, K): how the other duties' first codes move a duty's logits; penalised maximum likelihood."""
    means = other_means(softmax(logits), owner)
    count = logits.shape[1]
    target = np.zeros_like(logits)
    np.add.at(target, (duty, code), weight)

    def loss(flat: Array) -> tuple[float, Array]:
        stack = flat.reshape(count, count)
        p = softmax(logits + means @ stack)
        value = -(target * np.log(np.maximum(p, 1e-12))).sum() + 0.5 * penalty * (flat @ flat)
        return float(value), (means.T @ (p * target.sum(axis=1, keepdims=True) - target)).ravel() + penalty * flat

    best = minimize(loss, np.zeros(count * count), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return best.x.reshape(count, count)  # type: ignore[no-any-return]


def out_of_fold(prepared: Prepared, lang: str, recipe: Recipe, names: Sequence[str]) -> tuple[Array, list[str], list[tuple[int, Array]]]:
    """Shares (P, 4) of every posting by models that had not seen its company, and what they predicted.

    Also the predicted zone of every segment, and for every posting its duties' probabilities.
    """
    folds = fold_of(company_groups(prepared.postings), recipe.folds)
    shares = np.zeros((len(prepared), 4))
    predicted = [""] * len(prepared.zones)
    found: list[tuple[int, Array]] = []
    stops = prepared.stops()
    for fold in range(recipe.folds):
        train, held = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        if not held:
            continue
        zones = fit_zones(prepared, train, lang, recipe)
        duty = fit_duties(prepared, train, lang, recipe, names)
        docs = [prepared.docs[n] for n in held]
        zones.annotate(docs)
        for n, doc in zip(held, docs, strict=True):
            predicted[stops[n] : stops[n + 1]] = [s.label_ for s in doc.spans["zones"]]
        set_zones(prepared, predicted, held, lang)
        batch = duty_batch(docs)
        probabilities = duty.probabilities(duty.space.matrix(batch), batch.doc)
        model = PostingModel(names, {})
        shares[held] = model.shares(model.duty_shares(probabilities, batch.doc, len(held)), batch.doc, len(held))
        found += [(n, probabilities[batch.doc == i]) for i, n in enumerate(held)]
    return shares, predicted, sorted(found, key=lambda item: item[0])


def fit_posting(prepared: Prepared, shares: Array, recipe: Recipe) -> dict[str, Array]:
    """The posting's arrays from out-of-fold shares: linear weights, calibration, thresholds, mix of life."""
    folds = fold_of(company_groups(prepared.postings), recipe.folds)
    truth = np.array([[f in p["functions"] for f in FUNCTIONS] for p in prepared.postings])
    primary = np.array([ANSWERS.index(p["primary"]) for p in prepared.postings])
    weights, bias, raw = np.zeros((4, 3)), np.zeros(3), np.zeros((len(prepared), 3))
    for f in range(3):
        weights[:, f], bias[f] = _binary(shares, truth[:, f], recipe.posting_c)
        for fold in range(recipe.folds):
            w, b = _binary(shares[folds != fold], truth[folds != fold, f], recipe.posting_c)
            raw[folds == fold, f] = shares[folds == fold] @ w + b
    calibration = np.array([_platt(raw[:, f], truth[:, f]) for f in range(3)])
    answers = LogisticRegression(C=recipe.posting_c, max_iter=500).fit(shares, primary)
    life, here = np.array(recipe.functions_in_life), truth.mean(axis=0)
    told = np.array(recipe.answers_in_life)
    there = np.bincount(primary, minlength=4) / len(primary)
    shift = np.log(life / (1 - life)) - np.log(here / (1 - here))
    scores = sigmoid(raw * calibration[:, 0] + calibration[:, 1] + shift)
    return {
        "share_weights": weights,
        "rest_bias": bias,
        "calibration": calibration,
        "prior_shift": shift,
        "thresholds": np.array([_threshold(scores[:, f], truth[:, f]) for f in range(3)]),
        "answer_weights": answers.coef_.T,
        "answer_bias": answers.intercept_,
        "answer_shift": np.log(told / there),
        "life": life,
        "title_weights": _titles(prepared, raw, truth),
    }


def _titles(prepared: Prepared, raw: Array, truth: NDArray[np.bool_]) -> Array:
    """(T, F) what a title's promise adds to the log-odds, learned beside the held-out log-odds of the text."""
    promised = [title_function(folded(view(p.get("title") or "").text, p["language"]), p["language"]) or "" for p in prepared.postings]
    shown = np.array([[q == p for p in PROMISES] for q in promised], float)
    weights = np.zeros((len(PROMISES), truth.shape[1]))
    for f in range(truth.shape[1]):
        both = np.hstack([raw[:, [f]], shown])
        model = LogisticRegression(C=1.0, max_iter=500).fit(both, truth[:, f])
        weights[:, f] = (model.coef_[0, 1:] - shown.mean(axis=0) @ model.coef_[0, 1:]) / max(float(model.coef_[0, 0]), 0.1)
    weights[-1] = 0.0
    return weights


def _binary(shares: Array, truth: NDArray[np.bool_], c: float) -> tuple[Array, float]:
    model = LogisticRegression(C=c, max_iter=500).fit(shares, truth)
    return model.coef_[0], float(model.intercept_[0])


def _platt(raw: Array, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of a sigmoid on held-out log-odds (Platt, 1999)."""
    model = LogisticRegression(C=1e4, max_iter=500).fit(raw[:, None], truth)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _threshold(scores: Array, truth: NDArray[np.bool_]) -> float:
    """The threshold of best F1 on held-out scores, midway between two scores."""
    order = np.argsort(-scores)
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(scores) + 1) + truth.sum())
    best = int(f1.argmax())
    below = scores[order[best + 1]] if best + 1 < len(scores) else 0.0
    return float((scores[order[best]] + below) / 2)

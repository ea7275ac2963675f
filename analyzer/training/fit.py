"""Fitting the trained parts of one language's pipeline on prepared postings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from analyzer.pipeline.duty_model import DutyModel, duty_batch, softmax
from analyzer.pipeline.features import FeatureSpace, make_batch
from analyzer.pipeline.functions import PostingModel, promises, sigmoid
from analyzer.pipeline.pages import pages_of
from analyzer.pipeline.sums import Array, other_means, others, whole_texts
from analyzer.pipeline.zone_features import STATES, zone_matrix
from analyzer.pipeline.zones import Zones
from analyzer.profiles import title_function
from analyzer.text.view import folded, view
from analyzer.training import crf_fit
from analyzer.training.corpus import company_groups, fold_of, opened
from analyzer.training.prepare import Prepared, duty_labels, expand, set_zones

RAREST = 1e-3
"""The smallest share reckoned with."""
FLAT, LOWEST = 0.005, 0.2
"""How far below the best F1 a function's threshold may lie, and the lowest it may be; see `threshold`."""


@dataclass(frozen=True)
class Recipe:
    """Every choice of the training, made on the corpus's own folds (models/EXPERIMENTS.md)."""

    folds: int = 5
    inner_folds: int = 3
    copies: int = 1
    """Changed copies of each posting that the zone model learns from too (`training.augment`)."""
    min_groups: int = 2
    zone_penalty: float = 0.3
    zone_iterations: int = 60
    duty_c: float = 10.0
    context: float = 0.7
    stack_penalty: float = 3.0
    text_c: float = 10.0
    text_scale: float = 0.3
    posting_c: float = 10.0
    answer_c: float = 200.0
    """Inverse of the penalty of the primary function's weights, shared among the postings: the more there are, the stronger it is.

    The corpus's folds would have it weaker, but our duties are told too well on them: weights that count on clean shares of duties are
    too sure in life.
    """
    review_share: Mapping[str, float] = field(default_factory=lambda: {"es": 0.09, "zh": 0.21})
    """Share of a language's held-out postings, the least sure ones, that would be sent to a person.

    Lower in Spanish, where more real postings are sent there for other reasons, such as having no duty.
    """
    review_unknown: float = 0.45
    """Share of known words in the duties under which a posting is unlike the training data."""
    functions_in_life: tuple[float, float, float] = (0.38, 0.34, 0.12)
    """Share of postings whose job marketing, operations, brand are a substantive part of, in the mix calibrated for."""
    answers_in_life: tuple[float, float, float, float] = (0.28, 0.24, 0.05, 0.43)
    """Share of postings by primary function (marketing, operations, brand, none) in the mix calibrated for."""
    none_bias: float = -0.7
    """Added to the log-odds of `none` as the primary function.

    The corpus's other jobs are further from ours than life's. On its folds nothing between -1 and 0 makes a difference.
    """


def vocabulary(part: Prepared, lang: str, recipe: Recipe, known: frozenset[str]) -> FeatureSpace:
    """Features that two companies wrote (all postings of one `source` count as one), and those of `known` that one did."""
    groups = [str(p.get("source") or p.get("company") or p["id"]) for p in part.postings]
    space = FeatureSpace.fit(lang, part.batch, groups, recipe.min_groups)
    if not known:
        return space
    every = FeatureSpace.fit(lang, part.batch, groups, 1)
    kept = known.union(space.names)
    chosen = [i for i, name in enumerate(every.names) if name in kept]
    return FeatureSpace(lang, [every.names[i] for i in chosen], every.weights[chosen])


def fit_zones(prepared: Prepared, chosen: Sequence[int], lang: str, recipe: Recipe, known: frozenset[str] = frozenset()) -> Zones:
    """Vocabulary and conditional random field from the gold zones of the chosen postings and of their changed copies.

    Postings labelled as a whole have no zones of their own to learn from, unless there are no others.
    """
    chosen = [n for n in chosen if prepared.postings[n].get("level") != "posting"] or chosen
    part = subset(prepared, chosen)
    if prepared.copies:
        size = len(prepared)
        part = joined(part, subset(prepared.copies, [n + at for at in range(0, len(prepared.copies), size) for n in chosen]))
    return zones_over(vocabulary(part, lang, recipe, known), part, lang, recipe.zone_penalty, recipe.zone_iterations)


def zones_over(
    space: FeatureSpace, part: Prepared, lang: str, penalty: float, rounds: int, start: crf_fit.FittedCrf | None = None
) -> Zones:
    """Conditional random field over a vocabulary, from the gold zones of the postings; start: weights to begin from."""
    stops = part.stops()
    states = [STATES.index(s) for i in range(len(part)) for s in opened(part.zones[stops[i] : stops[i + 1]])]
    features = zone_matrix(part.batch, space, lang)
    model = crf_fit.fit(features, np.array(states), part.lengths, len(STATES), penalty, rounds, start)
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
        scheme=prepared.scheme,
        profiles=prepared.profiles,
    )


def joined(left: Prepared, right: Prepared) -> Prepared:
    """The postings of both, one after the other."""
    docs = [*left.docs, *right.docs]
    lengths = np.concatenate([left.lengths, right.lengths])
    postings = [*left.postings, *right.postings]
    zones, codes = left.zones + right.zones, left.codes + right.codes
    return Prepared(postings, docs, make_batch(docs), lengths, zones, codes, scheme=left.scheme, profiles=left.profiles)


def fit_duties(
    prepared: Prepared, chosen: Sequence[int], lang: str, recipe: Recipe, names: Sequence[str], known: frozenset[str] = frozenset()
) -> DutyModel:
    """The duty model from gold duties; its second look from predictions on postings it had not seen."""
    part = subset(prepared, chosen)
    set_zones(part, part.zones, range(len(part)), lang)
    codes, owner = duty_labels(part, range(len(part)))
    batch = duty_batch(part.docs)
    groups = company_groups(part.postings)
    space = vocabulary(part, lang, recipe, known)
    rows, texts = space.matrix(batch), whole_texts(space.matrix(part.batch), part.batch.doc, len(part))
    labels = expand(codes, names)
    answers = prepared.scheme.answers
    primary = np.array([answers.index(p["primary"]) for p in part.postings])
    folds = fold_of(groups, recipe.inner_folds)
    logits, text = np.zeros((len(codes), len(names))), np.zeros((len(part), len(answers)))
    for fold in range(recipe.inner_folds):
        held, mine = folds[owner] == fold, folds == fold
        inside = tuple(x[~held[labels[0]]] for x in labels)
        words = _words(rows, owner, inside, len(names), recipe)
        model = DutyModel(names, space, {**words, **_texts(texts[~mine], primary[~mine], len(answers), recipe)})
        logits[held] = model.first_look(rows, owner)[held]
        text[mine] = model.text_logits(texts[mine])
    stack = _fit_stack(logits, text, owner, labels, recipe.stack_penalty)
    return DutyModel(
        names, space, {**_words(rows, owner, labels, len(names), recipe), **_texts(texts, primary, len(answers), recipe), **stack}
    )


Labels = tuple[NDArray[np.int64], NDArray[np.int64], Array]


def _logistic(features: sparse.csr_matrix, target: NDArray[np.int64], weight: Array | None, count: int, c: float) -> tuple[Array, Array]:
    """Weights (F, count) and bias (count,) of a multinomial logistic regression; a class never seen gets no chance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=c, max_iter=100).fit(features, target, sample_weight=weight)
    weights, bias = np.zeros((features.shape[1], count)), np.full(count, -20.0)
    if len(model.classes_) == 2:
        weights[:, model.classes_] = np.stack([-model.coef_[0] / 2, model.coef_[0] / 2], axis=1)
        bias[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
    else:
        weights[:, model.classes_] = model.coef_.T
        bias[model.classes_] = model.intercept_
    return weights, bias


def _words(rows: sparse.csr_matrix, owner: NDArray[np.int64], labels: Labels, count: int, recipe: Recipe) -> dict[str, Array]:
    """The first look: weights of a duty's own words and of the other duties' words."""
    duty, code, weight = labels
    both = sparse.hstack([rows, recipe.context * others(rows, owner)], format="csr")
    weights, bias = _logistic(both[duty], code, weight, count, recipe.duty_c)
    width = rows.shape[1]
    return {"own": weights[:width], "context": recipe.context * weights[width:], "bias": bias}


def _texts(texts: sparse.csr_matrix, primary: NDArray[np.int64], count: int, recipe: Recipe) -> dict[str, Array]:
    """The whole text's channel: weights of its words for the answers, `count` of them."""
    weights, bias = _logistic(texts, primary, None, count, recipe.text_c)
    return {"text": weights, "text_bias": bias}


def _fit_stack(logits: Array, text: Array, owner: NDArray[np.int64], labels: Labels, penalty: float) -> dict[str, Array]:
    """The second look: how the other duties' first codes (K, K) and the whole text (A, K) move a duty's logits.

    Penalised maximum likelihood on held-out predictions, the first look's logits being a fixed offset.
    """
    duty, code, weight = labels
    seen = np.hstack([other_means(softmax(logits), owner), text[owner]])
    width, count = seen.shape[1], logits.shape[1]
    target = np.zeros_like(logits)
    np.add.at(target, (duty, code), weight)

    def loss(flat: Array) -> tuple[float, Array]:
        p = softmax(logits + seen @ flat.reshape(width, count))
        value = -(target * np.log(np.maximum(p, 1e-12))).sum() + 0.5 * penalty * (flat @ flat)
        return float(value), (seen.T @ (p * target.sum(axis=1, keepdims=True) - target)).ravel() + penalty * flat

    best = minimize(loss, np.zeros(width * count), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    moved = best.x.reshape(width, count)
    return {"stack": moved[:count], "text_stack": moved[count:]}


@dataclass(frozen=True)
class HeldOut:
    """What models said of postings whose company they had not seen.

    shares: (P, S) of the duties they found; text: (P, A) logits of the whole text; zones: of every segment;
    probabilities: for each posting (its duties, K).
    """

    shares: Array
    text: Array
    zones: list[str]
    probabilities: list[Array]


def out_of_fold(prepared: Prepared, lang: str, recipe: Recipe, names: Sequence[str], known: frozenset[str] = frozenset()) -> HeldOut:
    """Train `recipe.folds` times, each time without the companies of one fold, and predict that fold."""
    folds = fold_of(company_groups(prepared.postings), recipe.folds)
    scheme = prepared.scheme
    shares, text = np.zeros((len(prepared), len(scheme.shares))), np.zeros((len(prepared), len(scheme.answers)))
    zones = [""] * len(prepared.zones)
    found: list[Array] = [np.zeros((0, len(names)))] * len(prepared)
    stops = prepared.stops()
    for fold in range(recipe.folds):
        train, held = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        if not held:
            continue
        duty = fit_duties(prepared, train, lang, recipe, names, known)
        docs = [prepared.docs[n] for n in held]
        fit_zones(prepared, train, lang, recipe, known).annotate(docs)
        for n, doc in zip(held, docs, strict=True):
            zones[stops[n] : stops[n + 1]] = [s.label_ for s in doc.spans["zones"]]
        set_zones(prepared, zones, held, lang)
        pages = pages_of(docs)
        judged, owner = duty.judge(pages), pages.duties.owner
        text[held] = judged.text
        model = PostingModel(names, {}, scheme)
        shares[held] = model.shares(model.duty_shares(judged.duties, owner, len(held)), owner, judged.text)
        for place, n in enumerate(held):
            found[n] = judged.duties[owner == place]
    return HeldOut(shares, text, zones, found)


def fit_posting(prepared: Prepared, held_out: HeldOut, recipe: Recipe) -> dict[str, Array]:
    """The posting's arrays from held-out predictions: linear weights, calibration, thresholds, mix of life."""
    folds = fold_of(company_groups(prepared.postings), recipe.folds)
    functions, answers = prepared.scheme.functions, prepared.scheme.answers
    count, width = len(functions), len(prepared.scheme.shares)
    truth = np.array([[f in p["functions"] for f in functions] for p in prepared.postings])
    primary = np.array([answers.index(p["primary"]) for p in prepared.postings])
    seen = np.hstack([held_out.shares, recipe.text_scale * held_out.text])
    scale = np.array([1.0] * width + [recipe.text_scale] * len(answers))[:, None]
    weights, bias, raw = np.zeros((seen.shape[1], count)), np.zeros(count), np.zeros((len(prepared), count))
    for f in range(count):
        weights[:, f], bias[f] = _binary(seen, truth[:, f], recipe.posting_c)
        for fold in range(recipe.folds):
            w, b = _binary(seen[folds != fold], truth[folds != fold, f], recipe.posting_c)
            raw[folds == fold, f] = seen[folds == fold] @ w + b
    weights *= scale
    answer_weights, answer_bias = _logistic(sparse.csr_matrix(seen), primary, None, len(answers), recipe.answer_c / len(primary))
    answer_weights *= scale
    answer_bias[-1] += recipe.none_bias
    calibration = np.array([_platt(raw[:, f], truth[:, f]) for f in range(count)])
    here, there = truth.mean(axis=0), np.bincount(primary, minlength=len(answers)) / len(primary)
    life, answers_life = in_life(recipe, here[3:], there[3:-1])
    here = np.clip(here, RAREST, 1 - RAREST)
    shift = np.log(life / (1 - life)) - np.log(here / (1 - here))
    scores = sigmoid(raw * calibration[:, 0] + calibration[:, 1] + shift)
    return {
        "share_weights": weights[:width],
        "text_weights": weights[width:],
        "rest_bias": bias,
        "calibration": calibration,
        "prior_shift": shift,
        "thresholds": np.array([threshold(scores[:, f], truth[:, f]) for f in range(count)]),
        "answer_weights": answer_weights[:width],
        "text_answers": answer_weights[width:],
        "answer_bias": answer_bias,
        "answer_shift": np.log(answers_life / np.maximum(there, RAREST)),
        "life": life,
        "title_weights": _titles(prepared, raw, truth),
    }


def in_life(recipe: Recipe, functions: Array, primary: Array) -> tuple[Array, Array]:
    """(F,) and (A,) the mix of life calibrated for, with the shares that own functions have among own postings.

    The recipe knows the shipped functions only; what it says of primary functions is made smaller by the own ones' share.
    """
    own = np.clip(primary, RAREST, 1 - RAREST)
    known = np.array(recipe.answers_in_life) * max(1 - own.sum(), RAREST)
    if not len(own):
        return np.array(recipe.functions_in_life), np.array(recipe.answers_in_life)
    return np.array([*recipe.functions_in_life, *np.clip(functions, RAREST, 1 - RAREST)]), np.array([*known[:3], *own, known[3]])


def _titles(prepared: Prepared, raw: Array, truth: NDArray[np.bool_]) -> Array:
    """(T, F) what a title's promise adds to the log-odds, learned beside the held-out log-odds of the text."""
    known, profiles = promises(prepared.scheme), prepared.profiles
    promised = [
        title_function(folded(view(p.get("title") or "").text, p["language"]), p["language"], profiles) or "" for p in prepared.postings
    ]
    shown = np.array([[q == p for p in known] for q in promised], float)
    weights = np.zeros((len(known), truth.shape[1]))
    for f in range(truth.shape[1]):
        if _one_sided(truth[:, f]):
            continue
        both = np.hstack([raw[:, [f]], shown])
        model = LogisticRegression(C=1.0, max_iter=500).fit(both, truth[:, f])
        weights[:, f] = (model.coef_[0, 1:] - shown.mean(axis=0) @ model.coef_[0, 1:]) / max(float(model.coef_[0, 0]), 0.1)
    weights[-1] = 0.0
    return weights


def _binary(shares: Array, truth: NDArray[np.bool_], c: float) -> tuple[Array, float]:
    if _one_sided(truth):
        return np.zeros(shares.shape[1]), float(np.log((truth.sum() + 0.5) / ((~truth).sum() + 0.5)))
    model = LogisticRegression(C=c, max_iter=500).fit(shares, truth)
    return model.coef_[0], float(model.intercept_[0])


def _one_sided(truth: NDArray[np.bool_]) -> bool:
    """Whether all postings have a function, or none, so that nothing tells it: a fold without a rare function of a user's own."""
    return bool(truth.all() or not truth.any())


def _platt(raw: Array, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of a sigmoid on held-out log-odds (Platt, 1999)."""
    if _one_sided(truth):
        return 1.0, 0.0
    model = LogisticRegression(C=1e4, max_iter=500).fit(raw[:, None], truth)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def threshold(scores: Array, truth: NDArray[np.bool_]) -> float:
    """The lowest threshold whose F1 on held-out scores is within `FLAT` of the best, but no lower than `LOWEST`.

    F1 is flat near its best, and where it is, a function that may be a part of the job is shown rather than hidden.
    """
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(scores) + 1) + truth.sum())
    last = int(np.flatnonzero(f1 >= f1.max() - FLAT)[-1])
    below = scores[order[last + 1]] if last + 1 < len(scores) else 0.0
    return max(LOWEST, float((scores[order[last]] + below) / 2))

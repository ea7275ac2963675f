"""Functions of a user's own: which of them are learned, what a model of the corpus says of them before, and their duties.

A model of the corpus has never met such a function. To be moved on by own postings it is first given room for it, in such a
way that nothing it says of the others changes: the whole text says nothing of the new function, and its duties, when their
words have been learned, count as those of the other functions do on average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.analysis import FUNCTIONS, Scheme
from analyzer.errors import CorpusError
from analyzer.pipeline.duty_model import duty_batch
from analyzer.pipeline.features import FeatureSpace
from analyzer.pipeline.functions import Functions, sigmoid
from analyzer.pipeline.sums import Array
from analyzer.profiles import Profiles, term_matcher
from analyzer.text.view import lowered, simplified
from analyzer.training.corpus import Posting, company_groups, fold_of
from analyzer.training.derive import scheme_of
from analyzer.training.fit import Recipe, in_life

FEWEST = 5
"""Postings that a function of one's own must be a part of before it is learned."""
FOLDS = 4
CLEAREST, TERM = 3.0, 1.5
"""Log-odds that a duty is a new function's: the most that words say, and what a term of its profile adds."""
AGAINST = 200
"""Postings of the corpus that own ones are held against."""


def learned_scheme(profiles: Profiles | None, postings: Sequence[Posting]) -> Scheme:
    """The shipped functions and those own ones that the postings are labelled with.

    Raises CorpusError for an own function that too few postings have, or that has no code a duty could carry.
    """
    own = []
    for name, prefix in scheme_of(profiles).own:
        codes = profiles.codes_of(name) if profiles else ()
        substantive = sum(name in p["functions"] or p["primary"] == name for p in postings)
        named = substantive or any(c in codes for p in postings for s in p["segments"] for c in s["codes"])
        if named and not codes:
            raise CorpusError(
                f'{name} has no sub-function: duties need a code; add one to its profile, such as [subfunctions."{prefix}.main"]'
            )
        if named and substantive < FEWEST:
            raise CorpusError(
                f"{name} is part of the job in {substantive} postings, and {FEWEST} or more are needed to learn a function of your own; "
                f'label more, or count it as another one: --map "{name}=marketing"'
            )
        if named:
            own.append((name, prefix))
    return Scheme(tuple(own))


def own_life(scheme: Scheme, own: Sequence[Posting], known: int = len(FUNCTIONS)) -> tuple[Array, Array]:
    """Shares of own postings that each own function is a part of, and the primary one of."""
    new, count = scheme.functions[known:], max(len(own), 1)
    part = np.array([sum(f in p["functions"] for p in own) / count for f in new])
    return part, np.array([sum(p["primary"] == f for p in own) / count for f in new])


def widen(component: Functions, scheme: Scheme, own: Sequence[Posting], recipe: Recipe, profiles: Profiles | None) -> None:
    """Give a model of the corpus room for own functions; what it says of the others stays."""
    new = len(scheme.own) - len(component.scheme.own)
    if new <= 0:
        return
    old, a = component.arrays, dict(component.arrays)
    known = len(component.scheme.functions)
    for name, rows, columns in (("share_weights", 1, 0), ("text_weights", 1, 0), ("answer_weights", 1, 1), ("text_answers", 1, 1)):
        a[name] = _grown(old[name], known, new, rows, columns)
    a["title_weights"] = _grown(old["title_weights"], known, new, 2, 0)
    for name in ("rest_bias", "calibration", "thresholds", "answer_bias", "answer_shift", "prior_shift", "life"):
        a[name] = np.insert(old[name], [known] * new, old[name][:known].mean(axis=0), axis=0)
    # the mean of what is said of the others: centred, that is nothing, and leaves theirs as they were
    a["text"] = np.insert(old["text"], [known] * new, old["text"].mean(axis=1, keepdims=True), axis=1)
    a["text_bias"] = np.insert(old["text_bias"], [known] * new, old["text_bias"].mean())
    a["text_stack"] = np.insert(old["text_stack"], [known] * new, 0.0, axis=0)
    part, primary = own_life(scheme, own, known)
    functions, answers = in_life(recipe, part, primary)
    here = sigmoid(np.log(old["life"] / (1 - old["life"])) - old["prior_shift"]).mean()
    there = (np.array(recipe.answers_in_life) / np.exp(old["answer_shift"][[*range(len(FUNCTIONS)), -1]]))[:-1].mean()
    fresh = slice(known, known + new)
    a["life"][fresh] = functions[-new:]
    a["prior_shift"][fresh] = np.log(functions[-new:] / (1 - functions[-new:])) - np.log(here / (1 - here))
    a["answer_shift"] += np.log(max(1 - primary.sum(), 1e-3))
    a["answer_shift"][fresh] = np.log(answers[-new - 1 : -1] / there)
    space: FeatureSpace = component.duty.space  # type: ignore[union-attr]
    component.set_models(component.codes, space, a, component.review_below, component.review_unknown, scheme)
    component.profiles = profiles


def _grown(weights: Array, known: int, new: int, rows: int, columns: int) -> Array:
    """Weights (known + rows, known + columns) with `new` functions between the known ones and the rest: each like the known ones' mean."""
    square = weights[:known, :known]
    same, other = float(np.diag(square).mean()), float(square[~np.eye(known, dtype=bool)].mean())
    out = np.insert(np.insert(weights, [known] * new, 0.0, axis=0), [known] * new, 0.0, axis=1)
    fresh = slice(known, known + new)
    out[fresh, : known + new] = other
    out[: known + new, fresh] = other
    out[fresh, fresh] = np.where(np.eye(new, dtype=bool), same, other)
    if rows:
        out[known + new :, fresh] = weights[known:, :known].mean(axis=1, keepdims=True)
    if columns:
        out[fresh, known + new :] = weights[:known, known:].mean(axis=0, keepdims=True)
    return out


@dataclass(frozen=True)
class Lean:
    """How far the duties of own postings, labelled as a whole, lean towards functions that no model knows yet.

    found: posting's id -> (N, F) log-odds of its duties for each own function; codes: (posting's id, function) -> (N,) codes.
    """

    scheme: Scheme
    found: Mapping[str, Array]
    codes: Mapping[tuple[str, str], list[str]]

    def widened(self, probabilities: Array, names: Sequence[str], posting: Posting) -> tuple[Array, list[str]]:
        """Probabilities (N, K) with the codes of those own functions that the posting is labelled with."""
        names, identity = list(names), str(posting["id"])
        mine = [(k, f) for k, (f, _) in enumerate(self.scheme.own) if f == posting["primary"] or f in posting["functions"]]
        if not mine or not len(probabilities):
            return probabilities, names
        specific = 1 - probabilities[:, [names.index("g")]] if "g" in names else np.ones((len(probabilities), 1))
        parts, added = [probabilities], []
        for k, function in mine:
            told = self.codes[identity, function]
            codes = sorted(set(told))
            weight = np.exp(self.found[identity][:, [k]]) * specific
            parts.append(weight * np.array([[c == t for c in codes] for t in told], float))
            added += codes
        every = np.hstack(parts)
        return every / every.sum(axis=1, keepdims=True), names + added


def lean(base: Language, own: Sequence[Posting], corpus: Sequence[Posting], scheme: Scheme, profiles: Profiles) -> Lean:
    """What the words of duties tell: those that postings with a function have oftener than others, and its profile's terms.

    Each posting is judged by words learned from other companies' postings, so that what it says alone tells nothing.
    """
    lang = str(base.lang)
    against = list(corpus[:: max(1, len(corpus) // AGAINST)])
    docs = list(base.pipe(p["text"] for p in [*own, *against]))
    batch = duty_batch(docs)
    owner = batch.doc
    groups = company_groups([*own, *against])
    rows = FeatureSpace.fit(lang, batch, groups, 2).matrix(batch)
    folds = fold_of(groups, FOLDS)[owner]
    scores = np.zeros((len(owner), len(scheme.own)))
    codes: dict[tuple[str, str], list[str]] = {}
    for k, (function, _) in enumerate(scheme.own):
        wanted = np.array([function in p["functions"] or p["primary"] == function for p in [*own, *against]], bool)[owner]
        scores[:, k] = _held_out(rows, wanted, folds)
    found: dict[str, Array] = {}
    for n, posting in enumerate(own):
        found[str(posting["id"])] = scores[owner == n]
        for k, (function, _) in enumerate(scheme.own):
            told, named = _termed(docs[n], lang, function, profiles)
            found[str(posting["id"])][:, k] += TERM * named
            codes[str(posting["id"]), function] = told
    return Lean(scheme, found, codes)


def _held_out(rows: Any, wanted: NDArray[np.bool_], folds: NDArray[np.int64]) -> Array:
    """(N,) log-odds that a duty is of the postings wanted, by the words of other folds."""
    out = np.zeros(len(wanted))
    for fold in np.unique(folds):
        train = folds != fold
        if 0 < wanted[train].sum() < train.sum():
            model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=200).fit(rows[train], wanted[train])
            out[~train] = model.decision_function(rows[~train])
    return np.clip(out, -CLEAREST, CLEAREST)


def _termed(doc: Doc, lang: str, function: str, profiles: Profiles) -> tuple[list[str], Array]:
    """A code of the function for each duty, the one whose terms it holds or the first, and whether it holds a term of it."""
    mine, matcher = profiles.codes_of(function), term_matcher(lang, profiles)
    codes, named = [], []
    for duty in doc.spans["duties"]:
        text = lowered(simplified(duty.text) if lang == "zh" else duty.text, lang)
        keys = [m.key for m in matcher.find(text) if m.key in mine or m.key == function]
        codes.append(next((key for key in keys if key in mine), mine[0]))
        named.append(bool(keys))
    return codes, np.array(named, float)

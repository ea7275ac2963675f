"""Training on the shipped corpus with a user's own postings on top, or on these alone."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from threadpoolctl import threadpool_limits

from analyzer.analysis import Analysis, Scheme
from analyzer.errors import CorpusError, ModelDamaged
from analyzer.pipeline.build import open_model
from analyzer.pipeline.features import FeatureSpace, make_batch
from analyzer.pipeline.functions import Functions
from analyzer.pipeline.tokenizer import blank
from analyzer.profiles import Profiles, load_profiles
from analyzer.training import heldout
from analyzer.training.adapt import Choice, Ground, fresh, moved_zones
from analyzer.training.corpus import Posting
from analyzer.training.expect import expect, with_families
from analyzer.training.fit import Recipe
from analyzer.training.groups import grouped
from analyzer.training.labelled import bare
from analyzer.training.newfunctions import lean, learned_scheme, own_life, widen
from analyzer.training.ontop import learning_curve, put_on_top
from analyzer.training.suitability import seen_mark, without_contacts
from analyzer.training.train import VERSION, Evidence, Progress, data_hash, making, recipe_settings, save, train


@dataclass(frozen=True)
class Plan:
    """What to train. weight: of an own duty, `None` to have it chosen by cross-validation; expectation: see `expect`."""

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
    apart: Sequence[Posting] = ()
    """Labelled postings of the corpus that nothing is learned from, for a test of their own in the model card."""


@dataclass
class Trained:
    """A trained pipeline and what it was learned from.

    judged, results: the postings it was judged on, and what was said of each by a model that had not seen its company:
    the own ones, or where there are none besides the corpus, all.
    """

    nlp: Language
    postings: list[Posting]
    judged: list[Posting]
    results: list[Analysis]
    choice: Choice
    tried: Mapping[str, float]
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
    if learned_scheme(plan.profiles, [*corpus, *own]).own and not plan.profile_files:
        raise CorpusError("a model with functions of your own holds their profiles; name the files they are in")
    base, own, unreached = with_duties(plan, corpus, own, progress)
    if own and not plan.alone:
        trained = _on_top(plan, corpus, own, base or base_model(plan, corpus, progress), progress)
    else:
        trained = _afresh(plan, corpus, own, progress)
    _describe(trained, plan, corpus, own)
    return replace(trained, unreached=unreached)


def _afresh(plan: Plan, corpus: Sequence[Posting], own: Sequence[Posting], progress: Progress) -> Trained:
    """A model of the corpus, or of the own postings alone."""
    known = corpus_features(plan.lang, corpus, plan.recipe) if plan.alone else frozenset[str]()
    postings = list(own if plan.alone else corpus)
    kept: list[Evidence] = []
    scheme = learned_scheme(plan.profiles, postings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes")  # few own postings, many codes: the checks say so
        nlp = train(plan.lang, postings, plan.recipe, progress, plan.version, known, kept, scheme, plan.profiles if scheme.own else None)
    component: Any = nlp.get_pipe("jd_functions")
    results = heldout.analyses(plan.lang, kept[0], component.duty.space, plan.recipe)
    return Trained(nlp, postings, *heldout.unseen(kept[0], results), Choice(), {}, [])


def _on_top(plan: Plan, corpus: Sequence[Posting], own: Sequence[Posting], base: Language, progress: Progress) -> Trained:
    """A model of the corpus moved on by own postings."""
    progress(f"{plan.lang}: cutting {len(corpus)} postings of the corpus and {len(own)} own ones")
    scheme = learned_scheme(plan.profiles, [*corpus, *own])
    widen(base.get_pipe("jd_functions"), scheme, own, plan.recipe, plan.profiles)  # type: ignore[arg-type]
    together = grouped([*corpus, *own])
    ground = Ground(plan.lang, plan.recipe, together[: len(corpus)], together[len(corpus) :], base)
    found = put_on_top(ground, base, plan.weight, progress)
    nlp = fresh(base)
    with threadpool_limits(1):
        zones = moved_zones(base, together, len(corpus), plan.recipe, progress)
    a = zones.arrays
    nlp.get_pipe("jd_zones").set_weights(zones.space, a["weights"], a["transitions"], a["start"], a["end"])  # type: ignore[attr-defined]
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    component.set_models(ground.names, ground.base.space, found.arrays, found.review_below, found.review_unknown, ground.scheme)
    nlp.meta.update(making(nlp, together, plan.recipe, plan.version))
    return Trained(nlp, together, ground.own, found.results, found.choice, found.tried, [])


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
    return base, *_expected(base, own, plan, learned_scheme(plan.profiles, [*corpus, *own]), corpus, progress)


def _bare(posting: Posting) -> bool:
    """Whether duties are labelled as another function's without telling which (`n` for `n.sales` and its like)."""
    return any("n" in s["codes"] for s in posting["segments"])


def curve(plan: Plan, shares: Sequence[float], progress: Progress = lambda _: None) -> list[tuple[int, float, float]]:
    """The learning curve on own postings: how many were learned from, share of held-out ones told rightly, mean log-loss."""
    corpus = grouped([bare(p) for p in plan.corpus if p["language"] == plan.lang])
    base, own, _ = with_duties(plan, corpus, _own([p for p in plan.own if p["language"] == plan.lang]), progress)
    base = base or base_model(plan, corpus, progress)
    scheme = learned_scheme(plan.profiles, [*corpus, *own])
    widen(base.get_pipe("jd_functions"), scheme, own, plan.recipe, plan.profiles)  # type: ignore[arg-type]
    ground = Ground(plan.lang, plan.recipe, corpus, own, base)
    return learning_curve(ground, base, shares, Choice(plan.weight or 1), progress)


def _expected(
    base: Language, own: Sequence[Posting], plan: Plan, scheme: Scheme, corpus: Sequence[Posting], progress: Progress
) -> tuple[list[Posting], list[str]]:
    whole = [p for p in own if p.get("level") == "posting"]
    with threadpool_limits(1):
        leaning = lean(base, whole, corpus, scheme, plan.profiles) if scheme.own and plan.profiles and whole else None
        made = iter(expect(base, whole, plan.expectation, leaning, progress))
    out = [next(made) if p.get("level") == "posting" else p for p in own]
    unreached = [p["id"] for p in out if not p.get("reached", True)]
    return [{k: v for k, v in p.items() if k not in ("reached", "functions_told")} for p in out], unreached


def base_model(plan: Plan, corpus: Sequence[Posting], progress: Progress) -> Language:
    """The model of the corpus alone: the shipped one where it is that, else trained now. Saved and read, so that both are the same."""
    shipped = open_shipped(plan)
    if shipped is not None:
        jd = shipped.meta["jd"]
        if not corpus or (jd.get("data") == data_hash(corpus) and _same(jd.get("recipe", {}), recipe_settings(plan.recipe))):
            return shipped
    if not corpus:
        raise CorpusError(
            "postings labelled as a whole need the corpus, or a shipped model, to tell their duties; name a corpus with --corpus"
        )
    progress(f"{plan.lang}: first a model of the corpus alone, to tell the duties of postings labelled as a whole")
    with tempfile.TemporaryDirectory() as folder:
        save(train(plan.lang, corpus, plan.recipe, progress), Path(folder) / plan.lang)  # with the shipped functions alone
        return open_model(Path(folder) / plan.lang)


def _same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two recipes are one; a number that went through JSON may differ in its last digit."""
    return left.keys() == right.keys() and all(np.allclose(left[k], right[k], rtol=1e-9) for k in left)


def open_shipped(plan: Plan) -> Language | None:
    """The shipped model, where there is one that this version can read."""
    try:
        return open_model(plan.shipped) if plan.shipped and plan.shipped.is_dir() else None
    except ModelDamaged:
        return None


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


def _describe(trained: Trained, plan: Plan, corpus: Sequence[Posting], own: Sequence[Posting]) -> None:
    """What a model knows of its making, in `meta.json`."""
    profiles = plan.profiles or load_profiles()
    component: Any = trained.nlp.get_pipe("jd_functions")
    learned = list(own) if plan.alone else [*corpus, *own]
    trained.nlp.meta["jd"].update(
        {
            "seed": 0,
            "postings": len(learned),
            "profiles": profiles.hash(),
            "own_profiles": [profile_name(f) for f in plan.profile_files],
            "own_codes": {c: profiles.name(c, "en") for c in profiles.added if c in component.duty.codes},
            "corpus": {"postings": 0 if plan.alone else len(corpus), "data": data_hash(corpus)},
            "own": {
                "postings": len(own),
                "weight": trained.choice.duties if trained.tried else 1,
                "weights_tried": dict(trained.tried),
                "expectation": plan.expectation,
                **({"text_weight": trained.choice.texts} if trained.tried else {}),
            },
            "thresholds": {f: round(t, 4) for f, t in component.thresholds.items()},
            **({"own_functions": _own_functions(component.scheme, profiles, own or corpus)} if component.scheme.own else {}),
            "seen": sorted({seen_mark(p["text"]) for p in learned}),
        }
    )


def known_labels(nlp: Language) -> set[str]:
    """The functions and codes that a model scores."""
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    return {*component.scheme.functions, *component.codes}


def _own_functions(scheme: Scheme, profiles: Profiles, own: Sequence[Posting]) -> dict[str, Any]:
    """Name and prefix of the user's functions, and the share of own postings that they are calibrated for."""
    part, primary = own_life(scheme, own)
    return {
        name: {"name": profiles.name(name, "en"), "prefix": prefix, "part_of": round(float(p), 4), "primary_in": round(float(q), 4)}
        for (name, prefix), p, q in zip(scheme.own, part, primary, strict=True)
    }

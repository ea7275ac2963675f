"""`jd-analyzer train`: the corpus in, model directories out, the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from threadpoolctl import threadpool_limits

from analyzer.analysis import SHIPPED, Scheme
from analyzer.errors import CorpusError
from analyzer.pipeline.build import build
from analyzer.pipeline.functions import Functions, PostingModel
from analyzer.pipeline.manifest import CARDS, FORMAT, PLAIN_FORMAT
from analyzer.pipeline.tokenizer import ChineseTokenizer
from analyzer.profiles import Profiles
from analyzer.training.corpus import Posting
from analyzer.training.fit import HeldOut, Recipe, fit_duties, fit_posting, fit_zones, out_of_fold
from analyzer.training.prepare import Prepared, cutter, prepare

VERSION = "1.0.0"
SMALLEST = 20
"""Postings a language needs before anything is learned from them."""
Progress = Callable[[str], None]


def data_hash(postings: Sequence[Posting]) -> str:
    """A hash of labelled postings, independent of how their file is laid out."""
    lines = (json.dumps(p, ensure_ascii=False, sort_keys=True) for p in postings)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Evidence:
    """What a training went through on its way, for the model's card."""

    prepared: Prepared
    names: list[str]
    held_out: HeldOut


def train(
    lang: str,
    postings: Sequence[Posting],
    recipe: Recipe | None = None,
    progress: Progress = lambda _: None,
    version: str = VERSION,
    known: frozenset[str] = frozenset(),
    evidence: list[Evidence] | None = None,
    scheme: Scheme = SHIPPED,
    profiles: Profiles | None = None,
) -> Language:
    """A trained pipeline of one language.

    known: features that may be kept though one source alone wrote them. evidence: takes the out-of-fold results.
    scheme: the functions that are learned; profiles: a user's own, where there are any.
    Raises CorpusError where there are too few postings, or only one answer among them.
    """
    recipe = recipe or Recipe()
    postings = [p for p in postings if p["language"] == lang]
    if len(postings) < SMALLEST:
        raise CorpusError(f"{len(postings)} postings in {lang!r}: at least {SMALLEST} are needed to train")
    if len({p["primary"] for p in postings}) < 2:
        raise CorpusError(f"all postings in {lang!r} have the same primary function; a model needs at least two answers to tell apart")
    with threadpool_limits(1):  # one thread adds numbers in one order: the same bytes on every run
        nlp, found = _train(lang, postings, recipe, progress, version, known, (scheme, profiles))
    if evidence is not None:
        evidence.append(found)
    return nlp


def _train(
    lang: str,
    postings: Sequence[Posting],
    recipe: Recipe,
    progress: Progress,
    version: str,
    known: frozenset[str],
    told: tuple[Scheme, Profiles | None],
) -> tuple[Language, Evidence]:
    nlp = build(lang)
    progress(f"{lang}: cutting {len(postings)} postings")
    prepared = prepare(cutter(nlp), postings, recipe.copies, *told)
    names = sorted({c for codes in prepared.codes for c in codes})
    progress(f"{lang}: learning {recipe.folds} times without a fifth of the companies")
    held_out = out_of_fold(prepared, lang, recipe, names, known)
    posting = fit_posting(prepared, held_out, recipe)
    progress(f"{lang}: learning from all")
    everything = list(range(len(prepared)))
    zones = fit_zones(prepared, everything, lang, recipe, known)
    duty = fit_duties(prepared, everything, lang, recipe, names, known)
    a = zones.arrays
    nlp.get_pipe("jd_zones").set_weights(zones.space, a["weights"], a["transitions"], a["start"], a["end"])  # type: ignore[attr-defined]
    arrays = {**posting, **duty.a}
    sure = PostingModel(names, posting, prepared.scheme).answers(held_out.shares, held_out.text).max(axis=1)
    below = float(np.quantile(sure, recipe.review_share[lang]))
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    component.set_models(names, duty.space, arrays, round(below, 4), recipe.review_unknown, prepared.scheme)
    nlp.meta.update(making(nlp, postings, recipe, version))
    return nlp, Evidence(prepared, names, held_out)


def making(nlp: Language, postings: Sequence[Posting], recipe: Recipe, version: str) -> dict[str, Any]:
    """What `meta.json` says of every model's making."""
    engine = nlp.tokenizer.engine if isinstance(nlp.tokenizer, ChineseTokenizer) else "pattern"
    scheme: Scheme = nlp.get_pipe("jd_functions").scheme  # type: ignore[attr-defined]
    return {
        "name": "jd",
        "version": version,
        "description": f"Duties of job postings and the functions they serve: {', '.join(scheme.functions)}",
        "author": "jd-analyzer",
        "license": "MIT",
        "jd": {
            "format": FORMAT if scheme.own else PLAIN_FORMAT,
            "segmenter": engine,
            "data": data_hash(postings),
            "postings": len(postings),
            "answers": list(scheme.answers),
            "functions": list(scheme.functions),
            "recipe": recipe_settings(recipe),
        },
    }


def recipe_settings(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain settings, for `meta.json`."""
    told: dict[str, Any] = {}
    for name, value in sorted(vars(recipe).items()):
        if isinstance(value, Mapping):
            told |= {f"{name}_{part}": value[part] for part in sorted(value)}
        else:
            told[name] = list(value) if isinstance(value, tuple) else value
    return told


def save(nlp: Language, directory: Path, extra: Mapping[str, bytes] | None = None) -> str:
    """Write a trained pipeline that has read no text yet; returns its content hash. Replaces what was there.

    extra: more files that belong to the model, by their path in it, such as `profiles/own.toml`.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as folder:
        fresh = Path(folder) / directory.name
        nlp.to_disk(fresh)
        for name, content in (extra or {}).items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content)
        digest = content_hash(fresh)
        meta = json.loads((fresh / "meta.json").read_text(encoding="utf-8"))
        meta["jd"]["hash"] = digest[:7]
        meta["jd"]["files"] = file_hashes(fresh)
        (fresh / "meta.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        if directory.exists():
            shutil.rmtree(directory)
        shutil.move(fresh, directory)
    return digest[:7]


def file_hashes(directory: Path) -> dict[str, str]:
    """sha256 of every file of a model but its `meta.json` and cards."""
    files = sorted(f for f in directory.rglob("*") if f.is_file() and f.suffix not in CARDS and f != directory / "meta.json")
    return {f.relative_to(directory).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def content_hash(directory: Path) -> str:
    """One hash over all files that decide a model's numbers."""
    return hashlib.sha256(json.dumps(file_hashes(directory), sort_keys=True).encode()).hexdigest()

"""Putting a pipeline together, and opening one that was saved."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from analyzer.errors import ModelDamaged
from analyzer.pipeline import duties, functions, segments, zones  # noqa: F401  registers the factories
from analyzer.pipeline.manifest import verify
from analyzer.pipeline.part_space import within
from analyzer.pipeline.places import MODELS as MODELS
from analyzer.pipeline.places import find_model as find_model
from analyzer.pipeline.tokenizer import blank
from analyzer.profiles import Profiles, load_profiles

COMPONENTS = ("jd_segments", "jd_zones", "jd_duties", "jd_functions")


def user_dictionary(lang: str) -> list[str]:
    """The entries of a language's user dictionary, in jieba's format; none for Spanish."""
    source = resources.files("analyzer") / "lang" / lang / "userdict.txt"
    return source.read_text(encoding="utf-8").splitlines() if source.is_file() else []


def build(lang: str, engine: str = "rjieba") -> Language:
    """A pipeline of all components, without weights."""
    nlp = blank(lang, engine, user_dictionary(lang) if lang == "zh" else None)
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp


def profiles_of(path: Path, jd: Mapping[str, Any]) -> Profiles:
    """The profiles a verified model was trained with: the packaged ones with those of the user that lie in it.

    jd: what its `meta.json` says of its making. Raises ProfileError where a profile does not fit this version's schema.
    """
    return load_profiles(*profile_files(path, jd))


def profile_files(path: Path, jd: Mapping[str, Any]) -> list[Path]:
    """The user's profiles that lie in a verified model."""
    return [path / "profiles" / n for n in jd.get("own_profiles", []) if f"profiles/{n}" in jd["files"]]


def _share_vocabulary(nlp: Language) -> None:
    """Count words once for both models: zones are learnt from the duties' postings and changed copies of them, so know all their words."""
    zones_of, functions_of = nlp.get_pipe("jd_zones"), nlp.get_pipe("jd_functions")
    assert isinstance(zones_of, zones.Zones) and isinstance(functions_of, functions.Functions)
    if zones_of.space and functions_of.duty:
        functions_of.duty.space = within(functions_of.duty.space, zones_of.space)


def open_model(path: Path) -> Language:
    """Load a model directory. Raises ModelDamaged where it is not whole, before anything of it is used."""
    verify(path)
    try:
        nlp = spacy.load(path)
        component: functions.Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
        _share_vocabulary(nlp)
        component.profiles = profiles_of(path, nlp.meta["jd"])
        if any(component.profiles.prefixes.get(prefix) != name for name, prefix in component.scheme.own):
            raise ModelDamaged(
                f"{path.name} scores functions that the profiles in it do not hold; train it again, naming them with --profiles"
            )
        return nlp
    except ModelDamaged as error:
        reason = str(error).removeprefix(f"{error.code}: ").split(";")[0]
        raise ModelDamaged(
            f"{reason}; its files are what its manifest says, so another version made it: train it again, or install one of this version"
        ) from None

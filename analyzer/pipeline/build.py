"""Putting a pipeline together, and opening one that was saved."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import spacy
from spacy.language import Language

from analyzer.errors import ModelDamaged, ModelNotFound
from analyzer.pipeline import duties, functions, segments, zones  # noqa: F401  registers the factories
from analyzer.pipeline.manifest import verify
from analyzer.pipeline.tokenizer import blank

COMPONENTS = ("jd_segments", "jd_zones", "jd_duties", "jd_functions")
MODELS = Path(__file__).resolve().parents[2] / "models"


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


def find_model(lang: str, models: Path | None = None) -> Path:
    """The directory of a language's model: under `models`, beside the package, or inside it.

    Raises ModelNotFound, saying where was looked.
    """
    places = [models / lang] if models else [MODELS / lang, Path(__file__).resolve().parents[1] / "_models" / lang]
    for place in places:
        if (place / "config.cfg").is_file():
            return place
    raise ModelNotFound(
        f"no model for {lang!r} in {places[0].parent}; train one with `jd-analyzer train`, or name a directory that holds one"
    )


def open_model(path: Path) -> Language:
    """Load a model directory. Raises ModelDamaged where it is not whole, before anything of it is used."""
    verify(path)
    try:
        return spacy.load(path)
    except ModelDamaged as error:
        reason = str(error).removeprefix(f"{error.code}: ").split(";")[0]
        raise ModelDamaged(
            f"{reason}; its files are what its manifest says, so another version made it: train it again, or install one of this version"
        ) from None

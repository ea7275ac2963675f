"""What may lie in a model directory, checked before any of it is used: names, sizes, hashes, settings.

A model file is data from somewhere else. Nothing in one can run: arrays, word lists and settings only, and a
`config.cfg` that names the four components of this package and nothing beyond them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analyzer.errors import ModelDamaged

FORMAT = 2
"""Of the files in a model directory, raised when an older program could not read them: 2 has functions of a user's own."""
PLAIN_FORMAT = 1
"""Of a model of the shipped functions alone, which older programs read."""
MAX_TOTAL_BYTES = 600_000_000
"""A model directory that holds more than this is refused."""
MAX_FILES = 60
_MB = 1_000_000
ALLOWED: Mapping[str, int] = {
    "meta.json": 20 * _MB,
    "config.cfg": _MB,
    "jd_zones/weights.safetensors": 200 * _MB,
    "jd_zones/vocabulary.txt": 50 * _MB,
    "jd_zones/settings.json": _MB,
    "jd_functions/weights.safetensors": 200 * _MB,
    "jd_functions/vocabulary.txt": 50 * _MB,
    "jd_functions/settings.json": _MB,
    "tokenizer/tokenizer.json": _MB,
    "tokenizer/userdict.txt": 20 * _MB,
    "vocab/strings.json": _MB,
    "vocab/key2row": _MB,
    "vocab/lookups.bin": _MB,
    "vocab/vectors": _MB,
    "vocab/vectors.cfg": _MB,
    "README.md": _MB,
    "EXPERIMENTS.md": _MB,
    "calibration.png": 5 * _MB,
}
"""Files of a model directory and the bytes each may hold. Profiles of the user lie in `profiles/`, as TOML."""
REQUIRED = tuple(n for n in ALLOWED if not n.endswith((".md", ".png")) and n != "tokenizer/userdict.txt")
_PROFILE = re.compile(r"profiles/[\w.-]{1,80}\.toml")
CARDS = (".md", ".png")
"""Endings of files that tell of a model and decide no number."""


def verify(directory: Path) -> dict[str, Any]:
    """The model's `meta.json`, after everything in the directory was found to be what it says.

    Raises ModelDamaged with the reason and what to do: a foreign or missing file, a link, a file too large, another
    hash than the manifest's, arrays cut short, settings that name what this package does not.
    """
    name = directory.name
    if directory.is_symlink() or not directory.is_dir():
        raise ModelDamaged(f"{name} is no directory")
    sizes = _files(directory)
    meta = _meta(directory)
    for file in REQUIRED:
        if file not in sizes:
            raise ModelDamaged(f"{name}/{file} is missing; install the model again")
    _hashes(directory, meta, sizes)
    for part in ("jd_zones", "jd_functions"):
        _tensors(directory / part / "weights.safetensors", f"{name}/{part}/weights.safetensors")
    _config(directory, str(meta["lang"]))
    return meta


def _files(directory: Path) -> dict[str, int]:
    """Size of every file, none of them foreign, a link, or too large."""
    sizes: dict[str, int] = {}
    for folder, folders, files in os.walk(directory, followlinks=False):
        for entry in [*folders, *files]:
            path = Path(folder) / entry
            shown = path.relative_to(directory).as_posix()
            state = path.lstat()
            if stat.S_ISLNK(state.st_mode):
                raise ModelDamaged(f"{directory.name}/{_safe(shown)} is a link; a model holds plain files only")
            if stat.S_ISDIR(state.st_mode):
                continue
            limit = ALLOWED.get(shown) or (_MB if _PROFILE.fullmatch(shown) else None)
            if not stat.S_ISREG(state.st_mode) or limit is None:
                raise ModelDamaged(f"{directory.name}/{_safe(shown)} is no part of a model; remove it, or do not use this directory")
            if state.st_size > limit:
                raise ModelDamaged(f"{directory.name}/{shown} is larger than {limit} bytes")
            sizes[shown] = state.st_size
            if len(sizes) > MAX_FILES or sum(sizes.values()) > MAX_TOTAL_BYTES:
                raise ModelDamaged(f"{directory.name} holds more than a model can")
    return sizes


def _safe(shown: str) -> str:
    """A file's name fit to be printed."""
    return "".join(c if c.isprintable() else "?" for c in shown)[:120]


def _meta(directory: Path) -> dict[str, Any]:
    where = f"{directory.name}/meta.json"
    try:
        meta = json.loads((directory / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise ModelDamaged(f"{where} is missing or not JSON; install the model again") from None
    if not isinstance(meta, dict) or meta.get("lang") not in ("zh", "es"):
        raise ModelDamaged(f"{where} names no language that is served here")
    jd = meta.get("jd")
    if not isinstance(jd, dict) or not isinstance(jd.get("files"), dict):
        raise ModelDamaged(f"{where} holds no manifest of the files; train or install the model again")
    made = jd.get("format", 1)
    if not isinstance(made, int) or made > FORMAT:
        raise ModelDamaged(
            f"{where}: the model was made by a newer version (format {made!r}, this one reads up to {FORMAT}); upgrade jd-analyzer"
        )
    return meta


def _hashes(directory: Path, meta: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
    listed = meta["jd"]["files"]
    for file, digest in listed.items():
        if not isinstance(file, str) or not isinstance(digest, str) or (file not in ALLOWED and not _PROFILE.fullmatch(file)):
            raise ModelDamaged(f"{directory.name}/meta.json lists {_safe(str(file))!r}, which is no part of a model")
        if file not in sizes:
            raise ModelDamaged(f"{directory.name}/{file} is missing; install the model again")
        found = hashlib.sha256((directory / file).read_bytes()).hexdigest()
        if found != digest:
            raise ModelDamaged(f"{directory.name}/{file} is not what the manifest says (damaged or changed); install the model again")
    unlisted = sorted(f for f in sizes if f not in listed and f != "meta.json" and not f.endswith(CARDS))
    if unlisted:
        raise ModelDamaged(f"{directory.name}/{unlisted[0]} is not in the manifest; install the model again")


def _tensors(file: Path, shown: str) -> None:
    """A safetensors header whose arrays fill the file exactly, one after the other."""
    size = file.stat().st_size
    with file.open("rb") as source:
        length = int.from_bytes(source.read(8), "little")
        if size < 8 or length > min(size - 8, _MB):
            raise ModelDamaged(f"{shown} is cut short; install the model again")
        try:
            header = json.loads(source.read(length))
            spans = sorted((int(a), int(b), _bytes(t)) for t in _arrays(header) for a, b in [t["data_offsets"]])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ModelDamaged(f"{shown} has a broken header; install the model again") from None
    at = 0
    for start, end, wanted in spans:
        if start != at or end - start != wanted:
            raise ModelDamaged(f"{shown}: an array's shape does not fit its bytes; install the model again")
        at = end
    if at != size - 8 - length:
        raise ModelDamaged(f"{shown} is cut short or holds more than its arrays; install the model again")


def _arrays(header: Mapping[str, Any]) -> list[Any]:
    return [value for key, value in header.items() if key != "__metadata__"]


def _bytes(tensor: Mapping[str, Any]) -> int:
    """Bytes that an array of this shape and type fills."""
    total = {"F16": 2, "F32": 4, "F64": 8, "I32": 4, "I64": 8, "U8": 1}[tensor["dtype"]]
    for dimension in tensor["shape"]:
        if not isinstance(dimension, int) or dimension < 0:
            raise ValueError("shape")
        total *= dimension
    return total


def _config(directory: Path, lang: str) -> None:
    """Only this package's tokenizer and components, with no settings of their own, and no hooks."""
    from confection import Config

    where = f"{directory.name}/config.cfg"
    try:
        config = Config().from_str((directory / "config.cfg").read_text(encoding="utf-8"), interpolate=False)
    except Exception as error:  # the parser raises many kinds; any of them means the same to the user
        raise ModelDamaged(f"{where} cannot be read ({type(error).__name__}); install the model again") from None
    nlp, components = config.get("nlp", {}), config.get("components", {})
    names = ["jd_segments", "jd_zones", "jd_duties", "jd_functions"]
    tokenizer = nlp.get("tokenizer", {}) if isinstance(nlp, dict) else {}
    right = (
        isinstance(nlp, dict)
        and isinstance(components, dict)
        and nlp.get("lang") == lang
        and nlp.get("pipeline") == names
        and sorted(components) == sorted(names)
        and all(components[n] == {"factory": n} for n in names)
        and tokenizer.get("@tokenizers") == "jd.Tokenizer.v1"
        and tokenizer.get("lang") == lang
        and set(tokenizer) <= {"@tokenizers", "lang", "engine", "entries"}
        and not any(nlp.get(hook) for hook in ("before_creation", "after_creation", "after_pipeline_creation", "disabled"))
        and not _registered({k: v for k, v in config.items() if k not in ("nlp", "components", "training", "corpora", "pretraining")})
        and not _registered({k: v for k, v in nlp.items() if k not in ("tokenizer", "vectors")})
        and (not isinstance(nlp.get("vectors"), dict) or nlp["vectors"] == {"@vectors": "spacy.Vectors.v1"})
    )
    if not right:
        raise ModelDamaged(f"{where} names parts or hooks that are not of this package; do not use this model")


def _registered(part: Any) -> bool:
    """Whether settings name a registered function, which loading would call."""
    if isinstance(part, dict):
        return any(str(key).startswith("@") or _registered(value) for key, value in part.items())
    return isinstance(part, list) and any(_registered(value) for value in part)

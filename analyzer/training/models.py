"""Model directories: which there are, what they know of their making, whether they are whole, and putting one in place."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from analyzer.errors import ModelDamaged, ModelNotFound
from analyzer.pipeline import build
from analyzer.pipeline.build import MODELS
from analyzer.pipeline.manifest import ALLOWED, MAX_FILES, MAX_TOTAL_BYTES, verify
from analyzer.profiles import Profiles, load_profiles

PACKAGED = Path(__file__).resolve().parents[1] / "_models"


def shipped() -> Path | None:
    """The directory of the shipped models, where there is one."""
    return next((place for place in (MODELS, PACKAGED) if place.is_dir()), None)


def found(places: Iterable[Path]) -> list[Path]:
    """Model directories in these places: a model itself, or the models in a directory, in order of name."""
    out: list[Path] = []
    for place in places:
        if (place / "config.cfg").is_file():
            out.append(place)
        elif place.is_dir():
            out += sorted(p for p in place.iterdir() if (p / "config.cfg").is_file())
    return list(dict.fromkeys(out))


def info(directory: Path) -> dict[str, Any]:
    """What a model knows of its making; raises ModelDamaged where it is not whole."""
    meta = verify(directory)
    jd = meta["jd"]
    profiles = load_profiles()
    return {
        "name": f"{meta['lang']}-{meta['version']}+{jd.get('hash', 'unsaved')}",
        "language": meta["lang"],
        "path": str(directory),
        "postings": jd.get("postings"),
        "own": jd.get("own", {}),
        "data": jd.get("data"),
        "profiles": jd.get("profiles"),
        "profiles_fit": None if jd.get("profiles") is None else jd["profiles"] == profiles.hash() or bool(jd.get("own_profiles")),
        "own_codes": jd.get("own_codes", {}),
        "seed": jd.get("seed"),
        "format": jd.get("format", 1),
        "dictionary": jd.get("files", {}).get("tokenizer/userdict.txt"),
        "segmenter": jd.get("segmenter"),
        "thresholds": jd.get("thresholds", {}),
        "metrics": {name: row["value"] for name, row in jd.get("metrics", {}).items()},
        "recipe": jd.get("recipe", {}),
        "files": jd["files"],
    }


def profiles_of(directory: Path) -> Profiles:
    """The profiles a model was trained with; raises ModelDamaged where it is not whole."""
    return build.profiles_of(directory, verify(directory)["jd"])


def profiles_in(*places: Path | None) -> Profiles:
    """The profiles of all models in directories, or of the one model each is; the packaged ones where none is said."""
    files: dict[bytes, Path] = {}
    for directory in found([place for place in places if place]):
        files.update({f.read_bytes(): f for f in build.profile_files(directory, verify(directory)["jd"])})
    return load_profiles(*files.values())


def install(source: Path, target: Path, replace: bool = False) -> list[Path]:
    """Put the model, or the models, of a directory or ZIP archive into `target`; returns where they are now.

    Everything is checked before anything is moved. Raises ModelDamaged for what is not whole, ModelNotFound where the
    source holds no model or the target holds one already and `replace` is not said.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        origin = _unpacked(source, Path(folder) / "source") if source.is_file() else source
        models = found([origin, *([p for p in sorted(origin.iterdir()) if p.is_dir()] if origin.is_dir() else [])])
        if not models:
            raise ModelNotFound(f"{source.name} holds no model: a directory or ZIP with zh or es in it is wanted")
        metas = [verify(m) for m in models]
        places = [target / str(meta["lang"]) for meta in metas]
        if len(set(places)) < len(places):
            raise ModelDamaged(f"{source.name} holds two models of one language; install one of them")
        for place in places:
            if place.exists() and not replace:
                raise ModelNotFound(f"{place} is there already; say --replace to put the new model in its place")
        for model, place in zip(models, places, strict=True):
            fresh = Path(folder) / f"new-{place.name}"
            shutil.copytree(model, fresh, symlinks=True)
            verify(fresh)
            if place.exists():
                shutil.move(place, Path(folder) / f"old-{place.name}")
            shutil.move(fresh, place)
    return places


def _unpacked(archive: Path, folder: Path) -> Path:
    """A ZIP archive's files in `folder`; names, kinds and sizes are looked at before anything is written."""
    try:
        with zipfile.ZipFile(archive) as source:
            members = [m for m in source.infolist() if not m.is_dir()]
            if len(members) > 2 * MAX_FILES or sum(m.file_size for m in members) > 2 * MAX_TOTAL_BYTES:
                raise ModelDamaged(f"{archive.name} holds more than models can")
            for member in members:
                parts = member.filename.replace("\\", "/").split("/")
                if member.filename.startswith("/") or any(p in ("", ".", "..") or ":" in p for p in parts):
                    raise ModelDamaged(f"{archive.name}: the path {member.filename[:80]!r} leads out of the archive; do not use it")
                if (member.external_attr >> 16) & 0o170000 == 0o120000:
                    raise ModelDamaged(f"{archive.name}: {member.filename[:80]!r} is a link; a model holds plain files only")
                _write(source, member, folder.joinpath(*parts))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise ModelDamaged(f"{archive.name} is no sound ZIP archive ({type(error).__name__})") from None
    return folder


def _write(source: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    """One file, never more of it than the archive says or a model may hold, whatever the archive says of its size."""
    limit = min(member.file_size, max(ALLOWED.values()))
    place.parent.mkdir(parents=True, exist_ok=True)
    with source.open(member) as reader, place.open("wb") as writer:
        left = limit
        while block := reader.read(min(1 << 20, left + 1)):
            left -= len(block)
            if left < 0:
                raise ModelDamaged(f"{member.filename[:80]!r} is larger than a model file may be")
            writer.write(block)

"""How trained parts lie on disk: arrays as safetensors, a vocabulary as text, settings as JSON. Nothing in them can run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from analyzer.errors import ModelDamaged

MAX_FILE_BYTES = 200_000_000
"""A model file larger than this is refused before it is read."""


def write(path: Path, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any], names: Iterable[str]) -> None:
    """Write `weights.safetensors`, `settings.json` and `vocabulary.txt`; the same content gives the same bytes."""
    path.mkdir(parents=True, exist_ok=True)
    ordered = {k: np.ascontiguousarray(arrays[k]) for k in sorted(arrays)}
    (path / "weights.safetensors").write_bytes(save_tensors(ordered))
    (path / "settings.json").write_text(json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (path / "vocabulary.txt").write_text("".join(f"{n}\n" for n in names), encoding="utf-8")


def read(path: Path, shapes: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, NDArray[Any]], dict[str, Any], list[str]]:
    """Arrays, settings and names of a component's folder.

    shapes: for each array the names of its dimensions; the same name must have the same size everywhere, and `V` is
    the number of names. Raises ModelDamaged, naming the file, where anything is missing or does not fit.
    """
    for name in ("weights.safetensors", "settings.json", "vocabulary.txt"):
        file = path / name
        if not file.is_file() or file.is_symlink():
            raise ModelDamaged(f"{path.name}/{name} is missing; install the model again")
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ModelDamaged(f"{path.name}/{name} is larger than {MAX_FILE_BYTES} bytes")
    try:
        arrays = load_tensors((path / "weights.safetensors").read_bytes())
        settings = json.loads((path / "settings.json").read_text(encoding="utf-8"))
        names = (path / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    except (SafetensorError, ValueError, UnicodeDecodeError) as error:
        raise ModelDamaged(f"{path.name} cannot be read ({type(error).__name__}); install the model again") from None
    _check(path.name, arrays, shapes, len(names))
    return arrays, settings, names


def _check(where: str, arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[str, ...]], count: int) -> None:
    sizes = {"V": count}
    for name, dimensions in shapes.items():
        if name not in arrays:
            raise ModelDamaged(f"{where}/weights.safetensors lacks {name!r}; install the model again")
        if arrays[name].ndim != len(dimensions):
            raise ModelDamaged(f"{where}: {name} has {arrays[name].ndim} dimensions, not {len(dimensions)}")
        for dimension, size in zip(dimensions, arrays[name].shape, strict=True):
            if sizes.setdefault(dimension, size) != size:
                raise ModelDamaged(f"{where}: {name} does not fit the other arrays ({dimension} is {size}, not {sizes[dimension]})")
        if arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise ModelDamaged(f"{where}: {name} holds values that are no numbers")

"""Where models lie, and what can be told of them without loading any: no spaCy here, for the web server's own process."""

from __future__ import annotations

import json
from pathlib import Path

from analyzer.errors import ModelNotFound

MODELS = Path(__file__).resolve().parents[2] / "models"
SETTINGS_BYTES = 1_000_000
"""More than a component's settings have."""


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


def own_functions(models: Path | None = None) -> tuple[str, ...]:
    """The functions that the models of a directory (or the shipped ones) score beside the shipped three; nothing is loaded or checked."""
    found: dict[str, None] = {}
    for lang in ("zh", "es"):
        try:
            file = find_model(lang, models) / "jd_functions" / "settings.json"
            if file.stat().st_size < SETTINGS_BYTES:
                found.update({str(name): None for name, _ in json.loads(file.read_text(encoding="utf-8")).get("own_functions", [])})
        except (ModelNotFound, OSError, ValueError, TypeError, AttributeError):
            continue  # opening the model says what is wrong with it
    return tuple(found)

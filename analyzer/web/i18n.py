"""The page's words in Spanish, Chinese and English, and the choice of language."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

LANGUAGES = ("es", "zh", "en")
NAMES = {"es": "Español", "zh": "中文", "en": "English"}


@functools.cache
def messages() -> dict[str, dict[str, str]]:
    """Key -> language -> words."""
    return tomllib.loads((resources.files("analyzer.web") / "messages.toml").read_text(encoding="utf-8"))


def translator(lang: str) -> Callable[..., str]:
    """A function from a key, and values for the {names} in its words, to the words."""

    def t(key: str, **values: Any) -> str:
        said = messages().get(key, {}).get(lang)
        if said is None:
            return key
        return said.format(**values) if values else said

    return t


def has(key: str) -> bool:
    """Whether there are words for a key."""
    return key in messages()


def chosen(asked: str | None, accepted: str | None) -> str:
    """The language asked for, else the best of an Accept-Language header, else English."""
    if asked in LANGUAGES:
        return str(asked)
    ranked: list[tuple[float, int, str]] = []
    for number, part in enumerate((accepted or "")[:500].split(",")):
        tag, _, rest = part.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            quality = 0.0
        base = tag.lower().split("-")[0]
        if base in LANGUAGES and quality > 0:
            ranked.append((-quality, number, base))
    return min(ranked)[2] if ranked else "en"

"""The data files beside a corpus that say what it is held to; a corpus without them is held to less.

cases.toml: the settled cases and the codes on each side of their lines; industries.toml: sectors; set_phrases.toml:
wordings that may repeat; floors.toml: the least that must be there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError

UNSORTED = "other"
"""The sector of an industry that industries.toml does not list."""


@dataclass(frozen=True)
class Rules:
    """What the data files say.

    sides: case → side → codes or zones (`o.*` stands for a family); sectors: language → industry → sector;
    set_phrases: language → wordings; floors: the table of floors.toml, empty where there is none.
    """

    sides: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    sectors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    set_phrases: Mapping[str, list[str]] = field(default_factory=dict)
    floors: Mapping[str, Any] = field(default_factory=dict)

    def sector(self, posting: Mapping[str, Any]) -> str:
        """The sector of a posting's industry, `other` where no file sorts it."""
        return self.sectors.get(str(posting["language"]), {}).get(str(posting.get("industry")), UNSORTED)


def load_rules(folder: Path) -> Rules:
    """The rules of a corpus folder. Raises CorpusError where a file is there and cannot be read."""
    cases, industries = _toml(folder / "cases.toml"), _toml(folder / "industries.toml")
    try:
        sectors: dict[str, dict[str, str]] = {}
        for name, sector in industries.items():
            for language in ("zh", "es"):
                for industry in sector.get(language, []):
                    if industry in sectors.setdefault(language, {}):
                        raise CorpusError(f"industries.toml: {industry!r} stands in two sectors: {sectors[language][industry]} and {name}")
                    sectors[language][industry] = name
        sides = {name: case["sides"] for name, case in cases.items()}
        phrases = {
            language: [w for group in groups.values() for w in group] for language, groups in _toml(folder / "set_phrases.toml").items()
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{folder}: cases.toml, industries.toml or set_phrases.toml has not the shape its head describes ({error})"
        ) from None
    return Rules(sides, sectors, phrases, _toml(folder / "floors.toml"))


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path.name}: {error}") from None


def sides_of(segment: Mapping[str, Any], sides: Mapping[str, list[str]]) -> list[str]:
    """The sides of a case a segment stands on, from its zone and codes."""
    return [name for name, patterns in sides.items() if segment["zone"] in patterns or any(_fits(c, patterns) for c in segment["codes"])]


def _fits(code: str, patterns: list[str]) -> bool:
    return any(code == p or (p.endswith(".*") and code.startswith(p[:-1])) for p in patterns)

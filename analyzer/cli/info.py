"""`jd-analyzer profiles` and `jd-analyzer version`: what the program goes by, and which one it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from analyzer.profiles import Profiles

PROFILES_EPILOG = """Examples:

jd-analyzer profiles --language es

jd-analyzer profiles --format json > profiles.json

jd-analyzer profiles --file mine.toml"""


class ProfileFormat(StrEnum):
    """How profiles are written."""

    TERMINAL = "terminal"
    JSON = "json"


class NameLanguage(StrEnum):
    """Languages of names."""

    EN = "en"
    ES = "es"
    ZH = "zh"


def register(app: typer.Typer) -> None:
    """Add the commands `profiles` and `version`."""
    app.command("profiles", epilog=PROFILES_EPILOG)(profiles)
    app.command("version")(version)


def profiles(
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", help="A TOML file of yours, laid over the packaged profiles; several in order.", show_default=False),
    ] = None,
    language: Annotated[
        NameLanguage | None, typer.Option("--language", "--ui", help="Language of the names; else the locale's, else English.")
    ] = None,
    format: Annotated[
        ProfileFormat, typer.Option("--format", "-f", help="terminal: tables; json: everything, words and sources too.")
    ] = ProfileFormat.TERMINAL,
) -> None:
    """Show the functions, sub-functions, other families and steps that postings are read by.

    A file of yours can rename, add words, add sub-functions and functions; what needs retraining is said.
    """
    from analyzer.profiles import load_profiles
    from analyzer.report.words import choose_ui

    found = load_profiles(*(file or ()))
    if format is ProfileFormat.JSON:
        typer.echo(json.dumps(as_record(found), ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from analyzer.report.profiles import profile_tables

    Console(highlight=False, markup=False, emoji=False).print(profile_tables(found, choose_ui(language.value if language else None, None)))


def as_record(found: Profiles) -> dict[str, Any]:
    """Profiles as plain data, with their hash and the notes on what needs training."""
    sections = ("functions", "families", "subfunctions", "goals", "overlaps", "titles", "synonyms", "steps")
    tables = {name: {str(key): asdict(record) for key, record in getattr(found, name).items()} for name in sections}
    return {"hash": found.hash(), **tables, "notes": found.notes()}


def version() -> None:
    """Say which version this is, and of what it is built."""
    import platform
    from importlib import metadata

    from analyzer import __version__

    typer.echo(f"jd-analyzer {__version__}")
    typer.echo(f"Python {platform.python_version()}, spaCy {metadata.version('spacy')}, scikit-learn {metadata.version('scikit-learn')}")

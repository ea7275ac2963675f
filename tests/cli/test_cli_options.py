"""Options that commands share: each command has them, and gets them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from analyzer.cli import app
from analyzer.cli.options import spread


@dataclass(frozen=True)
class Two:
    """An argument and an option."""

    name: Annotated[str, typer.Argument(metavar="NAME")]
    times: Annotated[int, typer.Option("--times", min=1)] = 2


def made() -> typer.Typer:
    """A command that takes them beside one of its own."""
    small = typer.Typer()

    @small.command()
    @spread(Two, "two")
    def greet(loud: Annotated[bool, typer.Option("--loud")] = False, *, two: Two) -> None:
        """Greet."""
        typer.echo(" ".join([two.name.upper() if loud else two.name] * two.times))

    return small


def test_a_group_comes_together_and_its_defaults_hold() -> None:
    assert CliRunner().invoke(made(), ["ana"]).output == "ana ana\n"
    assert CliRunner().invoke(made(), ["ana", "--times", "1", "--loud"]).output == "ANA\n"


def test_what_is_needed_is_asked_for_and_limits_hold() -> None:
    assert CliRunner().invoke(made(), []).exit_code == 2
    assert CliRunner().invoke(made(), ["ana", "--times", "0"]).exit_code == 2
    assert CliRunner().invoke(made(), ["ana", "--two", "x"]).exit_code == 2


@pytest.mark.parametrize("words", ["train", "evaluate", "compare", "label review", "label curve"])
def test_labelled_data_are_read_alike_everywhere(words: str) -> None:
    said = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "200"}).output
    for option in (
        "--map",
        "--text-column",
        "--label-column",
        "--title-column",
        "--company-column",
        "--language",
        "--profiles",
        "--skip-bad",
    ):
        assert option in said


@pytest.mark.parametrize("words", ["label suggest", "label serve", "label export", "label correct"])
def test_postings_are_read_alike_everywhere(words: str) -> None:
    said = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "200"}).output
    for option in ("POSTINGS", "--models", "--text-column", "--title-column", "--language"):
        assert option in said
    assert CliRunner().invoke(app, words.split()).exit_code == 2

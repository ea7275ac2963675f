"""The command line `jd-analyzer`: arguments in, calls, exit codes.

Each module here has `register(app)`, which adds its commands; what is heavy is imported inside a command, so that help
and mistakes are answered at once. Exit codes: 0 done, 1 a posting could not be analysed, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from analyzer.errors import AnalyzerError

MODULES = ("analyze", "score", "report", "train", "evaluate", "label", "models", "corpus", "serve", "info")
"""In the order in which help lists their commands."""
EPILOG = "Begin with: jd-analyzer analyze posting.txt --title 'Brand manager'"


class Commands(TyperGroup):
    """All commands; an error meant for users ends each of them with its message and exit code 2, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command the user named."""
        try:
            return super().invoke(ctx)
        except AnalyzerError as error:
            complain(str(error))
            raise typer.Exit(2) from None


def there(test: Callable[[], bool]) -> bool:
    """What `path.is_file` or `path.is_dir` says; no, without an error, where the name is too long, as a posting pasted for a path is."""
    try:
        return test()
    except OSError:
        return False


def complain(message: str) -> None:
    """A message for the user on standard error, free of characters that would move the cursor or turn the text."""
    from analyzer.report.visible import safe

    typer.echo(safe(message), err=True)


def _say_version(wanted: bool) -> None:
    if wanted:
        from analyzer import __version__

        typer.echo(f"jd-analyzer {__version__}")
        raise typer.Exit


def make_app() -> typer.Typer:
    """The command line with the commands of every module that is there."""
    made = typer.Typer(
        name="jd-analyzer",
        cls=Commands,
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,  # a traceback with local values would print the user's text
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_options)
    for name in MODULES:
        full = f"{__name__}.{name}"
        if importlib.util.find_spec(full):
            importlib.import_module(full).register(made)
    return made


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is, and end.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """What a job posting's work really is: its duties, and how far they are marketing, operations or brand."""


app = make_app()


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # files and pipes get UTF-8 everywhere; a terminal keeps its own encoding and shows `?` for what it lacks
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    app()

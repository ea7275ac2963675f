"""`jd-analyzer report`: a scored table, or several, as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """Examples:

jd-analyzer report scored.csv -o report.html

jd-analyzer report scored.csv -o report.html --by company --by department --details duties.parquet

jd-analyzer report part1.csv part2.csv -o report.html

jd-analyzer report scored.jsonl -o informe.html --ui es"""


def register(app: typer.Typer) -> None:
    """Add `report` to the command line."""
    app.command("report", epilog=EPILOG)(report)


def report(
    tables: Annotated[
        list[Path],
        typer.Argument(
            metavar="TABLE...",
            help="What `score` wrote: CSV, TSV, XLSX, Parquet or JSONL, also .gz or .zst. Several of the same columns count as one.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write, one file without a network; - for stdout.")],
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            help="Column to break the table down by, ours too; may be given again. Else department, company, city, month, where plain.",
        ),
    ] = None,
    details: Annotated[
        Path | None,
        typer.Option(
            "--details", help="The table of duties that `score --details` wrote with the one table: exact overlaps, and the nine steps."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Column of the titles. Found by name where plain.")] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Prefix of the scored columns.")] = "jd_",
    ui: Annotated[str, typer.Option("--ui", help="Language of the page: en, es or zh.")] = "en",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    models: Annotated[
        Path | None,
        typer.Option("--models", help="Models of your own that scored the table: their names are used.", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Report on a whole scored table: functions, overlaps of departments and titles, misleading titles, what to review.

    Shares of duties are means over postings: each posting counts the same, however many duties it has.
    """
    from analyzer.bulk.targets import same_file
    from analyzer.cli import complain, there
    from analyzer.errors import AnalyzerError, OutputError, TableError
    from analyzer.report.table import table_report
    from analyzer.report.visible import safe_line
    from analyzer.report.words import UI_LANGUAGES
    from analyzer.training.models import profiles_in

    if ui not in UI_LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(UI_LANGUAGES)}", param_hint="--ui")
    try:
        for path in (*tables, details):
            if path and not there(path.is_file):
                raise TableError(f"{safe_line(str(path), 120)} is not there; check the path")
            if path and same_file(path, output):
                raise TableError(f"{path} is read, and the page would be the same file; name another one with --output")
        made = table_report(
            tables,
            by=by or (),
            details=details,
            title=title,
            prefix=prefix,
            ui=ui,
            profiles=profiles_in(models),
            on_table=None if quiet else complain,
        )
        _deliver(made, output)
    except AnalyzerError as error:
        complain(str(error))
        raise typer.Exit(1 if isinstance(error, OutputError) else 2) from None


def _deliver(made: str, output: Path) -> None:
    """The page in its place: whole, or not at all."""
    from analyzer.cli.placing import placed
    from analyzer.errors import OutputError

    if str(output) == "-":
        typer.echo(made.encode("utf-8", errors="replace"), nl=False)
        return
    try:
        with placed(output) as file:
            file.write(made)
    except OSError as error:
        raise OutputError(f"{output} cannot be written ({error.strerror}); name another place, or put that right") from None

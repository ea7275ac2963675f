"""`jd-analyzer score`: tables of postings in, the same tables with the `jd_` columns out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from analyzer.bulk.summary import Summary

EPILOG = """Examples:

jd-analyzer score postings.csv -o scored.csv

jd-analyzer score 职位.xlsx -o scored.xlsx --text 岗位职责 --title 职位名称

jd-analyzer score exports/ -o all.parquet --details duties.parquet --workers 4

jd-analyzer score old.csv -o scored.csv --text funciones --text requisitos --encoding cp1252 --bom

cat postings.jsonl | jd-analyzer score - -o - --format jsonl --to jsonl --text text --id id"""


def register(app: typer.Typer) -> None:
    """Add `score` to the command line."""
    app.command("score", epilog=EPILOG)(score)


def score(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="CSV, TSV, XLSX, Parquet or JSONL, each also .gz or .zst; folders of them; - for stdin."),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="Where to: .csv, .tsv, .xlsx, .parquet or .jsonl; - for stdout.")],
    text: Annotated[
        list[str] | None,
        typer.Option("--text", help="Column of the posting's text; give it again to join several. Found by name where plain."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Column of the title. Found by name where plain.")] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="Column whose value is the record's id (JSONL, --details). Never guessed.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Column that says zh or es; else each text's language is found. Never guessed.")
    ] = None,
    no_guess: Annotated[bool, typer.Option("--no-guess", help="Read no column that is not named here.")] = False,
    format_: Annotated[str | None, typer.Option("--format", help="Format of the input: csv, tsv, xlsx, parquet, jsonl.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Format of the output, where its name does not tell.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="utf-8, gb18030, big5, cp1252 …; else found, and confirmed by decoding.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="Of CSV input: one character, or tab; else found.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Of XLSX input; else the first that is not empty.")] = None,
    details: Annotated[
        Path | None, typer.Option("--details", help="Also write a table of the duties, one a row: .parquet or .jsonl.")
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin CSV output with a byte order mark, for Excel.")] = False,
    safe_cells: Annotated[
        bool, typer.Option("--safe-cells", help="Make the input's cells safe from formula injection too; ours always are.")
    ] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Prefix of the added columns.")] = "jd_",
    no_input: Annotated[bool, typer.Option("--no-input", help="JSONL output without the input's own fields.")] = False,
    models: Annotated[Path | None, typer.Option("--models", help="Directory with the models zh and es.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, help="Processes; 0 or 1 for none beside this. Else one a core, for larger tables.")
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Score repeated texts and lines again each time.")] = False,
    chunk_rows: Annotated[
        int | None, typer.Option("--chunk-rows", min=1, help="Rows scored together; a stop loses at most one chunk a worker.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew where an unfinished run lies.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where any row has no result.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    progress: Annotated[str, typer.Option("--progress", help="auto, bar, json (lines on stderr) or none.")] = "auto",
    summary_file: Annotated[Path | None, typer.Option("--summary", help="Also write the summary as JSON.")] = None,
) -> None:
    """Score a table of postings: its columns untouched, then what each job really is, in columns that begin with jd_.

    Stopped at any moment, the same command goes on where it stopped and gives the same bytes.
    """
    from dataclasses import replace

    from analyzer.bulk.columns import Columns
    from analyzer.bulk.files import Reading
    from analyzer.bulk.run import Options
    from analyzer.bulk.worker import AnalyzerFactory
    from analyzer.settings import TABLE_LIMITS

    _checked("--progress", progress, ("auto", "bar", "json", "none"))
    for name, value in (("--format", format_), ("--to", to)):
        if value is not None:
            _checked(name, value, ("csv", "tsv", "xlsx", "parquet", "jsonl"))
    if delimiter is not None:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
        if len(delimiter) != 1:
            raise typer.BadParameter("one character, or tab", param_hint="--delimiter")
    columns = Columns(tuple(text or ()), title, id_, language)
    reading = Reading(columns, not no_guess, format_, encoding, delimiter, sheet)
    options = Options(to, bom, safe_cells, prefix, not no_input, details, workers, not no_cache, restart, summary_file)
    factory = AnalyzerFactory(str(models) if models else None)
    limits = replace(TABLE_LIMITS, chunk_rows=chunk_rows) if chunk_rows else TABLE_LIMITS
    summary = _run(inputs, output, {"reading": reading, "options": options, "factory": factory, "limits": limits}, progress, quiet)
    if strict and summary.bad:
        raise typer.Exit(1)


def _checked(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise typer.BadParameter(f"one of {', '.join(allowed)}", param_hint=name)


def _run(inputs: list[str], output: str, given: dict[str, Any], progress: str, quiet: bool) -> Summary:
    """The run, with errors as what the user reads and exits with."""
    from analyzer.bulk.progress import shown
    from analyzer.bulk.run import score_files
    from analyzer.cli import complain
    from analyzer.cli.stopping import EXIT, stoppable
    from analyzer.errors import AnalyzerError, OutputError, OutputRefused, WorkerError

    def say(line: str) -> None:
        if not quiet:
            complain(line)

    try:
        with stoppable(quiet), shown(progress, quiet) as bar:
            summary = score_files(inputs, output, **given, on_table=lambda t: say(t.said()), on_event=bar, on_note=say)
    except KeyboardInterrupt:
        say("stopped; what is finished is kept: give the same command again to go on")
        raise typer.Exit(EXIT) from None
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; Python would complain when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except AnalyzerError as error:
        complain(str(error))
        ran = isinstance(error, OutputError | WorkerError) and not isinstance(error, OutputRefused)
        raise typer.Exit(1 if ran else 2) from None
    for line in summary.lines():
        say(line)
    return summary

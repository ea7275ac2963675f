"""`jd-analyzer analyze`: one or several postings from files, standard input or the command line itself."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from analyzer.cli.placing import placed

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.analyzer import Analyzer
    from analyzer.profiles import Profiles
    from analyzer.report.html import Posting

EPILOG = """Examples:

jd-analyzer analyze posting.txt --title "Brand manager"

jd-analyzer analyze a.pdf b.docx c.html --format html -o report.html

pbpaste | jd-analyzer analyze --format json

jd-analyzer analyze --text "负责会员体系搭建，提升用户留存" --ui en"""
SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".html": "html", ".htm": "html"}
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""Characters written as \\uXXXX in JSON: a terminal would act on them, or no file could hold them."""


class Format(StrEnum):
    """How a result is written."""

    TERMINAL = "terminal"
    JSON = "json"
    JSONL = "jsonl"
    HTML = "html"


class PostingLanguage(StrEnum):
    """Languages of postings."""

    ZH = "zh"
    ES = "es"


class Ui(StrEnum):
    """Languages of the output."""

    EN = "en"
    ES = "es"
    ZH = "zh"


@dataclass(frozen=True)
class Source:
    """A text to analyse: `name` is its file's as the user gave it; `error` says why there is no text."""

    name: str | None
    text: str = ""
    kind: str = "text"
    error: str | None = None


def register(app: typer.Typer) -> None:
    """Add the command `analyze`."""
    app.command("analyze", epilog=EPILOG)(analyze)


def analyze(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", help="Postings: text, HTML, DOCX or PDF; - or none at all: standard input.", show_default=False),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="The posting's text itself, instead of a file.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="The job title; told apart from what the duties say.")] = None,
    language: Annotated[
        PostingLanguage | None, typer.Option("--language", help="Language of the posting, where it is not found out.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", "-f", help="How to write the result; else by the ending of -o, else terminal.")
    ] = None,
    ui: Annotated[Ui | None, typer.Option("--ui", help="Language of the output; else the locale's (LANG), else the posting's.")] = None,
    models: Annotated[Path | None, typer.Option("--models", help="Directory with models zh and es of your own.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write to; standard output else.")] = None,
) -> None:
    """Say what a posting's work really is: its duties, how far each function is part of it, and why.

    One posting gives one JSON object, several a list (--format json) or one line each (jsonl).
    Exit code 0: done. 1: a posting could not be analysed. 2: wrong usage.
    """
    files = files or []
    chosen = format or Format(SUFFIXES.get(output.suffix.lower(), "terminal") if output else "terminal")
    _check(files, text, output, models)
    sources = [Source(None, text)] if text is not None else [_read(path) for path in files or [Path("-")]]
    from analyzer import load

    jd = load(models)
    results = list(_analyses(sources, title, language, jd))
    said = ui.value if ui else None
    with _Target(output) as target:
        _write(chosen, results, said, target, jd)
    if not all(analysis.ok for _, analysis in results):
        raise typer.Exit(1)


def _check(files: Sequence[Path], text: str | None, output: Path | None, models: Path | None) -> None:
    """Refuse wrong usage before any work is done."""
    from analyzer.cli import there

    if files and text is not None:
        raise typer.BadParameter("give either files or --text, not both", param_hint="--text")
    if not files and text is None and sys.stdin.isatty():
        raise typer.BadParameter(
            "no posting: give a file, pipe a text in, or use --text; `jd-analyzer analyze --help` shows examples", param_hint="FILES"
        )
    for path in files:
        if str(path) != "-" and not there(path.is_file):
            what = "is a directory; name the files in it" if there(path.is_dir) else "no such file; the text itself is given with --text"
            raise typer.BadParameter(f"{_plain(path)}: {what}", param_hint="FILES")
        if output and output.exists() and str(path) != "-" and output.samefile(path):
            raise typer.BadParameter(f"{_plain(path)} is the posting itself and would be overwritten", param_hint="--output")
    if [str(path) for path in files].count("-") > 1:
        raise typer.BadParameter("- (standard input) can be read once only", param_hint="FILES")
    if output and (output.is_dir() or not output.parent.is_dir()):
        raise typer.BadParameter(
            f"{_plain(output)}: {'is a directory' if output.is_dir() else 'its directory does not exist'}", param_hint="--output"
        )
    if models and not models.is_dir():
        raise typer.BadParameter(f"{_plain(models)}: no such directory", param_hint="--models")


def _plain(path: Path | str) -> str:
    from analyzer.report.visible import safe_line

    return safe_line(str(path), 120)


def _read(path: Path) -> Source:
    """A file's text, or why there is none: one bad file of several must not end the run."""
    from analyzer.documents import read_bytes, read_file
    from analyzer.errors import DocumentError
    from analyzer.settings import LIMITS

    standard = str(path) == "-"
    name = None if standard else str(path).encode("utf-8", "replace").decode("utf-8")
    try:
        document = read_bytes(sys.stdin.buffer.read(LIMITS.max_file_bytes + 1), "standard input") if standard else read_file(path)
    except DocumentError as error:
        return Source(name, error=str(error))
    return Source(name, document.text, document.kind)


def _analyses(
    sources: Sequence[Source], title: str | None, language: PostingLanguage | None, jd: Analyzer
) -> Iterator[tuple[Source, Analysis]]:
    from analyzer.analysis import Analysis
    from analyzer.analyzer import on_one_core
    from analyzer.cli import complain

    on_one_core()
    title = title.encode("utf-8", "replace").decode("utf-8") if title else None
    for source in sources:
        if source.error:
            complain(source.error)
            yield source, Analysis("unreadable", None, "none", id=source.name, review=True, reasons=(source.error,))
        else:
            yield source, jd.analyze(source.text, title=title, language=language.value if language else None, id=source.name)


class _Target:
    """Where results go: standard output, or a file that appears only when it is whole."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def __enter__(self) -> TextIO:
        if self.path is None:
            return sys.stdout
        self.place = placed(self.path)
        try:
            return self.place.__enter__()
        except OSError as error:
            raise typer.BadParameter(f"{_plain(self.path)}: cannot be written ({error.strerror})", param_hint="--output") from None

    def __exit__(self, *error: Any) -> None:
        if self.path is not None:
            self.place.__exit__(*error)


def _write(format: Format, results: Sequence[tuple[Source, Analysis]], ui: str | None, target: TextIO, jd: Analyzer) -> None:
    if format is Format.TERMINAL:
        _terminal(results, ui, target, jd)
    elif format is Format.HTML:
        from analyzer.report.html import page
        from analyzer.report.words import choose_ui

        first = next((analysis.language for _, analysis in results if analysis.ok), None)
        target.write(page([_posting(*result, jd) for result in results], choose_ui(ui, first)))
    else:
        records = [_record(*result) for result in results]
        if format is Format.JSONL:
            target.writelines(_json(record) + "\n" for record in records)
        else:
            target.write(_json(records[0] if len(records) == 1 else records, indent=2) + "\n")


def _terminal(results: Sequence[tuple[Source, Analysis]], ui: str | None, target: TextIO, jd: Analyzer) -> None:
    from rich.console import Console

    from analyzer.report.terminal import render
    from analyzer.report.words import Words, choose_ui

    console = Console(file=target, highlight=False, markup=False, emoji=False, soft_wrap=False)
    for source, analysis in results:
        render(analysis, source.text, Words(choose_ui(ui, analysis.language), _profiles(analysis, jd)), console, name=source.name)


def _profiles(analysis: Analysis, jd: Analyzer) -> Profiles | None:
    """Those of the model that gave the result."""
    return jd.profiles(analysis.language) if analysis.ok else None


def _posting(source: Source, analysis: Analysis, jd: Analyzer) -> Posting:
    from analyzer.report.html import Posting

    return Posting(analysis, source.text, source.name, source.kind, _profiles(analysis, jd))


def _record(source: Source, analysis: Analysis) -> dict[str, Any]:
    """The record; with the text where it was taken out of a document, since the offsets count its characters."""
    record = replace(analysis, id=source.name).to_dict()
    if source.kind != "text" and source.text:
        record["text"] = source.text
    return record


def _json(value: Any, indent: int | None = None) -> str:
    return _UNSAFE.sub(lambda m: f"\\u{ord(m.group()):04x}", json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False))

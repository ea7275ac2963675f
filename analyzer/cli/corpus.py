"""`jd-analyzer corpus`: check, count, convert and split labelled postings."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

CHECK_EPILOG = """Examples:

jd-analyzer corpus check

jd-analyzer corpus check my-postings/ --tables

jd-analyzer corpus check corpus/es/es-a1.jsonl --format json"""
STATS_EPILOG = """Examples:

jd-analyzer corpus stats

jd-analyzer corpus stats corpus --format json > stats.json

jd-analyzer corpus stats corpus --charts corpus/figures"""
IMPORT_EPILOG = """Examples:

jd-analyzer corpus import from-doccano.jsonl -o corpus/es/es-c1.jsonl

jd-analyzer corpus import written.txt --format markup -o corpus/zh/zh-c1.jsonl"""
EXPORT_EPILOG = """Examples:

jd-analyzer corpus export corpus/zh -o zh.json --format label-studio

jd-analyzer corpus export corpus -o corpus.spacy"""
SPLIT_EPILOG = """Examples:

jd-analyzer corpus split corpus

jd-analyzer corpus split corpus --check"""
REAL = Path("../shared/real")
"""Where counts of real postings are looked for unless the user says otherwise."""

Folder = Annotated[Path, typer.Argument(help="A corpus folder (its .jsonl files and those of its folders), or one file.", exists=True)]
Output = Annotated[Path, typer.Option("-o", "--output", help="The file to write.", dir_okay=False)]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


class Shape(StrEnum):
    """How results are written."""

    MARKDOWN = "md"
    JSON = "json"


class FileFormat(StrEnum):
    """Formats of labelled postings."""

    AUTO = "auto"
    JSONL = "jsonl"
    DOCCANO = "doccano"
    LABEL_STUDIO = "label-studio"
    DOCBIN = "docbin"
    CSV = "csv"
    MARKUP = "markup"


def register(app: typer.Typer) -> None:
    """Add the command group `corpus`."""
    group = typer.Typer(help="Check, count, convert and split labelled postings.", no_args_is_help=True)
    group.command("check", epilog=CHECK_EPILOG)(check)
    group.command("stats", epilog=STATS_EPILOG)(stats)
    group.command("import", epilog=IMPORT_EPILOG)(import_)
    group.command("export", epilog=EXPORT_EPILOG)(export)
    group.command("split", epilog=SPLIT_EPILOG)(split)
    app.add_typer(group, name="corpus")


def check(
    folder: Folder = Path("corpus"),
    tables: Annotated[bool, typer.Option("--tables", help="Print the balance tables too.")] = False,
    shape: Annotated[Shape, typer.Option("--format", help="md: lines to read; json: everything, tables included.")] = Shape.MARKDOWN,
) -> None:
    """Check schema, offsets, labels, copies, templates and personal data; exit 1 where something is wrong."""
    from analyzer.training.check import check as run

    report = run(folder)
    if shape is Shape.JSON:
        typer.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
    else:
        for line in [*map(str, report.problems), *(f"note: {n}" for n in report.notes)]:
            typer.echo(line)
        if tables:
            typer.echo("\n".join(["", *(t.markdown() for t in report.tables)]))
        typer.echo(f"{report.postings} postings, {'no problem' if report.passed else f'{len(report.problems)} problems'}")
    raise typer.Exit(0 if report.passed else 1)


def stats(
    folder: Folder = Path("corpus"),
    beside: Annotated[
        Path, typer.Option("--beside", help="A folder with counts of real postings (words_zh.tsv …) to stand beside.")
    ] = REAL,
    charts: Annotated[Path | None, typer.Option("--charts", help="A folder to draw charts (PNG) into.", file_okay=False)] = None,
    shape: Annotated[Shape, typer.Option("--format", help="md or json.")] = Shape.MARKDOWN,
) -> None:
    """Tables of what the postings are like: functions, codes, sectors, lengths, words, layout, noise."""
    from analyzer.training.corpus import read
    from analyzer.training.rules import load_rules
    from analyzer.training.schema import corpus_files
    from analyzer.training.stats import corpus_stats

    postings, rules = read(corpus_files(folder)), load_rules(folder if folder.is_dir() else folder.parent)
    result = corpus_stats(postings, rules, beside if beside.is_dir() else None)
    typer.echo(json.dumps(result.to_dict(), ensure_ascii=False, indent=1) if shape is Shape.JSON else result.markdown())
    if charts:
        from analyzer.training.charts import draw

        for path in draw(postings, rules, charts):
            typer.echo(f"drawn: {path}", err=True)


def import_(
    source: Annotated[Path, typer.Argument(help="A file of labelled postings.", exists=True, dir_okay=False)],
    output: Output,
    form: Annotated[FileFormat, typer.Option("--format", help="auto: by the file's ending and first record.")] = FileFormat.AUTO,
    force: Force = False,
) -> None:
    """Turn postings labelled in doccano, Label Studio, spaCy, a spreadsheet or the markup into corpus JSONL."""
    from analyzer.training.exchange import FORMATS, format_of, write_jsonl

    _refuse(output, force)
    postings = list(FORMATS[format_of(source) if form is FileFormat.AUTO else form.value].read(source))
    write_jsonl(output, postings)
    typer.echo(f"{len(postings)} postings written to {output}; now: jd-analyzer corpus check {output}", err=True)


def export(
    folder: Folder,
    output: Output,
    form: Annotated[
        FileFormat, typer.Option("--format", help="auto: by the output's ending (.json, .spacy, .csv, .txt, .jsonl).")
    ] = FileFormat.AUTO,
    force: Force = False,
) -> None:
    """Turn corpus postings into what doccano, Label Studio, spaCy or a spreadsheet read."""
    from analyzer.training.corpus import read
    from analyzer.training.exchange import FORMATS, convert, label_studio_config
    from analyzer.training.schema import corpus_files

    _refuse(output, force)
    endings = {f.suffix: name for name, f in reversed(FORMATS.items())}
    name = endings.get(output.suffix.lower()) if form is FileFormat.AUTO else form.value
    if name is None:
        raise typer.BadParameter(f"{output.name}: the ending tells no format; name one with --format", param_hint="--output")
    postings = read(corpus_files(folder))
    count = convert(postings, output, name)
    typer.echo(f"{count} postings written to {output}", err=True)
    if name == "label-studio":
        config = output.with_suffix(".xml")
        config.write_text(label_studio_config(postings), encoding="utf-8")
        typer.echo(f"the labelling interface for the project's settings: {config}", err=True)


def split(
    folder: Annotated[Path, typer.Argument(help="A corpus folder.", exists=True, file_okay=False)] = Path("corpus"),
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where the recorded folds leak or are out of date.")
    ] = False,
) -> None:
    """Record fixed folds in splits.json: whole author batches, no company on both sides, a sector and a country held out."""
    from analyzer.training.corpus import read
    from analyzer.training.rules import load_rules
    from analyzer.training.schema import corpus_files
    from analyzer.training.splits import FILE, make_splits, read_splits, split_problems, write_splits

    postings, rules, path = read(corpus_files(folder)), load_rules(folder), folder / FILE
    if not only_check:
        write_splits(make_splits(postings, rules), path)
    problems = list(split_problems(postings, read_splits(path), rules))
    for problem in problems:
        typer.echo(problem)
    typer.echo(f"{path}: {len(problems)} problems" if problems else f"{path}: {len(postings)} postings, nothing leaks")
    raise typer.Exit(1 if problems else 0)


def _refuse(output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise typer.BadParameter(f"{output} is there already; use --force to write over it", param_hint="--output")

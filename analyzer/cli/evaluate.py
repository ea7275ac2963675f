"""`jd-analyzer evaluate` and `jd-analyzer compare`: how good a model is, and whether one is better than another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli.options import AsJson, Data, Reading, progress, spread, tell

EVALUATE_EPILOG = """Examples:

jd-analyzer evaluate models ours.csv

jd-analyzer evaluate models/mine/es held-out.jsonl --json > figures.json

jd-analyzer evaluate models ours.csv --train corpus --min primary_macro_f1=0.8"""
COMPARE_EPILOG = """Examples:

jd-analyzer compare models models/mine held-out.csv

jd-analyzer compare models/es models/mine/es held-out.csv --json

Exit codes: 0 the second model is better by more than chance, 3 no more than chance, 4 it is worse; with --no-worse, 3 counts as 0."""
SAME, WORSE = 3, 4

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A directory of models, or one model directory.", exists=True, show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands `evaluate` and `compare`."""
    app.command("evaluate", epilog=EVALUATE_EPILOG)(evaluate)
    app.command("compare", epilog=COMPARE_EPILOG)(compare)


@spread(Reading, "reading")
def evaluate(
    model: Model,
    data: Data,
    train: Annotated[
        list[Path] | None,
        typer.Option("--train", help="Training data for the baseline that learns (TF-IDF); may be repeated.", exists=True),
    ] = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="A field of the postings to tell figures apart by; may be repeated.")] = None,
    least: Annotated[
        list[str] | None, typer.Option("--min", metavar="FIGURE=VALUE", help="Exit with 1 where a figure is lower; may be repeated.")
    ] = None,
    as_json: AsJson = False,
    *,
    reading: Reading,
) -> None:
    """Judge a model on labelled postings: figures with 95 % intervals, per language, label and slice, beside baselines."""
    from analyzer.training import evaluate as judge
    from analyzer.training.labelled import read_labelled

    floors = _floors(least or [])
    analyzer = judge.open_analyzer(model)
    postings = _served(reading.read(data, model), judge.served(model))
    learned = read_labelled(train, reading.options(model)).postings if train else []
    from analyzer.training.suitability import leaks

    tell([*judge.leaked(analyzer, postings), *(leaks(learned, postings) if learned else [])])
    found = judge.report(postings, judge.analyse(analyzer, postings, progress), learned, by or judge.SLICES)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else judge.as_text(found))
    low = [
        f"{lang}: {name} {value:.3f} is under {floor}"
        for lang, part in found.items()
        for name, floor in floors.items()
        if (value := part["figures"].get(name)) is not None and value < floor
    ]
    for line in low:
        typer.echo(line, err=True)
    if low:
        raise typer.Exit(1)


@spread(Reading, "reading")
def compare(
    first: Model,
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="The model that might take its place.", exists=True, show_default=False)],
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, with all changed postings.")] = False,
    no_worse: Annotated[bool, typer.Option("--no-worse", help="Exit with 0 also where the difference is no more than chance.")] = False,
    *,
    reading: Reading,
) -> None:
    """Say whether the second model is better on labelled postings by more than chance, and which postings changed."""
    from analyzer.training import compare as sides
    from analyzer.training import evaluate as judge

    one, two = judge.open_analyzer(first), judge.open_analyzer(second)
    both = [lang for lang in judge.served(first) if lang in judge.served(second)]
    postings = _served(reading.read(data, first, second), both)
    for name, analyzer in (("first", one), ("second", two)):
        seen = judge.leaked(analyzer, postings)
        if seen:
            typer.echo(f"the {name} model learned from {len(seen)} of these postings: the comparison favours it", err=True)
            tell(seen)
    found = sides.compare(postings, judge.analyse(one, postings, progress), judge.analyse(two, postings, progress))
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else sides.as_text(found))
    verdicts = {part["verdict"] for part in found.values()}
    if "worse" in verdicts:
        raise typer.Exit(WORSE)
    if "better" not in verdicts and not no_worse:
        raise typer.Exit(SAME)


def _floors(pairs: list[str]) -> dict[str, float]:
    from analyzer.errors import InputError
    from analyzer.training.figures import FIGURES

    out = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            out[name] = float(value)
        except ValueError:
            raise InputError(f"--min {pair!r}: write it as 'primary_macro_f1=0.8'") from None
        if name not in FIGURES:
            raise InputError(f"--min {pair!r}: the figures are {', '.join(FIGURES)}")
    return out


def _served(postings: list[dict[str, Any]], languages: list[str]) -> list[dict[str, Any]]:
    """The postings in languages that the model serves; says how many are left out."""
    from analyzer.errors import InputError

    kept = [p for p in postings if p["language"] in languages]
    if not kept:
        raise InputError(f"none of the {len(postings)} postings is in a language the model serves ({', '.join(languages)})")
    if len(kept) < len(postings):
        typer.echo(f"{len(postings) - len(kept)} postings in other languages than {', '.join(languages)} are left out", err=True)
    return kept

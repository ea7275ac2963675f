"""`jd-analyzer train`: model directories from the shipped corpus and a user's own labelled postings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.options import KINDS, Corpus, Quick, Reading, default_corpus, progress, read_corpus, split_apart, spread, tell

if TYPE_CHECKING:
    from analyzer.training.corpus import Posting
    from analyzer.training.labelled import Labelled, Options

EPILOG = """Examples:

jd-analyzer train -o models

jd-analyzer train ours.csv -o models/mine --map "Mercadeo=marketing" --map "Trade=marketing"

jd-analyzer train ours.xlsx --text-column Descripción --label-column Área --company-column Empresa -o mine

jd-analyzer train annotated.jsonl -o mine --alone

jd-analyzer train ours.csv -o mine --profiles growth.toml

jd-analyzer train ours.csv --check"""


def register(app: typer.Typer) -> None:
    """Add the command `train`."""
    app.command("train", epilog=EPILOG)(train)


@spread(Reading, "reading")
def train(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DATA]...",
            help=f"Your labelled postings: {KINDS} None at all: the shipped corpus.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Directory for the models; zh and es are made in it.")] = Path(
        "models/mine"
    ),
    alone: Annotated[bool, typer.Option("--alone", help="Learn from your postings only, not from the corpus as well.")] = False,
    weight: Annotated[
        int | None,
        typer.Option(
            "--weight",
            min=1,
            max=20,
            help="How many times a duty of yours counts beside one of the corpus; chosen by cross-validation where not said.",
        ),
    ] = None,
    corpus: Corpus = None,
    expectation: Annotated[
        bool, typer.Option("--expectation/--no-expectation", help="Let a posting's label tell of its duties too.")
    ] = True,
    check: Annotated[bool, typer.Option("--check", help="Look at the data and stop.")] = False,
    quick: Quick = False,
    *,
    reading: Reading,
) -> None:
    """Train models on your labelled postings, on top of the shipped corpus or alone.

    The data are checked first: empty texts, unknown labels, one label only, copies with different labels, another
    language than said; each is told with its row. The same data give the same bytes. A model card lies beside each model.
    """
    from analyzer.training.suitability import check as look

    options = reading.options()
    base, own, apart = _sources(data or [], corpus, alone, options)
    problems = [*own.problems, *look(own.postings or base.postings, alone or not own.postings)]
    tell(problems, reading.skip_bad)
    if not own.postings and data and not base.postings:
        raise typer.Exit(2)
    if check:
        typer.echo(f"{len(own.postings or base.postings)} usable postings, {len(problems)} remarks")
        return
    _train(base, own, apart, output, alone, weight, expectation, quick, reading.profiles, options, Counter(p.kind for p in problems))


def _train(
    base: Labelled,
    own: Labelled,
    apart: Sequence[Posting],
    output: Path,
    alone: bool,
    weight: int | None,
    expectation: bool,
    quick: bool,
    profiles: list[Path] | None,
    options: Options,
    problems: Mapping[str, int],
) -> None:
    from analyzer.training.deliver import deliver
    from analyzer.training.fit import Recipe
    from analyzer.training.models import shipped
    from analyzer.training.retrain import Plan, known_labels, run

    recipe = Recipe(folds=3, inner_folds=2, zone_iterations=15, copies=0) if quick else Recipe()
    models = shipped()
    for lang in sorted({p["language"] for p in (own.postings or base.postings)}):
        plan = Plan(
            lang,
            base.postings,
            own.postings,
            alone and bool(own.postings),
            weight,
            expectation,
            recipe,
            options.profiles,
            models / lang if models else None,
            profile_files=tuple(profiles or ()),
            apart=tuple(p for p in apart if p["language"] == lang),
        )
        trained = run(plan, progress)
        done = deliver(trained, plan, output / lang, problems)
        typer.echo(f"{output / lang}: {lang}-{plan.version}+{done.hash}, learned from {len(trained.postings)} postings")
        shown = ", ".join(
            f"{n} {done.figures[n]:.3f}"
            for n in ("primary_macro_f1", "functions_macro_f1", "duty_function_accuracy")
            if done.figures.get(n) is not None
        )
        typer.echo(f"  out of fold: {shown} (more in {output / lang / 'README.md'})")
        for note in plan.profiles.notes(known_labels(trained.nlp)) if plan.profiles else ():
            typer.echo(f"  {note}")
        if trained.unreached:
            typer.echo(f"  {len(trained.unreached)} labels do not fit the duties; look at them: jd-analyzer label review")
        if done.against:
            typer.echo(f"  beside the shipped model, on your postings: {done.against['words']}")


def _sources(data: list[Path], corpus: Path | None, alone: bool, options: Options) -> tuple[Labelled, Labelled, list[Posting]]:
    """The corpus to build on, the user's own data, and the postings the corpus's own model is tested by.

    Data that are the corpus itself are not learned from twice.
    """
    from analyzer.training.labelled import Labelled, read_labelled

    home = corpus or default_corpus()
    if not data or (home and all(_inside(d, home) for d in data)):
        base, apart = split_apart(read_labelled(data, options)) if data else read_corpus(corpus)
        return base, Labelled([], []), [] if data else apart
    own = read_labelled(data, options)
    return (Labelled([], []) if alone and home is None else read_corpus(corpus)[0]), own, []


def _inside(path: Path, home: Path) -> bool:
    return path.resolve() == home.resolve() or home.resolve() in path.resolve().parents

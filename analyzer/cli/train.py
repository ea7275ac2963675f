"""`jd-analyzer train`: model directories from the shipped corpus and a user's own labelled postings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from analyzer.training.labelled import Labelled, Options, Problem

EPILOG = """Examples:

jd-analyzer train -o models

jd-analyzer train ours.csv -o models/mine --map "Mercadeo=marketing" --map "Trade=marketing"

jd-analyzer train ours.xlsx --text-column Descripción --label-column Área --company-column Empresa -o mine

jd-analyzer train annotated.jsonl -o mine --alone

jd-analyzer train ours.csv --check"""
KINDS = "CSV, TSV, XLSX (text and label), JSONL as in corpus/, doccano JSONL, Label Studio JSON, spaCy DocBin, or folders of these."
SHOWN = 20
"""Problems printed; the rest are counted."""

Data = Annotated[
    list[Path],
    typer.Argument(
        metavar="DATA...",
        help=KINDS,
        show_default=False,
    ),
]
Map = Annotated[list[str] | None, typer.Option("--map", metavar="YOURS=OURS", help="A label of yours as one of ours; may be repeated.")]
TextColumn = Annotated[str | None, typer.Option("--text-column", help="Column with the texts, where its name does not tell.")]
LabelColumn = Annotated[str | None, typer.Option("--label-column", help="Column with the label, or several in one cell: brand; marketing.")]
TitleColumn = Annotated[str | None, typer.Option("--title-column", help="Column with the job titles.")]
CompanyColumn = Annotated[str | None, typer.Option("--company-column", help="Column with the companies: splits never tear one apart.")]
Language = Annotated[str | None, typer.Option("--language", help="zh or es, where the texts are said to be in one language.")]
ProfileFiles = Annotated[
    list[Path] | None,
    typer.Option("--profiles", help="Your own profile (TOML) with more sub-functions; may be repeated.", exists=True, dir_okay=False),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be used, instead of stopping.")]


def register(app: typer.Typer) -> None:
    """Add the command `train`."""
    app.command("train", epilog=EPILOG)(train)


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
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="The corpus to learn from beside your data, instead of the shipped one.", exists=True)
    ] = None,
    mapping: Map = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    title_column: TitleColumn = None,
    company_column: CompanyColumn = None,
    language: Language = None,
    profiles: ProfileFiles = None,
    skip_bad: SkipBad = False,
    expectation: Annotated[
        bool, typer.Option("--expectation/--no-expectation", help="Let a posting's label tell of its duties too.")
    ] = True,
    check: Annotated[bool, typer.Option("--check", help="Look at the data and stop.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer folds and rounds: for trying things out, not for use.")] = False,
) -> None:
    """Train models on your labelled postings, on top of the shipped corpus or alone.

    The data are checked first: empty texts, unknown labels, one label only, copies with different labels, another
    language than said; each is told with its row. The same data give the same bytes. A model card lies beside each model.
    """
    from analyzer.training.suitability import check as look

    options = read_options(mapping, text_column, label_column, title_column, company_column, language, profiles)
    base, own = _sources(data or [], corpus, alone, options)
    problems = [*own.problems, *look(own.postings or base.postings, alone or not own.postings)]
    tell(problems, skip_bad)
    if not own.postings and data and not base.postings:
        raise typer.Exit(2)
    if check:
        typer.echo(f"{len(own.postings or base.postings)} usable postings, {len(problems)} remarks")
        return
    _train(base, own, output, alone, weight, expectation, quick, profiles, options, Counter(p.kind for p in problems))


def _train(
    base: Labelled,
    own: Labelled,
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
    from analyzer.training.retrain import Plan, run

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
        )
        trained = run(plan, _progress)
        done = deliver(trained, plan, output / lang, problems)
        typer.echo(f"{output / lang}: {lang}-{plan.version}+{done.hash}, learned from {len(trained.postings)} postings")
        shown = ", ".join(
            f"{n} {done.figures[n]:.3f}"
            for n in ("primary_macro_f1", "functions_macro_f1", "duty_function_accuracy")
            if done.figures.get(n) is not None
        )
        typer.echo(f"  out of fold: {shown} (more in {output / lang / 'README.md'})")
        if trained.unreached:
            typer.echo(f"  {len(trained.unreached)} labels do not fit the duties; look at them: jd-analyzer label review")
        if done.against:
            typer.echo(f"  beside the shipped model, on your postings: {done.against['words']}")


def _progress(message: str) -> None:
    typer.echo(message, err=True)


def read_options(
    mapping: list[str] | None = None,
    text: str | None = None,
    label: str | None = None,
    title: str | None = None,
    company: str | None = None,
    language: str | None = None,
    profiles: list[Path] | None = None,
) -> Options:
    """The options that say how labelled data are to be read; ends the program where they are wrong."""
    from analyzer.errors import CorpusError
    from analyzer.profiles import load_profiles
    from analyzer.training.labelled import Options, read_mapping

    if language not in (None, "zh", "es"):
        raise CorpusError(f"--language {language!r}: zh or es")
    columns = {k: v for k, v in {"text": text, "label": label, "title": title, "company": company}.items() if v}
    return Options(columns, read_mapping(mapping or []), language, load_profiles(*(profiles or [])) if profiles else None)


def default_corpus() -> Path | None:
    """The corpus of the checkout, where there is one."""
    place = Path(__file__).resolve().parents[2] / "corpus"
    return place if place.is_dir() else None


def read_corpus(corpus: Path | None) -> Labelled:
    """The shipped corpus, or the one that was named; ends the program where there is none."""
    from analyzer.errors import CorpusError
    from analyzer.training.labelled import read_labelled

    place = corpus or default_corpus()
    if place is None:
        raise CorpusError("the shipped corpus is not installed; name a corpus with --corpus, or train --alone")
    return read_labelled(sorted(place.rglob("*.jsonl")) if place.is_dir() else [place])


def _sources(data: list[Path], corpus: Path | None, alone: bool, options: Options) -> tuple[Labelled, Labelled]:
    """The corpus to build on and the user's own data. Data that are the corpus itself are not learned from twice."""
    from analyzer.training.labelled import Labelled, read_labelled

    home = corpus or default_corpus()
    if not data or (home and all(_inside(d, home) for d in data)):
        return (read_labelled(data, options) if data else read_corpus(corpus)), Labelled([], [])
    own = read_labelled(data, options)
    if options.profiles:
        new = [f for f in options.profiles.functions if f not in ("marketing", "operations", "brand")]
        for name in new:
            typer.echo(f"{name}: its words and names are in use; a model scores marketing, operations and brand only", err=True)
    return (Labelled([], []) if alone and home is None else read_corpus(corpus)), own


def _inside(path: Path, home: Path) -> bool:
    return path.resolve() == home.resolve() or home.resolve() in path.resolve().parents


def tell(problems: Sequence[Problem], skip_bad: bool = False) -> None:
    """Print what is wrong with the data; ends the program with exit code 2 where it cannot be used as it is."""
    from analyzer.cli import complain

    for problem in problems[:SHOWN]:
        complain(("" if problem.fatal else "remark: ") + str(problem))
    if len(problems) > SHOWN:
        complain(f"… {len(problems) - SHOWN} more")
    fatal = [p for p in problems if p.fatal]
    hopeless = [p for p in fatal if p.kind == "one_label"]
    if fatal and (hopeless or not skip_bad):
        complain(
            f"JD-301: {len(fatal)} rows or labels cannot be used; correct them"
            + ("" if hopeless else ", or leave them out with --skip-bad")
        )
        raise typer.Exit(2)


def read_data(paths: Sequence[Path], options: Options, skip_bad: bool = False) -> list[dict[str, Any]]:
    """The usable labelled postings of the files; tells what is wrong with the rest, and ends the program unless that may be skipped."""
    from analyzer.errors import CorpusError
    from analyzer.training.labelled import read_labelled

    found = read_labelled(paths, options)
    tell(found.problems, skip_bad)
    if not found.postings:
        raise CorpusError("no usable labelled posting in these files")
    return found.postings

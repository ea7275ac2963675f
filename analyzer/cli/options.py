"""Options that several commands share, each declared once: how labelled data, or postings, are to be read."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.analyzer import Analyzer
    from analyzer.profiles import Profiles
    from analyzer.training.corpus import Posting
    from analyzer.training.labelled import Labelled, Options, Problem

KINDS = "CSV, TSV, XLSX (text and label), JSONL as in corpus/, doccano JSONL, Label Studio JSON, spaCy DocBin, or folders of these."
EVERY = 500
"""Postings after which a line of progress is told."""
SHOWN = 20
"""Problems printed; the rest are counted."""

Data = Annotated[list[Path], typer.Argument(metavar="DATA...", help=KINDS, show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Models = Annotated[Path | None, typer.Option("--models", help="Directory of models; else the shipped ones.", exists=True)]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer folds and rounds: for trying things out, not for use.")]
Corpus = Annotated[
    Path | None, typer.Option("--corpus", help="The corpus to learn from beside your data, instead of the shipped one.", exists=True)
]
Map = Annotated[list[str] | None, typer.Option("--map", metavar="YOURS=OURS", help="A label of yours as one of ours; may be repeated.")]
TextColumn = Annotated[str | None, typer.Option("--text-column", help="Column with the texts, where its name does not tell.")]
LabelColumn = Annotated[str | None, typer.Option("--label-column", help="Column with the label, or several in one cell: brand; marketing.")]
TitleColumn = Annotated[str | None, typer.Option("--title-column", help="Column with the job titles.")]
CompanyColumn = Annotated[str | None, typer.Option("--company-column", help="Column with the companies: splits never tear one apart.")]
Language = Annotated[str | None, typer.Option("--language", help="zh or es, where the texts are said to be in one language.")]
ProfileFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--profiles", help="Your own profile (TOML) with functions or sub-functions of yours; may be repeated.", exists=True, dir_okay=False
    ),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be used, instead of stopping.")]


def spread(group: type[Any], name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command one option for each field of a dataclass; the command gets them together, as its argument `name`."""
    hints = get_type_hints(group, include_extras=True)
    options = [
        inspect.Parameter(
            f.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if f.default is MISSING else f.default,
            annotation=hints[f.name],
        )
        for f in fields(group)
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != name]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            command(**{name: group(**{o.name: given.pop(o.name) for o in options})}, **given)

        del run.__wrapped__  # type: ignore[attr-defined]  # what is asked for is what stands here
        parameters = [*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *options]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


@dataclass(frozen=True)
class Reading:
    """How labelled data are to be read."""

    mapping: Map = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    title_column: TitleColumn = None
    company_column: CompanyColumn = None
    language: Language = None
    profiles: ProfileFiles = None
    skip_bad: SkipBad = False

    def options(self, *models: Path) -> Options:
        """The same as `read_labelled` takes it; raises CorpusError where it is wrong.

        models: whose profiles are used where the user names none.
        """
        from analyzer.profiles import load_profiles
        from analyzer.training.labelled import Options, read_mapping
        from analyzer.training.models import profiles_in

        said = {"text": self.text_column, "label": self.label_column, "title": self.title_column, "company": self.company_column}
        profiles = load_profiles(*self.profiles) if self.profiles else profiles_in(*models) if models else None
        return Options({k: v for k, v in said.items() if v}, read_mapping(self.mapping or []), _language(self.language), profiles)

    def read(self, paths: Sequence[Path], *models: Path) -> list[dict[str, Any]]:
        """The usable labelled postings of the files; tells what is wrong with the rest, and ends the program unless that may be skipped."""
        from analyzer.errors import CorpusError
        from analyzer.training.labelled import read_labelled

        found = read_labelled(paths, self.options(*models))
        tell(found.problems, self.skip_bad)
        if not found.postings:
            raise CorpusError("no usable labelled posting in these files")
        return found.postings


@dataclass(frozen=True)
class Texts:
    """Which postings without labels are read, and by which models."""

    postings: Annotated[Path, typer.Argument(metavar="POSTINGS", help="CSV, TSV, XLSX, JSONL or one text file.", show_default=False)]
    models: Models = None
    text_column: TextColumn = None
    title_column: TitleColumn = None
    language: Language = None

    def read(self) -> tuple[list[dict[str, Any]], list[Analysis], Analyzer]:
        """The postings, what the models say of them, and the Analyzer that said it."""
        from analyzer.analyzer import Analyzer
        from analyzer.errors import InputError
        from analyzer.training import evaluate
        from analyzer.training.label import read_texts
        from analyzer.training.labelled import Options

        columns = {k: v for k, v in {"text": self.text_column, "title": self.title_column}.items() if v}
        items = read_texts(self.postings, Options(columns, language=_language(self.language)))
        if not items:
            raise InputError(f"{self.postings.name}: no posting with text in it")
        analyzer = evaluate.open_analyzer(self.models) if self.models else Analyzer()
        results: list[Analysis] = []
        for result in analyzer.analyze_many(items):
            results.append(result)
            if len(results) % EVERY == 0 and len(results) < len(items):
                progress(f"read {len(results)} of {len(items)} postings")
        return items, results, analyzer

    def suggested(self, count: int) -> tuple[list[dict[str, Any]], Mapping[str, tuple[dict[str, Any], Analysis]]]:
        """What `label suggest` says of the postings, and of each id the posting with its result."""
        from analyzer.errors import InputError
        from analyzer.training import label

        items, results, analyzer = self.read()
        both = {item["id"]: (item, result) for item, result in zip(items, results, strict=True)}
        if len(both) < len(items):
            raise InputError(f"{self.postings.name}: two postings have the same id; make the ids differ, or leave the column out")
        return label.suggest(items, results, label.unknown_shares(analyzer, items, results), count), both

    def profiles(self, files: Sequence[Path] | None) -> Profiles:
        """The profiles of these files, else those of the models."""
        from analyzer.profiles import load_profiles
        from analyzer.training.models import profiles_in

        return load_profiles(*files) if files else profiles_in(self.models)


def _language(said: str | None) -> str | None:
    from analyzer.errors import CorpusError

    if said not in (None, "zh", "es"):
        raise CorpusError(f"--language {said!r}: zh or es")
    return said


def progress(message: str) -> None:
    """A line of progress on standard error."""
    typer.echo(message, err=True)


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


def default_corpus() -> Path | None:
    """The corpus of the checkout, where there is one."""
    place = Path(__file__).resolve().parents[2] / "corpus"
    return place if place.is_dir() else None


def split_apart(labelled: Labelled) -> tuple[Labelled, list[Posting]]:
    """What is learned from, and the postings kept for a test of their own, from which nothing is."""
    from analyzer.training.splits import stands_apart

    apart = [p for p in labelled.postings if stands_apart(p)]
    out = {id(p) for p in apart}
    return replace(labelled, postings=[p for p in labelled.postings if id(p) not in out]), apart


def read_corpus(corpus: Path | None) -> tuple[Labelled, list[Posting]]:
    """The shipped corpus, or the one that was named, as `split_apart` splits it; raises CorpusError where there is none."""
    from analyzer.errors import CorpusError
    from analyzer.training.labelled import read_labelled

    place = corpus or default_corpus()
    if place is None:
        raise CorpusError("the shipped corpus is not installed; name a corpus with --corpus, or train --alone")
    return split_apart(read_labelled(sorted(place.rglob("*.jsonl")) if place.is_dir() else [place]))

"""`jd-analyzer label suggest|serve|review|export|correct|curve`: labels, from what to label next to what it would bring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli.train import CompanyColumn, Data, LabelColumn, Language, Map, ProfileFiles, SkipBad, TextColumn, TitleColumn

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.analyzer import Analyzer
    from analyzer.profiles import Profiles

EPILOG = """Examples:

jd-analyzer label suggest postings.csv -n 50

jd-analyzer label serve postings.csv -n 50 -o labelled.jsonl

jd-analyzer label export postings.csv --to doccano -o to-label.jsonl

jd-analyzer label review ours.csv --map "Mercadeo=marketing"

jd-analyzer label correct posting.txt --duty 3=o.user -o corrections.jsonl

jd-analyzer label curve ours.csv --more 200"""

SERVE_EPILOG = """Examples:

jd-analyzer label serve postings.csv -n 50 -o labelled.jsonl

jd-analyzer label serve postings.xlsx --text-column Descripción --port 9000

jd-analyzer train labelled.jsonl -o models/mine"""

Texts = Annotated[Path, typer.Argument(metavar="POSTINGS", help="CSV, TSV, XLSX, JSONL or one text file.", show_default=False)]
Models = Annotated[Path | None, typer.Option("--models", help="Directory of models; else the shipped ones.", exists=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group `label`."""
    group = typer.Typer(
        no_args_is_help=True, epilog=EPILOG, help="Labels: what to label next, which look wrong, and what more of them would bring."
    )
    group.command("suggest", epilog="Example: jd-analyzer label suggest postings.csv -n 50 -o next.csv")(suggest)
    group.command("serve", epilog=SERVE_EPILOG)(serve)
    group.command("review", epilog="Example: jd-analyzer label review ours.csv")(review)
    group.command("export", epilog="Example: jd-analyzer label export postings.csv --to label-studio -o tasks.json")(export)
    group.command("correct", epilog="Example: jd-analyzer label correct posting.txt --duty 3=o.user --duty 5=R -o corrections.jsonl")(
        correct
    )
    group.command("curve", epilog="Example: jd-analyzer label curve ours.csv --more 200")(curve)
    app.add_typer(group, name="label")


def suggest(
    postings: Texts,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many postings to suggest.")] = 50,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="CSV with an empty label column, to be filled in.")] = None,
    as_json: AsJson = False,
    models: Models = None,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    language: Language = None,
) -> None:
    """The postings a label of which would teach the model most: unsure, unlike the training data, unlike each other."""
    from analyzer.training import label

    items, results, analyzer = _read(postings, models, text_column, title_column, language)
    found = label.suggest(items, results, _unknown(analyzer, items, results), count)
    if output:
        _write_csv(output, found)
        typer.echo(f"{output}: {len(found)} postings to label")
    elif as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        for row in found:
            typer.echo(f"{row['id']}  {row['primary']} ({row['probability'][row['primary']]:.2f})  {row['why']}")


def serve(
    postings: Texts,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="JSONL that takes the labels, and tells a later start what is done; `train` takes it.")
    ] = Path("labelled.jsonl"),
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many postings to label, as `label suggest` orders them.")] = 50,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page on this machine.")] = 8001,
    models: Models = None,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    language: Language = None,
    profiles: ProfileFiles = None,
) -> None:
    """Open a page on this machine to label postings one after another, the model's own reading filled in.

    Each save is on the disk at once: stop with Ctrl-C whenever you like, and start again to go on where you were.
    """
    from analyzer.cli.serve import configure_log, listen, web_extra
    from analyzer.errors import InputError
    from analyzer.training import label
    from analyzer.training.desk import Desk, Entry

    with web_extra():
        from analyzer.web.labelling import create_labelling, fits
        from analyzer.web.settings import WebSettings
    if output.resolve() == postings.resolve():
        raise InputError(f"{output.name}: the labels would take the place of the postings; name another file with -o")
    Desk([], output)  # what is wrong with the file is told before the postings are read
    items, results, analyzer = _read(postings, models, text_column, title_column, language)
    both = {i["id"]: Entry(i, r) for i, r in zip(items, results, strict=True)}
    if len(both) < len(items):
        raise InputError(f"{postings.name}: two postings have the same id; make the ids differ, or leave the column out")
    found = label.suggest(items, results, _unknown(analyzer, items, results), count)
    pile = [replace(both[row["id"]], why=row["why"]) for row in found]
    entries = [e for e in pile if fits(e)]
    if not entries:
        raise InputError(f"{postings.name}: no posting that can be labelled (none is in Chinese or Spanish)")
    if len(entries) < len(pile):
        typer.echo(f"{len(pile) - len(entries)} postings are too long for the page and are left out", err=True)
    configure_log(quiet=True)
    settings = WebSettings.from_env(allowed_hosts=("localhost", "127.0.0.1"))
    with Desk(entries, output, _profiles(profiles, models)).opened() as desk:
        typer.echo(
            f"The page: http://127.0.0.1:{port}/   {desk.done} of {len(entries)} are labelled in {output}   (Ctrl-C stops)", err=True
        )
        listen(create_labelling(desk, settings), "127.0.0.1", port, settings.stop_seconds)


def review(
    data: Data,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="How many to show; else those that look wrong.")] = None,
    as_json: AsJson = False,
    models: Models = None,
    mapping: Map = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    title_column: TitleColumn = None,
    company_column: CompanyColumn = None,
    language: Language = None,
    profiles: ProfileFiles = None,
    skip_bad: SkipBad = False,
) -> None:
    """The labels that look wrong, most doubtful first, with the duties that speak against them."""
    from analyzer.analyzer import Analyzer
    from analyzer.cli.train import read_data, read_options
    from analyzer.training import evaluate, label

    options = read_options(mapping, text_column, label_column, title_column, company_column, language, profiles)
    labelled = read_data(data, options, skip_bad)
    rows: list[dict[str, Any]] = []
    analyzer = evaluate.open_analyzer(models) if models else Analyzer()
    for lang in sorted({p["language"] for p in labelled}):
        mine = [p for p in labelled if p["language"] == lang]
        rows += label.review(mine, evaluate.analyse(analyzer, mine))
    shown = rows[:count] if count else [r for r in rows if r["suspect"]]
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for row in shown:
        chance = f"{row['probability_of_label']:.2f} against {row['probability_of_likelier']:.2f}"
        typer.echo(f"{row['where'] or row['id']}: labelled {row['label']}, rather {row['likelier']} ({chance})")
        for duty in row["against"]:
            typer.echo(f"    {duty['text'][:100]} [{duty['code']}]")
    typer.echo(f"{sum(r['suspect'] for r in rows)} of {len(rows)} labels look wrong", err=True)


def export(
    postings: Texts,
    to: Annotated[str, typer.Option("--to", help="doccano, label-studio, docbin or jsonl.")] = "doccano",
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")] = Path("to-label.jsonl"),
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="Only the postings that `label suggest` would name.")] = None,
    models: Models = None,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    language: Language = None,
) -> None:
    """Postings with the model's own labels filled in, for a person to correct in doccano, Label Studio or JSONL."""
    from analyzer.errors import InputError
    from analyzer.training import exchange, label

    if to not in exchange.FORMATS:
        raise InputError(f"--to {to!r}: one of {', '.join(exchange.FORMATS)}")
    items, results, analyzer = _read(postings, models, text_column, title_column, language)
    if count:
        wanted = {row["id"] for row in label.suggest(items, results, _unknown(analyzer, items, results), count)}
        pairs = [(i, r) for i, r in zip(items, results, strict=True) if i["id"] in wanted]
        items, results = [i for i, _ in pairs], [r for _, r in pairs]
    written = exchange.convert(label.prefilled(items, results), output, to)
    typer.echo(f"{output}: {written} postings for {to}, labels filled in")
    if to == "label-studio":
        config = output.with_suffix(".xml")
        config.write_text(exchange.label_studio_config(label.prefilled(items, results)), encoding="utf-8")
        typer.echo(f"{config}: the labelling interface for the project's settings")


def correct(
    posting: Texts,
    duty: Annotated[
        list[str],
        typer.Option(
            "--duty",
            metavar="NUMBER=CODE",
            help="A duty, counted from 1, and its right code, or a zone (R B C H X) where it is none; may be repeated.",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="JSONL the record is added to; `train` takes it.")] = Path(
        "corrections.jsonl"
    ),
    title: Annotated[str | None, typer.Option("--title", help="The posting's title.")] = None,
    models: Models = None,
    language: Language = None,
    profiles: ProfileFiles = None,
) -> None:
    """Write a corrected posting as a labelled record that `train` takes."""
    from analyzer.errors import CorpusError
    from analyzer.training import label

    corrections = {}
    for pair in duty:
        number, _, code = pair.partition("=")
        if not number.strip().isdigit() or not code.strip():
            raise CorpusError(f"--duty {pair!r}: write it as '3=o.user'")
        corrections[int(number)] = code.strip()
    items, results, _ = _read(posting, models, None, None, language)
    if len(items) != 1 or not results[0].ok:
        raise CorpusError(f"{posting.name}: one posting that can be analysed is wanted")
    known = _profiles(profiles, models).subfunctions
    made = label.corrected({**items[0], "title": title}, results[0], corrections, known)
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("a", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps(made, ensure_ascii=False) + "\n")
    typer.echo(f"{output}: added {made['id']}, primary {made['primary']}")


def curve(
    data: Data,
    more: Annotated[int, typer.Option("--more", min=1, help="How many more labelled postings to forecast for.")] = 200,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="The corpus beside your data, instead of the shipped one.", exists=True)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds: for trying things out.")] = False,
    as_json: AsJson = False,
    mapping: Map = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    title_column: TitleColumn = None,
    company_column: CompanyColumn = None,
    language: Language = None,
    profiles: ProfileFiles = None,
    skip_bad: SkipBad = False,
) -> None:
    """How held-out own postings fare with none, a quarter, half and all of the others learned from, and what more would bring."""
    from analyzer.cli.train import read_corpus, read_data, read_options
    from analyzer.training import label, models, retrain
    from analyzer.training.fit import Recipe

    options = read_options(mapping, text_column, label_column, title_column, company_column, language, profiles)
    own = read_data(data, options, skip_bad)
    base, shipped = read_corpus(corpus).postings, models.shipped()
    told: dict[str, Any] = {}
    for lang in sorted({p["language"] for p in own}):
        recipe = Recipe(folds=3, inner_folds=2, zone_iterations=15, copies=0) if quick else Recipe()
        plan = retrain.Plan(lang, base, own, recipe=recipe, profiles=options.profiles, shipped=shipped / lang if shipped else None)
        points = retrain.curve(plan, (0.0, 0.25, 0.5, 1.0), lambda message: typer.echo(message, err=True))
        gain, loss = label.forecast(points, more)
        told[lang] = {
            "points": [{"own": n, "accuracy": round(a, 4), "log_loss": round(x, 4)} for n, a, x in points],
            "more": more,
            "accuracy_gain": round(gain, 4),
            "log_loss_change": round(loss, 4),
        }
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    for lang, part in told.items():
        for point in part["points"]:
            typer.echo(f"{lang}: {point['own']:5} own postings  accuracy {point['accuracy']:.3f}  log-loss {point['log_loss']:.3f}")
        typer.echo(
            f"{lang}: {more} more would bring about {part['accuracy_gain']:+.3f} in accuracy, {part['log_loss_change']:+.3f} in log-loss"
        )


def _read(
    path: Path, models: Path | None, text: str | None, title: str | None, language: str | None
) -> tuple[list[dict[str, Any]], list[Analysis], Analyzer]:
    from analyzer.analyzer import Analyzer
    from analyzer.errors import InputError
    from analyzer.training import evaluate
    from analyzer.training.label import read_texts
    from analyzer.training.labelled import Options

    columns = {k: v for k, v in {"text": text, "title": title}.items() if v}
    items = read_texts(path, Options(columns, language=language))
    if not items:
        raise InputError(f"{path.name}: no posting with text in it")
    analyzer = evaluate.open_analyzer(models) if models else Analyzer()
    results = list(analyzer.analyze_many(items))
    return items, results, analyzer


def _profiles(files: list[Path] | None, models: Path | None) -> Profiles:
    """The profiles named, else those of the models."""
    from analyzer.profiles import load_profiles
    from analyzer.training.models import profiles_in

    return load_profiles(*files) if files else profiles_in(models)


def _unknown(analyzer: Analyzer, items: Sequence[Mapping[str, Any]], results: Sequence[Analysis]) -> list[float]:
    """Share of the words in each posting's duties that the model never met."""
    out = []
    for item, result in zip(items, results, strict=True):
        if not result.ok or not result.language:
            out.append(0.0)
            continue
        nlp = analyzer.pipeline(result.language)
        with nlp.memory_zone():
            out.append(1 - nlp.get_pipe("jd_functions").known_share(nlp(item["text"])))  # type: ignore[attr-defined]
    return out


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    import csv

    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "text", "label", "predicted", "why"])
        # a cell that a spreadsheet would take for a formula gets an apostrophe
        safe = [
            [f"'{c}" if str(c).startswith(("=", "+", "-", "@")) else c for c in (r["id"], r["text"], "", r["primary"], r["why"])]
            for r in rows
        ]
        writer.writerows(safe)

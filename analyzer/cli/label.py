"""`jd-analyzer label suggest|serve|review|export|correct|curve`: labels, from what to label next to what it would bring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli.options import AsJson, Corpus, Data, Models, ProfileFiles, Quick, Reading, Texts, progress, read_corpus, spread

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


@spread(Texts, "texts")
def suggest(
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many postings to suggest.")] = 50,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="CSV with an empty label column, to be filled in.")] = None,
    as_json: AsJson = False,
    *,
    texts: Texts,
) -> None:
    """The postings a label of which would teach the model most: unsure, unlike the training data, unlike each other."""
    found, _ = texts.suggested(count)
    if output:
        _write_csv(output, found)
        typer.echo(f"{output}: {len(found)} postings to label")
    elif as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        for row in found:
            typer.echo(f"{row['id']}  {row['primary']} ({row['probability'][row['primary']]:.2f})  {row['why']}")


@spread(Texts, "texts")
def serve(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="JSONL that takes the labels, and tells a later start what is done; `train` takes it.")
    ] = Path("labelled.jsonl"),
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many postings to label, as `label suggest` orders them.")] = 50,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page on this machine.")] = 8001,
    profiles: ProfileFiles = None,
    *,
    texts: Texts,
) -> None:
    """Open a page on this machine to label postings one after another, the model's own reading filled in.

    Each save is on the disk at once: stop with Ctrl-C whenever you like, and start again to go on where you were.
    """
    from analyzer.cli.serve import configure_log, listen, web_extra
    from analyzer.errors import InputError
    from analyzer.training.desk import Desk, Entry

    with web_extra():
        from analyzer.web.labelling import create_labelling, fits
        from analyzer.web.settings import WebSettings
    if output.resolve() == texts.postings.resolve():
        raise InputError(f"{output.name}: the labels would take the place of the postings; name another file with -o")
    Desk([], output)  # what is wrong with the file is told before the postings are read
    found, both = texts.suggested(count)
    pile = [Entry(*both[row["id"]], row["why"]) for row in found]
    entries = [e for e in pile if fits(e)]
    if not entries:
        raise InputError(f"{texts.postings.name}: no posting that can be labelled (none is in Chinese or Spanish)")
    if len(entries) < len(pile):
        typer.echo(f"{len(pile) - len(entries)} postings are too long for the page and are left out", err=True)
    configure_log(quiet=True)
    settings = WebSettings.from_env(allowed_hosts=("localhost", "127.0.0.1"))
    with Desk(entries, output, texts.profiles(profiles)).opened() as desk:
        typer.echo(
            f"The page: http://127.0.0.1:{port}/   {desk.done} of {len(entries)} are labelled in {output}   (Ctrl-C stops)", err=True
        )
        listen(create_labelling(desk, settings), "127.0.0.1", port, settings.stop_seconds)


@spread(Reading, "reading")
def review(
    data: Data,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="How many to show; else those that look wrong.")] = None,
    as_json: AsJson = False,
    models: Models = None,
    *,
    reading: Reading,
) -> None:
    """The labels that look wrong, most doubtful first, with the duties that speak against them."""
    from analyzer.analyzer import Analyzer
    from analyzer.training import evaluate, label

    labelled = reading.read(data, *([models] if models else []))
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


@spread(Texts, "texts")
def export(
    to: Annotated[str, typer.Option("--to", help="doccano, label-studio, docbin or jsonl.")] = "doccano",
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")] = Path("to-label.jsonl"),
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="Only the postings that `label suggest` would name.")] = None,
    *,
    texts: Texts,
) -> None:
    """Postings with the model's own labels filled in, for a person to correct in doccano, Label Studio or JSONL."""
    from analyzer.errors import InputError
    from analyzer.training import exchange, label

    if to not in exchange.FORMATS:
        raise InputError(f"--to {to!r}: one of {', '.join(exchange.FORMATS)}")
    if count:
        found, both = texts.suggested(count)
        wanted = {row["id"] for row in found}
        pairs = [pair for i, pair in both.items() if i in wanted]
        items, results = [i for i, _ in pairs], [r for _, r in pairs]
    else:
        items, results, _ = texts.read()
    filled = label.prefilled(items, results)
    written = exchange.convert(filled, output, to)
    typer.echo(f"{output}: {written} postings for {to}, labels filled in")
    if to == "label-studio":
        config = output.with_suffix(".xml")
        config.write_text(exchange.label_studio_config(filled), encoding="utf-8")
        typer.echo(f"{config}: the labelling interface for the project's settings")


@spread(Texts, "texts")
def correct(
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
    profiles: ProfileFiles = None,
    *,
    texts: Texts,
) -> None:
    """Write a corrected posting as a labelled record that `train` takes."""
    from analyzer.errors import CorpusError
    from analyzer.training import label
    from analyzer.training.derive import scheme_of

    corrections = {}
    for pair in duty:
        number, _, code = pair.partition("=")
        if not number.strip().isdigit() or not code.strip():
            raise CorpusError(f"--duty {pair!r}: write it as '3=o.user'")
        corrections[int(number)] = code.strip()
    items, results, _ = texts.read()
    if len(items) != 1 or not results[0].ok:
        raise CorpusError(f"{texts.postings.name}: one posting that can be analysed is wanted")
    known = texts.profiles(profiles)
    made = label.corrected({**items[0], "title": title}, results[0], corrections, known.subfunctions, scheme_of(known))
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("a", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps(made, ensure_ascii=False) + "\n")
    typer.echo(f"{output}: added {made['id']}, primary {made['primary']}")


@spread(Reading, "reading")
def curve(
    data: Data,
    more: Annotated[int, typer.Option("--more", min=1, help="How many more labelled postings to forecast for.")] = 200,
    corpus: Corpus = None,
    quick: Quick = False,
    as_json: AsJson = False,
    *,
    reading: Reading,
) -> None:
    """How held-out own postings fare with none, a quarter, half and all of the others learned from, and what more would bring."""
    from analyzer.training import label, models, retrain
    from analyzer.training.fit import Recipe

    own, profiles = reading.read(data), reading.options().profiles
    base, shipped = read_corpus(corpus)[0].postings, models.shipped()
    told: dict[str, Any] = {}
    for lang in sorted({p["language"] for p in own}):
        recipe = Recipe(folds=3, inner_folds=2, zone_iterations=15, copies=0) if quick else Recipe()
        plan = retrain.Plan(lang, base, own, recipe=recipe, profiles=profiles, shipped=shipped / lang if shipped else None)
        points = retrain.curve(plan, (0.0, 0.25, 0.5, 1.0), progress)
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

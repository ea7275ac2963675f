"""`jd-analyzer models list|info|verify|install`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

EPILOG = """Examples:

jd-analyzer models list

jd-analyzer models info models/es

jd-analyzer models verify models/mine

jd-analyzer models install models/mine --to models --replace"""

Place = Annotated[Path, typer.Argument(metavar="DIRECTORY", help="A model, or a directory of models.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the group `models`."""
    group = typer.Typer(
        no_args_is_help=True, epilog=EPILOG, help="The model directories: which there are, what is in them, whether they are whole."
    )
    group.command("list", epilog="Example: jd-analyzer models list models/mine")(list_models)
    group.command("info", epilog="Example: jd-analyzer models info models/es --json")(info)
    group.command("verify", epilog="Example: jd-analyzer models verify models/mine")(verify)
    group.command("install", epilog="Example: jd-analyzer models install mine.zip --to models --replace")(install)
    app.add_typer(group, name="models")


def list_models(
    places: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIRECTORY]...", help="Where to look; else the shipped models and models/.", show_default=False),
    ] = None,
) -> None:
    """The models there are, one a line: name, postings learned from, out-of-fold figure, place."""
    from analyzer.errors import ModelDamaged
    from analyzer.training import models

    shipped = models.shipped()
    found = models.found(places or [p for p in (shipped, Path("models"), Path("models/mine")) if p is not None])
    for place in dict.fromkeys(p.resolve() for p in found):
        try:
            told = models.info(place)
        except ModelDamaged as error:
            typer.echo(f"{place}  {error}")
            continue
        figure = told["metrics"].get("primary_macro_f1")
        typer.echo(
            f"{told['name']}  {told['postings']} postings"
            + (f", primary_macro_f1 {figure:.3f} out of fold" if figure else "")
            + f"  {place}"
        )
    if not found:
        typer.echo("no model found; make one: jd-analyzer train -o models", err=True)
        raise typer.Exit(1)


def info(place: Place, as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """What a model knows of its making: data, recipe, profiles, thresholds, figures, files."""
    from analyzer.training import models

    told = [models.info(p) for p in _found(place)]
    if as_json:
        typer.echo(json.dumps(told if len(told) > 1 else told[0], ensure_ascii=False, indent=1))
        return
    for one in told:
        for key, value in one.items():
            typer.echo(f"{key:14} {_shown(value)}")
        if one["profiles_fit"] is False:
            typer.echo("note: the profiles have changed since this model was trained; train it again to have them in its scores")


def _shown(value: Any) -> str:
    return (
        ", ".join(f"{k} {v if not isinstance(v, str) or len(v) < 20 else v[:12]}" for k, v in value.items())
        if isinstance(value, dict)
        else str(value)
    )


def verify(place: Place) -> None:
    """Whether models are whole: every file as the manifest says, nothing foreign, nothing that could run."""
    from analyzer.errors import ModelDamaged
    from analyzer.pipeline.build import open_model

    damaged = False
    for model in _found(place):
        try:
            open_model(model)
            typer.echo(f"{model}: whole")
        except ModelDamaged as error:
            typer.echo(f"{model}: {error}", err=True)
            damaged = True
    if damaged:
        raise typer.Exit(1)


def install(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A model, a directory of models, or a ZIP archive.", exists=True, show_default=False)
    ],
    to: Annotated[Path | None, typer.Option("--to", help="Where to; else the place of the shipped models.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a model that is there.")] = False,
) -> None:
    """Put a model in place after checking every file of it; nothing is moved where anything is wrong."""
    from analyzer.pipeline.build import MODELS
    from analyzer.training import models

    for place in models.install(source, to or models.shipped() or MODELS, replace):
        typer.echo(f"installed {place}")


def _found(place: Path) -> list[Path]:
    from analyzer.errors import ModelNotFound
    from analyzer.training import models

    found = models.found([place])
    if not found:
        raise ModelNotFound(f"{place} holds no model (a directory with config.cfg, or with zh or es in it)")
    return found

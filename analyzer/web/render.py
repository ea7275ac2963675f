"""The templates, always escaping. Used in the server's process for whole pages and in the workers for results."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from analyzer.profiles import Profiles
from analyzer.report.visible import safe_line
from analyzer.web.i18n import LANGUAGES, NAMES, translator
from analyzer.web.view import Result, codes

HERE = Path(__file__).parent


def ticked(text: str) -> Markup:
    """A sentence of ours in which what stands between backticks is code."""
    parts = [escape(part) for part in str(text).split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 and n + 1 < len(parts) else p for n, p in enumerate(parts))


@functools.cache
def environment() -> Environment:
    """The Jinja environment: every value is escaped, a misspelt one is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates", encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["safe_line"] = safe_line
    made.filters["ticked"] = ticked
    return made


def render(template: str, ui: str, **values: Any) -> str:
    """A template in a language of the page."""
    return environment().get_template(template).render(t=translator(ui), ui=ui, languages=LANGUAGES, language_names=NAMES, **values)


@functools.lru_cache(maxsize=16)
def _code_options(ui: str, profiles: Profiles | None) -> Markup:
    """The choices of a correction: the same for every duty, so made once."""
    return Markup(render("_codes.html", ui, codes=codes(ui, profiles)))  # noqa: S704  our own template


def result_html(result: Result, ui: str, *, interactive: bool = True) -> str:
    """One posting's result. interactive: with the buttons that strike, correct and save."""
    return render("_result.html", ui, r=result, code_options=_code_options(ui, result.profiles), interactive=interactive)


def file_html(template: str, ui: str, **values: Any) -> str:
    """A template that extends file.html: a file of its own, with the page's styles inside and no script."""
    return render(template, ui, styles=(HERE / "static" / "app.css").read_text(encoding="utf-8"), **values)


def saved_html(result: Result, ui: str) -> str:
    """One posting's result as a file of its own, with its styles inside and no script."""
    return file_html("saved.html", ui, body=result_html(result, ui, interactive=False))


def result_text(result: Result, ui: str) -> str:
    """One posting's result as plain text."""
    environment().get_template("result.txt")
    template = environment().overlay(autoescape=False).get_template("result.txt")
    return template.render(t=translator(ui), ui=ui, r=result)

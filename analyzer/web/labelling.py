"""The page of `jd-analyzer label serve`: postings one after another, the model's reading filled in, a person's labels saved."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from analyzer.analysis import SHIPPED, Analysis, Scheme
from analyzer.errors import AnalyzerError, CorpusError
from analyzer.report.visible import safe, safe_line
from analyzer.report.words import Words
from analyzer.text.mark import mark_of
from analyzer.training.desk import NO_DUTY, Desk, Entry, Labels
from analyzer.web.app import STATIC, answer_http, answer_problem, closing
from analyzer.web.i18n import translator
from analyzer.web.metrics import Metrics
from analyzer.web.pages import form_of, is_fragment, language_of, whole
from analyzer.web.problems import Problem
from analyzer.web.render import render
from analyzer.web.security import Guard
from analyzer.web.settings import WebSettings
from analyzer.web.view import codes

MOST_SEGMENTS = 300
"""Segments of a posting that can be labelled on the page; a posting has some dozens."""
UNSURE = 0.5
"""A duty whose code the model gives less than this is marked, so that the eye goes there first."""


@dataclass
class Row:
    """A segment of the posting as the form shows it."""

    number: int
    text: str
    label: str
    also: str
    look: str
    model: str
    unsure: bool


def create_labelling(desk: Desk, settings: WebSettings | None = None) -> Starlette:
    """The ASGI application for a desk that is open."""
    s = settings or WebSettings.from_env()
    app = Starlette(
        routes=[
            Route("/", start, methods=["GET"]),
            Route("/posting/{number:int}", closing(posting), methods=["GET", "POST"]),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        middleware=[Middleware(Guard, settings=s, metrics=Metrics())],
        exception_handlers={Problem: answer_problem, HTTPException: answer_http},
    )
    app.state.settings, app.state.desk, app.state.nav = s, desk, (("label", "/"),)
    app.state.stored = {"key": "label_stored", "file": desk.output.name}
    app.state.token, app.state.writing = secrets.token_urlsafe(16), asyncio.Lock()
    return app


def fits(entry: Entry) -> bool:
    """Whether a posting can be labelled on the page."""
    return entry.result.ok and 0 < len(entry.result.zones) <= MOST_SEGMENTS


async def start(request: Request) -> Response:
    """The first posting that has no labels yet, or that all have theirs."""
    desk, ui = desk_of(request), language_of(request)
    number = desk.next_open()
    if number is not None:
        return RedirectResponse(_address(request, number, ui), 303)
    return whole(request, "label_done.html", ui, page="label", done=desk.done, count=len(desk.entries), file=desk.output.name)


async def posting(request: Request) -> Response:
    """One posting's form; what it says is saved, or counted again."""
    desk = desk_of(request)
    number = request.path_params["number"] - 1
    if not 0 <= number < len(desk.entries):
        raise Problem(404, "not_found", "There is no such posting.")
    if request.method == "GET":
        return shown(request, number, language_of(request), desk.labels(number))
    form = await form_of(request, fields=2 * MOST_SEGMENTS + 40)
    ui = language_of(request, form)
    checked(request, form, desk.entries[number])
    labels = read(form, len(desk.posting(number)["segments"]), desk.scheme)
    if is_fragment(request):
        return HTMLResponse(counted(labels, ui, desk))
    if form.get("do") != "save":
        return shown(request, number, ui, labels, remember=bool(form.get("lang")))
    try:
        async with request.app.state.writing:
            await asyncio.to_thread(desk.save, number, labels)
    except CorpusError as error:
        raise Problem(422, "bad_label", str(error)) from None
    except AnalyzerError as error:  # the disk is full, say: what the person did stays in the form
        return shown(request, number, ui, labels, status=507, notice=str(error))
    after = desk.next_open(number)
    place = f"/?lang={ui}" if after is None else f"{_address(request, after, ui)}&saved={number + 1}"
    return RedirectResponse(place, 303)


def desk_of(request: Request) -> Desk:
    """The desk."""
    return request.app.state.desk


def checked(request: Request, form: FormData, entry: Entry) -> None:
    """Raises Problem where the form is not of this run (403), or of another posting (409)."""
    if not hmac.compare_digest(str(form.get("token") or "").encode(), request.app.state.token.encode()):
        raise Problem(403, "other_run", "The form is of an earlier run. Load the page again.")
    if form.get("mark") != mark_of(entry.text):
        raise Problem(409, "other_posting", "The form is of another posting. Load the page again.")


def read(form: Mapping[str, Any], count: int, scheme: Scheme = SHIPPED) -> Labels:
    """The labels a form holds. Raises Problem (422) where it lacks some."""
    segments: list[tuple[str, list[str]]] = []
    for n in range(1, count + 1):
        label, also = form.get(f"s-{n}"), form.get(f"also-{n}")
        if not isinstance(label, str) or not label:
            raise Problem(422, "bad_label", f"Segment {n} has no label.")
        if label in NO_DUTY:
            segments.append((label, []))
        else:
            segments.append(("D", [label, *([also] if isinstance(also, str) and also and also != label else [])]))
    primary = form.get("primary")
    ticked = [str(v) for v in form.getlist("functions")] if isinstance(form, FormData) else []
    functions = [f for f in ticked if f != "none"] if ticked else None
    return Labels(segments, primary if isinstance(primary, str) and primary else None, functions, scheme)


# ---------------------------------------------------------------- what the form shows


def shown(
    request: Request, number: int, ui: str, labels: Labels, *, status: int = 200, notice: str = "", remember: bool = False
) -> HTMLResponse:
    """The form of a posting with these labels filled in."""
    desk = desk_of(request)
    entry, count = desk.entries[number], len(desk.entries)
    saved = request.query_params.get("saved", "")
    return whole(
        request,
        "label.html",
        ui,
        status,
        page="label",
        switch_form=True,
        remember=remember,
        notice=notice,
        token=request.app.state.token,
        mark=mark_of(entry.text),
        number=number + 1,
        count=count,
        done=desk.done,
        is_done=desk.is_done(number),
        saved=int(saved) if saved.isdecimal() and 0 < int(saved[:7]) <= count else 0,
        before=number if number else count,
        after=(number + 1) % count + 1,
        title=safe_line(str(entry.item.get("title") or ""), 200),
        origin=safe_line(str(entry.item.get("id") or ""), 80),
        lang=entry.result.language,
        why=_why(entry, ui),
        told=_told(entry.result, ui, desk),
        rows=rows(desk, number, labels, ui),
        codes=codes(ui, desk.profiles),
        answers=[(a, _name(a, ui, desk)) for a in desk.scheme.answers],
        functions=[(f, _name(f, ui, desk)) for f in desk.scheme.functions],
        labels=replace(labels, functions=None if labels.functions is None else list(labels.functions) or ["none"]),
        counted=counted(labels, ui, desk),
    )


def rows(desk: Desk, number: int, labels: Labels, ui: str) -> list[Row]:
    """The segments with the labels of the form, and what the model took each for."""
    entry, say, t = desk.entries[number], Words(ui, desk.profiles), translator(ui)
    out = []
    for n, (segment, (zone, given)) in enumerate(zip(desk.posting(number)["segments"], labels.segments, strict=True), 1):
        start, end = segment["start"], segment["end"]
        duty = next((d for d in entry.result.duties if start <= d.start < end), None)
        told = next((z for z in entry.result.zones if z.start <= start < z.end), None)
        label = given[0] if given else zone
        taken = duty.code if duty else told.label if told and told.label in NO_DUTY else "X"
        model = ""
        if duty:
            model = f"{desk.profiles.name(duty.code, ui)} {say.percent(duty.probability)}"
        elif label != taken:
            model = t(f"zone_{taken}")
        out.append(
            Row(
                number=n,
                text=safe(entry.text[start:end]),
                label=label,
                also=given[1] if len(given) > 1 else "",
                look=f"duty {say.look(say.function_of(given[0]))}" if given else f"zone-{zone}",
                model=model,
                unsure=bool(duty and duty.probability < UNSURE),
            )
        )
    return out


def counted(labels: Labels, ui: str, desk: Desk) -> str:
    """What follows from the labels as they are, as a fragment of the page."""
    say = Words(ui, desk.profiles)
    primary, functions = labels.judged()
    main = say.none() if primary == "none" else say.name(primary)
    more = say.listed([say.name(f) for f in desk.scheme.functions if f in functions and f != primary])
    said = labels.primary is not None or labels.functions is not None
    return render("_label_count.html", ui, main=main, more=more, said=said)


def _told(result: Analysis, ui: str, desk: Desk) -> str:
    """What the model says of the whole posting."""
    say = Words(ui, desk.profiles)
    primary = result.primary or "none"
    main = say.none() if primary == "none" else say.name(primary)
    scores = say.listed([f"{say.name(f)} {say.percent(s)}" for f, s in result.scores.items()])
    return translator(ui)("label_model", primary=main, percent=say.percent(result.probability[primary]), scores=scores)


def _name(answer: str, ui: str, desk: Desk) -> str:
    return Words(ui, desk.profiles).none() if answer == "none" else desk.profiles.name(answer, ui)


def _why(entry: Entry, ui: str) -> list[str]:
    """Why `suggest` chose the posting, in the page's language; what two of its reasons say is said once."""
    ours = {"close scores": "close_scores", "unlike the training data": "unlike_training"}
    named = dict.fromkeys(ours.get(w, w) for w in entry.why.split(", ") if w)
    return [Words(ui).review(w) for w in named]


def _address(request: Request, number: int, ui: str) -> str:
    return f"{request.scope.get('root_path', '')}/posting/{number + 1}?lang={ui}"

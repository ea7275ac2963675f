"""The page: one posting, two side by side, a table of many. Forms that work without scripts; scripts ask for fragments."""

from __future__ import annotations

import functools
import tempfile
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from analyzer import __version__
from analyzer.text.mark import mark_of
from analyzer.web import tables
from analyzer.web.i18n import chosen, has, translator
from analyzer.web.jobs import Job, Jobs, save
from analyzer.web.metrics import Metrics
from analyzer.web.pool import Pool
from analyzer.web.problems import Problem, too_large
from analyzer.web.render import render
from analyzer.web.settings import WebSettings
from analyzer.web.strikes import read_strikes
from analyzer.web.uploads import safe_name

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
}
PAGES = (("analyse", "/"), ("compare", "/compare"), ("table", "/table"), ("api", "/docs"))
"""The pages that the navigation leads to: key of the name, address. Another application puts its own in `app.state.nav`,
and what it says of what it keeps in `app.state.stored`."""
COOKIE = "jd_lang"
"""Remembers the language of the page in the browser; nothing else is kept there."""


@functools.cache
def examples() -> list[dict[str, str]]:
    """Postings to try: key, language, title, text."""
    found = tomllib.loads((resources.files("analyzer.web") / "examples.toml").read_text(encoding="utf-8"))["example"]
    return [{**e, "text": e["text"].strip()} for e in found]


def pool_of(request: Request) -> Pool:
    """The worker processes."""
    return request.app.state.pool


def settings_of(request: Request) -> WebSettings:
    """The settings."""
    return request.app.state.settings


def jobs_of(request: Request) -> Jobs:
    """The jobs."""
    return request.app.state.jobs


def metrics_of(request: Request) -> Metrics:
    """The counters."""
    return request.app.state.metrics


def language_of(request: Request, form: Mapping[str, Any] | None = None) -> str:
    """The page's language: the button pressed, the address, the form, the cookie, the browser's languages."""
    said = [form.get("lang"), form.get("ui")] if form is not None else []
    asked = next(
        (str(v) for v in (said[0] if said else None, request.query_params.get("lang"), *said[1:], request.cookies.get(COOKIE)) if v), None
    )
    return chosen(asked, request.headers.get("accept-language"))


def is_fragment(request: Request) -> bool:
    """Whether a script asked for the result alone."""
    return request.headers.get("x-fragment") == "1"


def whole(request: Request, template: str, ui: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page."""
    s = settings_of(request)
    html = render(
        template,
        ui,
        version=__version__,
        max_characters=s.max_characters,
        max_title=s.max_title_characters,
        nav=getattr(request.app.state, "nav", PAGES),
        stored=translator(ui)(**getattr(request.app.state, "stored", {"key": "nothing_stored"})),
        **{"switch_form": False, "path": request.url.path, **values},
    )
    response = HTMLResponse(html, status, headers={"Vary": "Accept-Language, Cookie, X-Fragment"})
    if request.query_params.get("lang") or values.get("remember"):
        response.set_cookie(COOKIE, ui, max_age=31_536_000, samesite="lax", httponly=True)
    return response


async def form_of(request: Request, fields: int = 400) -> FormData:
    """The form of at most so many fields. Raises Problem (400, 413, 415)."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Problem(415, "form_needed", "Send a form: multipart/form-data or application/x-www-form-urlencoded.")
    limit = settings_of(request).max_body_bytes
    try:
        return await request.form(max_files=2, max_fields=fields, max_part_size=limit)
    except HTTPException as error:
        if "maximum size" in str(error.detail):
            raise too_large(limit) from None
        raise Problem(400, "bad_form", "The form cannot be read. Send it as browsers do.") from None


def field(form: Mapping[str, Any], name: str) -> str:
    """A text field, with the line ends that browsers put in (CRLF) as they were before."""
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def checked(text: str, title: str, s: WebSettings) -> None:
    """Raises Problem (422) where a text or title is longer than allowed."""
    if len(text) > s.max_characters:
        raise Problem(
            422,
            "too_many_characters",
            f"The text has more than {s.max_characters} characters. Send the one posting you mean.",
            limit=s.max_characters,
        )
    if len(title) > s.max_title_characters:
        raise Problem(422, "title_too_long", f"The title has more than {s.max_title_characters} characters.", limit=s.max_title_characters)


async def document_text(request: Request, upload: UploadFile) -> str:
    """The text of an uploaded document; the file is private and gone afterwards. Raises Problem (422)."""
    s = settings_of(request)
    with tempfile.TemporaryDirectory(dir=jobs_of(request).root) as place:
        path = Path(place) / "document"
        await save(upload, path)
        payload = {
            "path": str(path),
            "name": safe_name(upload.filename, "document"),
            "max_unpacked": s.max_unpacked_bytes,
            "max_ratio": s.max_unpack_ratio,
        }
        text: str = await pool_of(request).run("document", payload)
    return text


# ---------------------------------------------------------------- one posting


async def home(request: Request) -> Response:
    """The empty page, or the result of its form."""
    if request.method == "POST":
        return await analyse(request)
    ui = language_of(request)
    return whole(request, "index.html", ui, page="analyse", text="", title="", result="", examples=examples(), switch_form=True)


async def analyse(request: Request) -> Response:
    """The result of a form: as a fragment for scripts, else the whole page."""
    form = await form_of(request)
    ui = language_of(request, form)
    asked = await asked_for(request, form, ui)
    result = ""
    if asked["text"] or not form.get("lang"):
        result = (await ask(request, {**asked, "format": "html"}))["body"]
    if is_fragment(request):
        return HTMLResponse(result)
    return whole(
        request,
        "index.html",
        ui,
        page="analyse",
        text=asked["text"],
        title=asked["title"],
        result=result,
        examples=examples(),
        switch_form=True,
        remember=bool(form.get("lang")),
    )


async def asked_for(request: Request, form: FormData, ui: str) -> dict[str, Any]:
    """What a form asks of the worker: text, title, strikes and the like. Raises Problem (422)."""
    text, title, notice = field(form, "text"), field(form, "title").strip(), ""
    upload = form.get("file")
    example = next((e for e in examples() if e["key"] == form.get("example")), None)
    if example:
        text, title = example["text"], example["title"]
    elif isinstance(upload, UploadFile) and upload.size:
        text, notice = (await document_text(request, upload)).replace("\r\n", "\n"), translator(ui)("from_file")
    checked(text, title, settings_of(request))
    strikes: list[tuple[int, int]] = []
    wanted = [str(v) for v in form.getlist("strike")]
    if wanted:
        if form.get("struck_in") == mark_of(text):
            back = {str(v) for v in form.getlist("unstrike")}
            strikes = read_strikes([v for v in wanted if v not in back], len(text))
        elif form.get("struck_in"):
            notice = translator(ui)("strikes_dropped")
    return {"text": text, "title": title, "ui": ui, "strikes": strikes, "prefix": "", "notice": notice, "language": None}


async def ask(request: Request, payload: dict[str, Any]) -> dict[str, Any]:
    """Have a worker make a result."""
    answer: dict[str, Any] = await pool_of(request).run("page", payload)
    metrics_of(request).postings.labels(answer["status"]).inc()
    return answer


async def keep(request: Request) -> Response:
    """A result as a file for the user: HTML, text or JSON."""
    form = await form_of(request)
    kind = request.query_params.get("format", "html")
    if kind not in ("html", "text", "json"):
        raise Problem(422, "unknown_format", "A result is saved as html, text or json.")
    asked = await asked_for(request, form, language_of(request, form))
    answer = await ask(request, {**asked, "format": "saved" if kind == "html" else kind})
    ending = "txt" if kind == "text" else kind
    return Response(answer["body"], media_type=MEDIA[kind], headers={"Content-Disposition": f'attachment; filename="jd-analysis.{ending}"'})


async def correction(request: Request) -> Response:
    """The posting with the user's corrections as a line of labelled data."""
    form = await form_of(request)
    asked = await asked_for(request, form, language_of(request, form))
    corrected = {}
    for name, value in form.multi_items():
        number = name.removeprefix("code-")
        if name.startswith("code-") and number.isdecimal() and isinstance(value, str) and value:
            corrected[int(number[:6]) - 1] = value
    answer = await ask(request, {**asked, "format": "correction", "corrected": corrected, "primary": form.get("primary") or None})
    if not answer["body"]:
        raise Problem(422, "no_result", "There is no result to correct: the text could not be analysed.")
    return Response(answer["body"], media_type=MEDIA["jsonl"], headers={"Content-Disposition": 'attachment; filename="correction.jsonl"'})


# ---------------------------------------------------------------- two postings


async def compare(request: Request) -> Response:
    """Two postings side by side."""
    form: FormData | None = await form_of(request) if request.method == "POST" else None
    ui = language_of(request, form)
    sides: list[dict[str, Any]] = [{"key": key, "text": "", "title": "", "html": ""} for key in ("a", "b")]
    result = ""
    if form is not None:
        for side in sides:
            side["text"], side["title"] = field(form, f"text_{side['key']}"), field(form, f"title_{side['key']}").strip()
        if form.get("example"):
            for side, e in zip(sides, [e for e in examples() if e["language"] == ("zh" if ui == "zh" else "es")], strict=False):
                side.update(text=e["text"], title=e["title"])
        for side in sides:
            checked(side["text"], side["title"], settings_of(request))
            payload = {
                "text": side["text"],
                "title": side["title"],
                "ui": ui,
                "strikes": [],
                "prefix": f"{side['key']}-",
                "language": None,
                "format": "html",
            }
            side["html"] = (await ask(request, payload))["body"]
        result = render("_compare.html", ui, sides=sides)
        if is_fragment(request):
            return HTMLResponse(result)
    return whole(request, "compare.html", ui, page="compare", sides=sides, result=result)


# ---------------------------------------------------------------- a table of many


async def table(request: Request) -> Response:
    """Ask for a table, or take one and show its first rows."""
    if request.method == "POST":
        form = await form_of(request)
        upload = form.get("file")
        if not isinstance(upload, UploadFile) or not upload.size:
            raise Problem(422, "no_file", "Choose a file first.")
        job = await jobs_of(request).open(upload, safe_name(upload.filename, "table"))
        return RedirectResponse(f"/table/{job.id}?lang={language_of(request, form)}", 303)
    s = settings_of(request)
    t = translator(language_of(request))
    limits = t("table_limits", rows=s.max_rows, megabytes=s.max_upload_bytes // 1_000_000)
    return whole(request, "table.html", language_of(request), page="table", limits=limits)


async def table_job(request: Request) -> Response:
    """A job: its first rows and columns, its progress, or its end."""
    job = jobs_of(request).get(request.path_params["id"])
    ui = language_of(request)
    body = job_html(job, ui)
    return HTMLResponse(body) if is_fragment(request) else whole(request, "table_job.html", ui, page="table", job=job, body=body)


def job_html(job: Job, ui: str) -> str:
    """The part of a job's page that changes."""
    if job.state == "read":
        return render("_table_preview.html", ui, job=job)
    why = job.why
    summary = tables.summary_view(tables.add_up(job.summaries), ui, tables.own_names(job.folder))
    t = translator(ui)
    words = {
        "running": t("table_running"),
        "done": t("table_done", rows=job.done, failed=summary["summary"]["failed"]),
        "cancelled": t("table_cancelled", done=job.done, rows=job.rows),
        "failed": t("table_failed", why=why),
    }[job.state]
    return render("_table_job.html", ui, job=job, words=words, **summary)


async def table_start(request: Request) -> Response:
    """Start a job with the columns chosen."""
    form = await form_of(request)
    jobs = jobs_of(request)
    job = jobs.get(request.path_params["id"])
    jobs.begin(job, {"text": column(job, field(form, "text_column")), "title": column(job, field(form, "title_column"))})
    return RedirectResponse(f"/table/{job.id}?lang={language_of(request, form)}", 303)


def column(job: Job, number: str) -> str | None:
    """The name of a column by its number in the form."""
    header = job.info["header"]
    return header[int(number)] if number.isdecimal() and len(number) < 6 and int(number) < len(header) else None


async def table_cancel(request: Request) -> Response:
    """Stop a job."""
    jobs = jobs_of(request)
    job = jobs.get(request.path_params["id"])
    await jobs.cancel(job)
    return RedirectResponse(f"/table/{job.id}?lang={language_of(request)}", 303)


async def table_delete(request: Request) -> Response:
    """Stop a job and remove its files."""
    jobs = jobs_of(request)
    await jobs.remove(jobs.get(request.path_params["id"]))
    return RedirectResponse(f"/table?lang={language_of(request)}", 303)


async def table_result(request: Request) -> Response:
    """Download a job's result."""
    jobs = jobs_of(request)
    job = jobs.get(request.path_params["id"])
    return await download(jobs, job, request.query_params.get("format", "csv"), language_of(request))


async def download(jobs: Jobs, job: Job, form: str, ui: str) -> Response:
    """The result's file as an attachment."""
    path = await jobs.result(job, form, ui)
    return FileResponse(path, media_type=MEDIA[form], filename=f"jd-{Path(job.name).stem or 'table'}.{form}")


# ---------------------------------------------------------------- what goes wrong


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem as the asker can read it: words in the page's language for people, problem details for programs."""
    path = request.url.path
    ui = language_of(request)
    key = f"problem_{problem.key}"
    words = translator(ui)(key) if has(key) else problem.detail
    if path.startswith(("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json")):
        return problem.response()
    if is_fragment(request) or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(
            {**problem.body(), "detail": words}, problem.status, headers=problem.headers, media_type="application/problem+json"
        )
    page = whole(request, "error.html", ui, problem.status, page="", heading=translator(ui)("error"), detail=words, path="/")
    page.headers.update(problem.headers)
    return page

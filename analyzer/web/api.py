"""The REST API under /v1, health checks and figures."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from analyzer import __version__
from analyzer.profiles import load_profiles
from analyzer.web.openapi import problem_list, specification
from analyzer.web.pages import download, field, form_of, jobs_of, language_of, metrics_of, pool_of, settings_of, whole
from analyzer.web.problems import Problem, busy
from analyzer.web.settings import WebSettings
from analyzer.web.uploads import safe_name

KEYS = ("text", "title", "language", "id")
PART = 32
"""Postings of a batch that go to a worker at once."""


async def body_of(request: Request) -> Any:
    """The JSON body. Raises Problem (400, 413, 415)."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "json_needed", "Send JSON with `Content-Type: application/json`.")
    raw = await request.body()
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Problem(400, "not_utf8", "The body is not UTF-8. Encode it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        where = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(400, "not_json", f"The body is not JSON{where}.") from None


def posting(data: Any, where: str, s: WebSettings) -> dict[str, Any]:
    """One posting, checked. Raises Problem (422) that names the field."""
    if not isinstance(data, dict):
        raise Problem(422, "not_an_object", f"{where} must be an object with `text`.", field=where)
    unknown = [k for k in data if k not in KEYS]
    if unknown:
        raise Problem(422, "unknown_field", f"{where} has a field that is not known here. Known are {', '.join(KEYS)}.", field=where)
    if not isinstance(data.get("text"), str):
        raise Problem(422, "text_needed", f"{where}.text must be a string.", field=f"{where}.text")
    for key, most in (("title", s.max_title_characters), ("id", 200)):
        value = data.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > most or any("\ud800" <= c <= "\udfff" for c in value)):
            raise Problem(
                422, "bad_field", f"{where}.{key} must be a string of at most {most} whole characters, or null.", field=f"{where}.{key}"
            )
    if data.get("language") not in (None, "zh", "es"):
        raise Problem(422, "bad_field", f"{where}.language must be zh, es or null.", field=f"{where}.language")
    if len(data["text"]) > s.max_characters:
        raise Problem(
            422,
            "too_many_characters",
            f"{where}.text has more than {s.max_characters} characters.",
            field=f"{where}.text",
            limit=s.max_characters,
        )
    return {key: data.get(key) for key in KEYS}


async def analyze(request: Request) -> Response:
    """POST /v1/analyze."""
    item = posting(await body_of(request), "body", settings_of(request))
    (record,) = await pool_of(request).run("analyze", [item])
    metrics_of(request).postings.labels(record["status"]).inc()
    return JSONResponse(record)


async def analyze_batch(request: Request) -> Response:
    """POST /v1/analyze/batch: in order, one bad posting harms no other."""
    data, s = await body_of(request), settings_of(request)
    if not isinstance(data, dict) or not isinstance(data.get("postings"), list) or set(data) != {"postings"}:
        raise Problem(422, "postings_needed", 'Send {"postings": [{"text": …}, …]}.', field="postings")
    if not 1 <= len(data["postings"]) <= s.max_batch:
        raise Problem(
            422, "batch_size", f"Send 1 to {s.max_batch} postings at a time; for more use /v1/jobs.", field="postings", limit=s.max_batch
        )
    items = [posting(d, f"postings[{n}]", s) for n, d in enumerate(data["postings"])]
    results: list[dict[str, Any]] = []
    for first in range(0, len(items), PART):
        results += await pool_of(request).run("analyze", items[first : first + PART])
    for record in results:
        metrics_of(request).postings.labels(record["status"]).inc()
    return JSONResponse({"results": results})


async def job_new(request: Request) -> Response:
    """POST /v1/jobs: a table as multipart form data, with the names of its columns."""
    form = await form_of(request)
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.size:
        raise Problem(422, "no_file", "Send the table as the form field `file`.", field="file")
    jobs = jobs_of(request)
    job = await jobs.open(upload, safe_name(upload.filename, "table"))
    guess = job.info["guess"]
    try:
        jobs.begin(job, {"text": field(form, "text_column") or guess["text"], "title": field(form, "title_column") or guess["title"]})
    except Problem:
        await jobs.remove(job)
        raise
    return JSONResponse(job.to_dict(), 202, headers={"Location": f"/v1/jobs/{job.id}"})


async def job(request: Request) -> Response:
    """GET /v1/jobs/{id}: how far it is; DELETE: stop it and remove its files."""
    jobs = jobs_of(request)
    found = jobs.get(request.path_params["id"])
    if request.method == "DELETE":
        await jobs.remove(found)
        return Response(status_code=204)
    return JSONResponse(found.to_dict())


async def job_result(request: Request) -> Response:
    """GET /v1/jobs/{id}/result?format=csv|xlsx|jsonl|html."""
    jobs = jobs_of(request)
    return await download(jobs, jobs.get(request.path_params["id"]), request.query_params.get("format", "csv"), language_of(request))


async def profiles(_: Request) -> Response:
    """GET /v1/profiles: functions, sub-functions and steps with their names."""
    p = load_profiles()
    languages = ("en", "es", "zh")
    return JSONResponse(
        {
            "hash": p.hash(),
            "functions": [
                {
                    "key": k,
                    "name": {lang: f.name.of(lang) for lang in languages},
                    "essence": {lang: f.essence.of(lang) for lang in languages},
                }
                for k, f in p.functions.items()
            ],
            "subfunctions": [
                {
                    "code": k,
                    "function": s.function,
                    "name": {lang: s.name.of(lang) for lang in languages},
                    "description": {lang: s.description.of(lang) for lang in languages},
                }
                for k, s in p.subfunctions.items()
            ],
            "steps": [
                {"step": k, "name": {lang: s.name.of(lang) for lang in languages}, "what": {lang: s.what.of(lang) for lang in languages}}
                for k, s in p.steps.items()
            ],
        }
    )


async def models(request: Request) -> Response:
    """GET /v1/models: what scores, and how well it was measured to."""
    return JSONResponse({"models": await pool_of(request).run("models", None)})


async def healthz(_: Request) -> Response:
    """GET /healthz: the process answers."""
    return JSONResponse({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """GET /readyz: at least one worker has its models loaded."""
    pool = pool_of(request)
    if not pool.ready:
        raise busy(settings_of(request).retry_seconds, "not_ready", _loading(pool.failure))
    return JSONResponse({"status": "ready", "workers": pool.ready})


def _loading(failure: str | None) -> str:
    """What keeps the workers from being ready; paths are for the log alone."""
    if failure is None:
        return "The models are being loaded."
    code = failure.split(":")[0] if failure.startswith("JD-") else "a worker ended"
    return f"The models cannot be loaded ({code}); the server's log says why."


async def metrics(request: Request) -> Response:
    """GET /metrics."""
    body = metrics_of(request).text(pool_of(request), jobs_of(request))
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")


async def openapi(request: Request) -> Response:
    """GET /openapi.json."""
    return JSONResponse(specification(settings_of(request)))


async def docs(request: Request) -> HTMLResponse:
    """GET /docs: the description as a page, with nothing from elsewhere."""
    spec = specification(settings_of(request))
    return whole(
        request,
        "docs.html",
        language_of(request),
        page="api",
        spec=spec,
        problems=problem_list(),
        dumps=lambda value: json.dumps(value, ensure_ascii=False, indent=2),
    )

"""The API's description (OpenAPI 3.1), written by hand and held to the truth by tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analyzer import __version__
from analyzer.analysis import ANSWERS, FUNCTIONS
from analyzer.pipeline.places import own_functions
from analyzer.web.settings import WebSettings
from analyzer.web.tables import FORMATS

_STRING: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "number"}
_INTEGER: dict[str, Any] = {"type": "integer", "minimum": 0}
_SHARE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}


def _object(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required, **more}


def _by(keys: tuple[str, ...], of: dict[str, Any], own: tuple[str, ...] = ()) -> dict[str, Any]:
    """Values by function; those of a user's own are not required, for one language's model may lack them."""
    return _object(dict.fromkeys((*keys, *own), of), list(keys))


def _or_null(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


def _span() -> dict[str, Any]:
    return _object({"start": _INTEGER, "end": _INTEGER})


def _schemas(s: WebSettings) -> dict[str, Any]:
    own = own_functions(Path(s.models) if s.models else None)
    piece = _object({"start": _INTEGER, "end": _INTEGER, "text": _STRING})
    duty = {
        **{"start": _INTEGER, "end": _INTEGER, "text": _STRING, "function": _STRING, "code": _STRING},
        "codes": {"type": "array", "items": _object({"code": _STRING, "share": _SHARE})},
        "probability": _SHARE,
        "weights": _by(FUNCTIONS, _NUMBER, own),
        "purpose": {"anyOf": [_span(), {"type": "null"}]},
        "phrases": {"type": "array", "items": _object({"verb": piece, "object": piece, "code": _STRING})},
    }
    title = _object(
        {"text": _STRING, "function": _or_null("string"), "mismatch": {"type": "boolean"}, "scores_with_title": _by(FUNCTIONS, _SHARE, own)}
    )
    analysis = {
        "id": _or_null("string"),
        "status": {
            "type": "string",
            "enum": ["ok", "unsupported_language", "empty", "too_long", "unreadable"],
            "description": "Where it is not `ok` there are no scores, and `reasons` says why.",
        },
        "language": _or_null("string"),
        "primary": {"type": "string", "enum": [*FUNCTIONS, *own, "none"]},
        "probability": _by(ANSWERS, _SHARE, own),
        "functions": {"type": "array", "items": {"type": "string", "enum": [*FUNCTIONS, *own]}},
        "scores": {
            **_by(FUNCTIONS, _SHARE, own),
            "description": "Calibrated probability that the function is a substantive part of the job, each on its own, title left out.",
        },
        "raw": _by(FUNCTIONS, _NUMBER, own),
        "rest": _by(FUNCTIONS, _NUMBER, own),
        "mix": _by((*FUNCTIONS, "other"), _SHARE, own),
        "other": {"type": "object", "additionalProperties": _SHARE},
        "title": {"anyOf": [title, {"type": "null"}]},
        "steps": {"type": "array", "items": _object({"step": {"type": "integer"}, "evidence": {"type": "array", "items": _span()}})},
        "review": {"type": "boolean"},
        "reasons": {"type": "array", "items": _STRING},
        "duties": {"type": "array", "items": _object(duty), "description": "Offsets count code points of the text as it was sent."},
        "model": _STRING,
    }
    posting = {
        "text": {"type": "string", "maxLength": s.max_characters, "description": "The posting as published, in Chinese or Spanish."},
        "title": {"type": ["string", "null"], "maxLength": s.max_title_characters},
        "language": {"enum": ["zh", "es", None], "description": "Found from the text where left out."},
        "id": {"type": ["string", "null"], "maxLength": 200},
    }
    job = {
        "id": _STRING,
        "state": {"type": "string", "enum": ["read", "running", "done", "cancelled", "failed"]},
        **dict.fromkeys(("rows", "done", "broken"), _INTEGER),
        "header": {"type": "array", "items": _STRING},
        "columns": _object({"text": _or_null("string"), "title": _or_null("string")}),
        "summary": {"type": "object"},
        "detail": _or_null("string"),
    }
    upload = {
        "file": {"type": "string", "contentMediaType": "application/octet-stream", "description": "CSV, TSV or XLSX with a header row."},
        "text_column": {"type": "string", "description": "Guessed where left out."},
        "title_column": {"type": "string", "description": "Guessed where left out."},
    }
    names = _object(dict.fromkeys(("en", "es", "zh"), _STRING))
    return {
        "Posting": _object(posting, ["text"], additionalProperties=False),
        "Postings": _object(
            {"postings": {"type": "array", "minItems": 1, "maxItems": s.max_batch, "items": _ref("Posting")}}, additionalProperties=False
        ),
        "Analysis": _object(analysis, ["status", "id", "language", "review", "reasons", "model"]),
        "Analyses": _object({"results": {"type": "array", "items": _ref("Analysis")}}),
        "Upload": _object(upload, ["file"]),
        "Job": _object(job),
        "Profiles": _object(
            {
                "hash": _STRING,
                "functions": {"type": "array", "items": _object({"key": _STRING, "name": names, "essence": names})},
                "subfunctions": {
                    "type": "array",
                    "items": _object({"code": _STRING, "function": _STRING, "name": names, "description": names}),
                },
                "steps": {"type": "array", "items": _object({"step": {"type": "integer"}, "name": names, "what": names})},
            }
        ),
        "Models": _object(
            {
                "models": {
                    "type": "array",
                    "items": _object(
                        {
                            "language": _STRING,
                            "model": _STRING,
                            "version": _or_null("string"),
                            "description": _STRING,
                            "performance": {"type": "object"},
                        }
                    ),
                }
            }
        ),
        "Health": _object({"status": _STRING}),
        "Problem": _object({"type": _STRING, "title": _STRING, "status": {"type": "integer"}, "detail": _STRING, "code": _STRING}),
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _ref(name)}}}


def _wrong(*statuses: int) -> dict[str, Any]:
    words = {
        400: "The body is not JSON in UTF-8, or not a form.",
        401: "A token is needed.",
        403: "Sent from another site.",
        404: "There is no such job.",
        408: "The body did not arrive in time.",
        409: "Not in this state of the job.",
        413: "The body is too large.",
        415: "The body is of another media type.",
        421: "The server does not answer under this name.",
        422: "What was sent cannot be used; `detail` says what to change, `field` where.",
        429: "Too many jobs are kept; see Retry-After.",
        500: "An error of the server.",
        503: "Every worker has its hands full; see Retry-After.",
    }
    schema = {"application/problem+json": {"schema": _ref("Problem")}}
    retry = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
    return {
        str(n): {"description": words[n], "content": schema, **({"headers": retry} if n in (429, 503) else {})}
        for n in sorted({401, 403, 421, *statuses})
    }


def _operation(summary: str, name: str, answers: dict[str, Any], *wrong: int, **more: Any) -> dict[str, Any]:
    return {"summary": summary, "operationId": name, "responses": {**answers, **_wrong(*wrong)}, **more}


def _body(name: str, kind: str = "application/json") -> dict[str, Any]:
    return {"required": True, "content": {kind: {"schema": _ref(name)}}}


def specification(s: WebSettings) -> dict[str, Any]:
    """The OpenAPI document of a server with these settings."""
    job_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"}}
    form = {"name": "format", "in": "query", "schema": {"type": "string", "enum": list(FORMATS), "default": "csv"}}
    files = {
        "description": "The file.",
        "content": {
            kind: {}
            for kind in ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/jsonl", "text/html")
        },
    }
    sent = (400, 408, 413, 415, 422, 500, 503)
    posted = _json("Analysis", "The result; see `status`.")
    paths: dict[str, Any] = {
        "/v1/analyze": {"post": _operation("Analyse one posting", "analyze", {"200": posted}, *sent, requestBody=_body("Posting"))},
        "/v1/analyze/batch": {
            "post": _operation(
                "Analyse some postings, in order",
                "analyzeBatch",
                {"200": _json("Analyses", "The results.")},
                *sent,
                requestBody=_body("Postings"),
            )
        },
        "/v1/jobs": {
            "post": _operation(
                "Score a table",
                "createJob",
                {"202": _json("Job", "It has begun.")},
                *sent,
                429,
                requestBody=_body("Upload", "multipart/form-data"),
            )
        },
        "/v1/jobs/{id}": {
            "parameters": [job_id],
            "get": _operation("How far a job is", "getJob", {"200": _json("Job", "The job.")}, 404),
            "delete": _operation("Stop a job and remove its files", "deleteJob", {"204": {"description": "Gone."}}, 404),
        },
        "/v1/jobs/{id}/result": {
            "parameters": [job_id, form],
            "get": _operation("Download a job's result", "getResult", {"200": files}, 404, 409, 422, 503),
        },
        "/v1/profiles": {
            "get": _operation("Functions, sub-functions and steps", "getProfiles", {"200": _json("Profiles", "The profiles.")})
        },
        "/v1/models": {"get": _operation("The models in use", "getModels", {"200": _json("Models", "The models.")}, 503)},
        "/healthz": {"get": _operation("Whether the process answers", "health", {"200": _json("Health", "It does.")})},
        "/readyz": {"get": _operation("Whether postings can be scored", "ready", {"200": _json("Health", "They can.")}, 503)},
        "/metrics": {
            "get": _operation(
                "Figures for Prometheus", "metrics", {"200": {"description": "Text.", "content": {"text/plain": {"schema": _STRING}}}}
            )
        },
    }
    out: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "jd-analyzer",
            "version": __version__,
            "description": "What a job posting's work really is. Nothing sent is stored or logged.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": _schemas(s)},
    }
    if s.token:
        out["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        out["security"] = [{"token": []}]
    return out


def problem_list() -> list[tuple[str, str]]:
    """Codes of problems and what they mean, for the page of the API."""
    return [
        ("busy", "503: every worker has its hands full; Retry-After says when to come back."),
        ("worker_died", "503: the process at work on the request ended; send it again."),
        ("too_slow", "503: the posting took longer than allowed and was given up."),
        ("stopping", "503: the server is stopping."),
        ("not_ready", "503: the models are being loaded; 409: the job has no result yet."),
        ("too_large", "413: the body is larger than `limit` bytes."),
        ("too_many_characters", "422: a text is longer than `limit` characters."),
        ("title_too_long", "422: a title is longer than `limit` characters."),
        ("batch_size", "422: more postings than `limit` at a time."),
        ("too_many_rows", "422: the table has more rows than `limit`."),
        ("too_many_columns", "422: the table has more columns than the server takes."),
        ("too_many_jobs", "429: `limit` jobs are kept already."),
        ("not_a_table", "422: the file is no CSV, TSV or XLSX with a header row."),
        ("zip_bomb", "422: the file unpacks to far too much, or declares XML entities."),
        ("damaged", "422: the file is damaged."),
        ("encrypted", "422: the file is encrypted."),
        ("unknown_column", "422: the table has no such column."),
        ("unknown_format", "422: there is no such format."),
        ("text_needed", "422: a posting has no text."),
        ("unknown_field", "422: a posting has a field that is not known."),
        ("bad_field", "422: a field is not what it must be; `field` names it."),
        ("not_an_object", "422: a posting is no object."),
        ("postings_needed", "422: the batch has no list of postings."),
        ("no_file", "422: the form has no file."),
        ("no_result", "422: there is nothing to correct."),
        ("not_json", "400: the body is not JSON."),
        ("not_utf8", "400: the body is not UTF-8."),
        ("bad_form", "400: the form cannot be read."),
        ("json_needed", "415: the body must be JSON."),
        ("form_needed", "415: the body must be a form."),
        ("begun", "409: the job has begun already."),
        ("not_found", "404: there is nothing here (any more)."),
        ("method_not_allowed", "405: this path takes another method."),
        ("too_slow_body", "408: the body did not arrive in time."),
        ("token_needed", "401: the server's token is needed."),
        ("cross_site", "403: forms of other sites are refused."),
        ("wrong_host", "421: the server does not answer under this name."),
        ("internal", "500: an error of the server; please report it."),
    ]

"""What runs in a worker process: the models, loaded once, and the functions the server may call by name."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.web.words import ExplainingAnalyzer

GROUPED = frozenset({"analyze", "page"})
"""Functions whose waiting calls are done together."""
WARM_UP = ("岗位职责：负责品牌推广和活动策划。", "Funciones: gestionar las redes sociales y la publicidad de la marca.")

Answer = tuple[str, Any]


def serve(pipe: Connection, models: str) -> None:
    """Load the models, say `ready`, then answer calls until the pipe ends or None comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle: it lets running requests finish
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        jd = opened(models)
    except Exception as error:
        pipe.send(str(error) if type(error).__module__ == "analyzer.errors" else type(error).__name__)
        return
    pipe.send("ready")
    while True:
        try:
            call = pipe.recv()
        except (EOFError, OSError):
            return
        if call is None:
            return
        name, payloads = call
        pipe.send(answers(jd, name, payloads))


def opened(models: str) -> ExplainingAnalyzer:
    """An Analyzer that has read a posting of each language, so that the first user waits for nothing."""
    from analyzer.analyzer import on_one_core
    from analyzer.web import render  # noqa: F401  the templates' modules too
    from analyzer.web.words import ExplainingAnalyzer

    jd = ExplainingAnalyzer(models or None)
    on_one_core()  # there is a worker for each
    for text in WARM_UP:
        jd.explain_many([{"text": text}])
    return jd


def answers(jd: ExplainingAnalyzer, name: str, payloads: list[Any]) -> list[Answer]:
    """The answer to each payload. One that fails in a group is done again alone, so that its neighbours are not hurt."""
    try:
        return [("ok", value) for value in FUNCTIONS[name](jd, payloads)]
    except Exception as error:
        if len(payloads) > 1:
            return [answer for payload in payloads for answer in answers(jd, name, [payload])]
        return [("problem", _told(name, error))]


def _told(name: str, error: Exception) -> dict[str, Any]:
    """Arguments of a Problem. Messages of our own errors go to the user; of others only the place goes to the log."""
    from analyzer.errors import AnalyzerError
    from analyzer.web.problems import Problem

    if isinstance(error, Problem):
        return {"status": error.status, "key": error.key, "detail": error.detail, **error.extra}
    if isinstance(error, AnalyzerError):
        return {"status": 422, "key": error.code, "detail": str(error)}
    last = traceback.extract_tb(error.__traceback__)[-1]
    print(f"jd-web-worker: {name}: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}", file=sys.stderr, flush=True)
    return {
        "status": 500,
        "key": "internal",
        "detail": "Something went wrong on our side. The text was not logged; please report what you did.",
    }


# ---------------------------------------------------------------- one posting or some


def analyze(jd: ExplainingAnalyzer, payloads: list[list[Mapping[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Each payload is a list of {"text", "title", "language", "id"}; each answer the records of `Analysis.to_dict`."""
    found = iter(jd.analyze_many([item for payload in payloads for item in payload]))
    return [[next(found).to_dict() for _ in payload] for payload in payloads]


def page(jd: ExplainingAnalyzer, payloads: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Results as the page shows or saves them.

    payload: text, title, ui, strikes (spans), prefix, format (html, saved, text, json, correction), language, and for
    a correction `corrected` and `primary`. answer: body (str), status, headline.
    """
    from analyzer.web.strikes import Struck

    struck = [Struck.of(p["text"], p["strikes"]) if p.get("strikes") else None for p in payloads]
    items = [
        {"text": s.text if s else p["text"], "title": p["title"] or None, "language": p["language"]}
        for p, s in zip(payloads, struck, strict=True)
    ]
    whole = [
        {"text": p["text"], "title": p["title"] or None, "language": p["language"]} for p, s in zip(payloads, struck, strict=True) if s
    ]
    explained = jd.explain_many([*items, *whole])
    before = iter(explained[len(items) :])
    out = []
    for p, s, (analysis, words) in zip(payloads, struck, explained, strict=False):
        out.append(_shown(jd, p, s, analysis, words, next(before)[0] if s else None))
    return out


def _shown(jd: ExplainingAnalyzer, p: Mapping[str, Any], struck: Any, analysis: Any, words: Any, before: Any) -> dict[str, Any]:
    from analyzer.web import correction, render, view

    form = p["format"]
    profiles = jd.profiles(analysis.language) if analysis.ok else None
    out = {"status": analysis.status, "primary": analysis.primary, "headline": ""}
    if form == "json":
        return {**out, "body": json.dumps(analysis.to_dict(), ensure_ascii=False, indent=2) + "\n"}
    if form == "correction":
        if not analysis.ok:
            return {**out, "body": ""}
        return {
            **out,
            "body": correction.line(
                correction.record(struck.text if struck else p["text"], analysis, p["corrected"], p["primary"], p["title"], profiles)
            ).decode("utf-8"),
        }
    result = view.build(
        p["text"], p["title"], p["ui"], analysis, words, struck=struck, before=before, prefix=p["prefix"], profiles=profiles
    )
    result.notice = p.get("notice", "")
    made = {"html": render.result_html, "saved": render.saved_html, "text": render.result_text}[form]
    return {**out, "headline": result.headline, "body": made(result, p["ui"])}


# ---------------------------------------------------------------- files


def document(_: ExplainingAnalyzer, payloads: list[Mapping[str, Any]]) -> list[str]:
    """The text of a document: payload has path and name."""
    from analyzer.documents import read_bytes
    from analyzer.web.uploads import check_zip

    out = []
    for p in payloads:
        data = Path(p["path"]).read_bytes()
        check_zip(Path(p["path"]), p["max_unpacked"], p["max_ratio"])
        out.append(read_bytes(data, p["name"]).text)
    return out


def table_open(_: ExplainingAnalyzer, payloads: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Read an uploaded table into rows on disk; see `tables.unpack`."""
    from analyzer.web import tables

    return [tables.unpack(Path(p["folder"]), p["name"], tables.TableLimits(**p["limits"])) for p in payloads]


def table_chunk(jd: ExplainingAnalyzer, payloads: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Score some rows; see `tables.score_chunk`."""
    from analyzer.web import tables

    return [tables.score_chunk(jd, Path(p["folder"]), p["first"], p["count"], p["columns"]) for p in payloads]


def table_result(_: ExplainingAnalyzer, payloads: list[Mapping[str, Any]]) -> list[str]:
    """Put the scored rows together in a file; see `tables.assemble`."""
    from analyzer.web import tables

    return [str(tables.assemble(Path(p["folder"]), p["format"], p["ui"])) for p in payloads]


def models(jd: ExplainingAnalyzer, payloads: list[Any]) -> list[list[dict[str, Any]]]:
    """Name, version and measured performance of each language's model."""
    return [[_model(jd, language) for language in ("zh", "es")] for _ in payloads]


def _model(jd: ExplainingAnalyzer, language: str) -> dict[str, Any]:
    meta = jd.pipeline(language).meta
    return {
        "language": language,
        "model": jd.model_name(language),
        "version": meta.get("version"),
        "description": meta.get("description", ""),
        "performance": meta.get("performance", {}),
    }


def stall(_: ExplainingAnalyzer, payloads: list[float]) -> list[float]:
    """Wait; payload in seconds. Only the tests call it, to have a worker that is busy."""
    import time

    for seconds in payloads:
        time.sleep(seconds)
    return payloads


FUNCTIONS: Mapping[str, Callable[..., list[Any]]] = {
    f.__name__: f for f in (analyze, page, document, table_open, table_chunk, table_result, models, stall)
}

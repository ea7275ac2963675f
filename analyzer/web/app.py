"""Putting the server together."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from analyzer.web import api, pages
from analyzer.web.jobs import Jobs
from analyzer.web.metrics import Metrics
from analyzer.web.pool import Pool
from analyzer.web.problems import Problem
from analyzer.web.security import Guard
from analyzer.web.settings import WebSettings

STATIC = Path(__file__).parent / "static"
Endpoint = Callable[[Request], Awaitable[Response]]
_CODES = {400: "bad_form", 404: "not_found", 405: "method_not_allowed"}
_DETAILS = {
    400: "The form cannot be read. Send it as browsers do.",
    404: "There is nothing under this address.",
    405: "This address takes another method.",
}


def closing(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with uploaded files closed, and so removed, whatever happens in it."""

    @functools.wraps(endpoint)
    async def closed(request: Request) -> Response:
        try:
            return await endpoint(request)
        finally:
            await request.close()

    return closed


def routes() -> list[Route | Mount]:
    """Every address of the server."""
    return [
        Route("/", closing(pages.home), methods=["GET", "POST"]),
        Route("/save", closing(pages.keep), methods=["POST"]),
        Route("/correction", closing(pages.correction), methods=["POST"]),
        Route("/compare", closing(pages.compare), methods=["GET", "POST"]),
        Route("/table", closing(pages.table), methods=["GET", "POST"]),
        Route("/table/{id}", pages.table_job, methods=["GET"]),
        Route("/table/{id}/start", closing(pages.table_start), methods=["POST"]),
        Route("/table/{id}/cancel", pages.table_cancel, methods=["POST"]),
        Route("/table/{id}/delete", pages.table_delete, methods=["POST"]),
        Route("/table/{id}/result", pages.table_result, methods=["GET"]),
        Route("/v1/analyze", api.analyze, methods=["POST"]),
        Route("/v1/analyze/batch", api.analyze_batch, methods=["POST"]),
        Route("/v1/jobs", closing(api.job_new), methods=["POST"]),
        Route("/v1/jobs/{id}", api.job, methods=["GET", "DELETE"]),
        Route("/v1/jobs/{id}/result", api.job_result, methods=["GET"]),
        Route("/v1/profiles", api.profiles, methods=["GET"]),
        Route("/v1/models", api.models, methods=["GET"]),
        Route("/healthz", api.healthz, methods=["GET"]),
        Route("/readyz", api.readyz, methods=["GET"]),
        Route("/metrics", api.metrics, methods=["GET"]),
        Route("/openapi.json", api.openapi, methods=["GET"]),
        Route("/docs", api.docs, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
    ]


def create_app(settings: WebSettings | None = None) -> Starlette:
    """The ASGI application. Its workers start with the lifespan and load the models then; `/readyz` tells when they have."""
    s = settings or WebSettings.from_env()
    metrics = Metrics()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = Pool(s)
        jobs = Jobs(s, pool)
        app.state.pool, app.state.jobs = pool, jobs
        await pool.start()
        await jobs.start()
        try:
            yield
        finally:
            await jobs.stop()
            await pool.stop()

    middleware = [Middleware(Guard, settings=s, metrics=metrics)]
    if s.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(s.cors_origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type"],
            )
        )
    app = Starlette(
        routes=routes(), middleware=middleware, lifespan=lifespan, exception_handlers={Problem: answer_problem, HTTPException: answer_http}
    )
    app.state.settings, app.state.metrics = s, metrics
    return app


async def answer_problem(request: Request, error: Exception) -> Response:
    """A Problem, as the asker can read it."""
    return pages.problem_page(request, cast(Problem, error))


async def answer_http(request: Request, error: Exception) -> Response:
    """An error of the framework (no such address, another method), as a Problem."""
    error = cast(HTTPException, error)
    status = error.status_code
    problem = Problem(status, _CODES.get(status, "internal"), _DETAILS.get(status, "That did not work."), dict(error.headers or {}))
    return pages.problem_page(request, problem)

"""Around every request: who may ask, how much may be sent, what headers go out, and a log line without the text."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analyzer.web.metrics import Metrics
from analyzer.web.problems import Problem, too_large
from analyzer.web.settings import WebSettings

log = logging.getLogger("analyzer.web")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
OPEN = ("/healthz", "/readyz")
"""Paths that need no token."""
UPLOADS = ("/", "/table", "/v1/jobs")
"""Paths that take a file."""


class Guard:
    """The outermost layer. Whatever happens inside, the client gets a problem and the log gets no text."""

    def __init__(self, app: ASGIApp, settings: WebSettings, metrics: Metrics) -> None:
        """Wrap an application."""
        self.app, self.settings, self.metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        begun, status, started = time.perf_counter(), 500, False

        async def sending(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                self._add_headers(scope, message)
            await send(message)

        try:
            try:
                self._admit(scope)
                await self.app(scope, Body(receive, self._limit(scope["path"]), self.settings.body_seconds), sending)
            except Problem as problem:
                if started:
                    raise
                await problem.response()(scope, receive, sending)
        except Exception as error:
            self._log_error(error)
            if not started:
                unexpected = Problem(
                    500, "internal", "Something went wrong on our side. The text was not logged; please report what you did."
                )
                await unexpected.response()(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "unknown")
            method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE", "HEAD", "OPTIONS") else "other"
            self.metrics.requests.labels(route, method, str(status)).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            log.info("%s %s %d %.0f ms", method, route, status, seconds * 1000)

    def _limit(self, path: str) -> int:
        return self.settings.max_upload_bytes if path in UPLOADS else self.settings.max_body_bytes

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers.get("host", ""))
        if scope["path"] in OPEN:
            return
        if (
            scope["method"] not in ("GET", "HEAD", "OPTIONS")
            and headers.get("sec-fetch-site") == "cross-site"
            and headers.get("origin") not in self.settings.cors_origins
        ):
            raise Problem(403, "cross_site", "Forms of other sites may not be sent here.")
        if self.settings.token and scope["method"] != "OPTIONS" and not _token_given(headers.get("authorization", ""), self.settings.token):
            scheme = "Bearer" if scope["path"].startswith("/v1/") else 'Basic realm="jd-analyzer", charset="UTF-8"'
            raise Problem(
                401,
                "token_needed",
                "Send the server's token as `Authorization: Bearer TOKEN`, or as the password in a browser.",
                {"WWW-Authenticate": scheme},
            )
        length = headers.get("content-length", "")
        limit = self._limit(scope["path"])
        if length.isdigit() and int(length) > limit:
            raise too_large(limit)

    def _check_host(self, host: str) -> None:
        allowed = self.settings.allowed_hosts
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if "*" not in allowed and name.lower() not in allowed:
            raise Problem(421, "wrong_host", "The server does not answer under this name. Allow it with --allow-host.")

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")

    @staticmethod
    def _log_error(error: Exception) -> None:
        """Where it happened, not what was said: messages of exceptions may hold the user's text."""
        frames: Iterable[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)[-4:]
        log.error("%s at %s", type(error).__name__, " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(list(frames))))


def _token_given(header: str, token: str) -> bool:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(value.strip().encode("utf-8", "replace"), token.encode("utf-8"))


class Body:
    """A receive that counts: more bytes than allowed is 413, too long a wait 408."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        """limit: bytes; seconds: from now until the body must be there."""
        self.receive, self.limit = receive, limit
        self.left = limit
        self.until = time.monotonic() + seconds
        self.complete = False

    async def __call__(self) -> Message:
        """The next message of the request."""
        if self.complete:  # what comes now is the end of the connection, which may take its time
            return await self.receive()
        try:
            async with asyncio.timeout(max(0.0, self.until - time.monotonic())):
                message = await self.receive()
        except TimeoutError:
            raise Problem(408, "too_slow_body", "The body did not arrive in time.") from None
        if message["type"] == "http.request":
            self.left -= len(message.get("body", b""))
            if self.left < 0:
                raise too_large(self.limit)
            self.complete = not message.get("more_body", False)
        return message

"""What goes wrong, told as RFC 9457 problem details: what, where, and what to change. Never a traceback, never the user's text."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

TITLES = {
    400: "Bad request",
    401: "Token needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Request too slow",
    409: "Not now",
    413: "Too large",
    415: "Unsupported media type",
    421: "Wrong host",
    422: "Cannot be used",
    429: "Too many",
    500: "Internal error",
    503: "Busy",
}


class Problem(Exception):
    """An answer that is not what was asked for. `key` names it in messages.toml and in the API's `code`."""

    def __init__(self, status: int, key: str, detail: str, headers: dict[str, str] | None = None, **extra: Any) -> None:
        """headers: sent along; extra: further members of the problem, such as `limit`."""
        super().__init__(key)
        self.status, self.key, self.detail = status, key, detail
        self.headers = headers or {}
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The members of the problem details object."""
        return {
            "type": f"/docs#problem-{self.key}",
            "title": TITLES.get(self.status, "Error"),
            "status": self.status,
            "detail": self.detail,
            "code": self.key,
            **self.extra,
        }

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.body(), self.status, headers=self.headers, media_type="application/problem+json")


def busy(seconds: int, key: str = "busy", detail: str = "Every worker has its hands full. Send the request again shortly.") -> Problem:
    """503 with Retry-After."""
    return Problem(503, key, detail, {"Retry-After": str(seconds)})


def too_large(limit: int) -> Problem:
    """413."""
    return Problem(413, "too_large", f"The body is larger than {limit} bytes. Send less at a time, or use the command line.", limit=limit)

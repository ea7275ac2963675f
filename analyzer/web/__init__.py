"""The web page and REST API: `create_app()` gives the ASGI application, `jd-analyzer serve` runs it."""

from __future__ import annotations

from typing import Any

__all__ = ["WebSettings", "create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from analyzer.web.app import create_app

        return create_app
    if name == "WebSettings":
        from analyzer.web.settings import WebSettings

        return WebSettings
    raise AttributeError(f"module 'analyzer.web' has no attribute {name!r}")

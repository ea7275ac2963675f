"""One server inside the tests' own process, and one outside it for the browser; both with real workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the web extra is not installed")
pytest.importorskip("uvicorn", reason="the web extra is not installed")
from starlette.testclient import TestClient
from web_tools import opened, running, wait_ready

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    with opened(workers=2, max_rows=200, chunk_rows=20, max_characters=20_000) as made:
        wait_ready(made)
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of `jd-analyzer serve`, run as a person would run it."""
    with running(["serve", "-q"], "/readyz") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as play:
        made = play.chromium.launch(executable_path=found, args=FLAGS)
        yield made
        made.close()

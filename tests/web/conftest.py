"""One server inside the tests' own process, and one outside it for the browser; both with real workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the web extra is not installed")
pytest.importorskip("uvicorn", reason="the web extra is not installed")
from starlette.testclient import TestClient
from web_tools import opened, wait_ready


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    with opened(workers=2, max_rows=200, chunk_rows=20, max_characters=20_000) as made:
        wait_ready(made)
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of `jd-analyzer serve`, run as a person would run it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", "from analyzer.cli import main; main()", "serve", "--port", str(port), "-q"]
    process = subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                    break
            except (urllib.error.URLError, ConnectionError):
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < until, "the server was not ready in time"
                time.sleep(0.2)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
        assert process.stderr is not None
        process.stderr.close()

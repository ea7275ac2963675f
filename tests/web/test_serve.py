"""`jd-analyzer serve` as a command: its mistakes, and its stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner
from web_tools import ZH

from analyzer.cli import serve

ROOT = Path(__file__).parents[2]


def command(*options: str) -> subprocess.Popen[bytes]:
    run = [sys.executable, "-c", "from analyzer.cli import main; main()", "serve", *options]
    return subprocess.Popen(run, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE)


def test_help_has_examples() -> None:
    app = typer.Typer()
    serve.register(app)
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0
    assert "--allow-host" in said.output
    assert "serve --port 9000" in said.output


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("", "at least 8"), ("short", "at least 8")])
def test_a_token_file_that_holds_none(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "token.txt"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    process = command("--token-file", str(path), "--port", "8799")
    _, error = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "JD-501" in error.decode()
    assert words in error.decode()
    assert str(tmp_path) not in error.decode()


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = command("--port", str(taken.getsockname()[1]), "-q")
        _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "JD-503" in error.decode()
    assert "Traceback" not in error.decode()


def test_a_running_request_is_finished_at_a_stop() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = command("--port", str(port), "--workers", "1")
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.2)
        body = json.dumps({"postings": [{"text": f"{ZH}\n{n}"} for n in range(100)]}).encode()
        answers: list[int] = []

        def ask() -> None:
            request = urllib.request.Request(f"{address}/v1/analyze/batch", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                answers.append(len(json.load(answer)["results"]))

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        thread.join(60)
        assert answers == [100]
    finally:
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
    log = error.decode()
    assert process.returncode == 0
    assert "POST /v1/analyze/batch 200" in log
    assert "会员" not in log
    assert "Traceback" not in log

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

from analyzer.web import WebSettings, create_app

ZH = "岗位职责：\n1、负责会员体系搭建，提升用户留存；\n2、策划并执行平台促销活动，跟进数据并复盘；\n3、撰写品牌故事，配合新品发布会。\n任职要求：\n本科及以上学历，两年以上经验。\n福利：五险一金，双休。"
ES = (
    "Funciones:\n- Gestionar las cuentas de Instagram y hacer crecer la comunidad de seguidores.\n- Planificar campañas de publicidad "
    "para dar a conocer la marca.\n- Enviar promociones a los clientes registrados para que vuelvan a comprar.\nRequisitos:\n- Dos años de "
    "experiencia en redes sociales.\nOfrecemos contrato indefinido."
)


def wait_ready(client: TestClient, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < until, client.get("/readyz").text
        time.sleep(0.1)


def opened(**settings: object) -> TestClient:
    """A client whose server runs once it is entered."""
    made = WebSettings.from_env(**{"workers": 1, **settings})  # type: ignore[arg-type]
    return TestClient(create_app(made), base_url="http://localhost", follow_redirects=False)


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    with opened(workers=2, max_rows=200, chunk_rows=20, max_characters=20_000) as made:
        wait_ready(made)
        yield made


@pytest.fixture(scope="session")
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
        assert process.wait(40) is not None
        assert process.stderr is not None
        process.stderr.close()

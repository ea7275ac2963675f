"""Postings of our own and helpers that the web tests share."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from analyzer.web import WebSettings, create_app

ROOT = Path(__file__).parents[2]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ZH = (
    "岗位职责：\n1、负责会员体系搭建，提升用户留存；\n2、策划并执行平台促销活动，跟进数据并复盘；\n3、撰写品牌故事，配合新品发布会。\n"
    "任职要求：\n本科及以上学历，两年以上经验。\n福利：五险一金，双休。"
)
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


@contextlib.contextmanager
def running(words: Sequence[str], ready: str) -> Iterator[str]:
    """The address of a server of the command line on a free port, from when `ready` answers; it must end well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from analyzer.cli import main; main()", *words, "--port", str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{address}{ready}", timeout=5):
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


@contextlib.contextmanager
def pages(browser: Any, server: str) -> Iterator[Callable[..., Any]]:
    """Makes pages that fail the test on any error of a script, any breach of the policy, any request to elsewhere."""
    contexts, wrong = [], []

    def make(**options: Any) -> Any:
        context = browser.new_context(**{"base_url": server, "viewport": DESKTOP, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda e: wrong.append(f"script: {e}"))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" and "Failed to load resource" not in m.text else None)
        page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith((server, "blob:", "data:")) else None)
        page.set_default_timeout(15_000)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def axe(page: Any) -> list[str]:
    """What breaks the rules of accessibility on a page."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = module.Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [f"{v['id']}: {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found]


def shot(page: Any, name: str) -> None:
    """A picture, where JD_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("JD_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

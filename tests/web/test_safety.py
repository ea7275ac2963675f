"""Safe by default: headers, hosts, tokens, hostile postings, logs; and what happens when workers die, hang or drown."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import os
import re
import signal
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from web_tools import ES, ZH, opened, wait_ready

from analyzer.web.problems import Problem
from analyzer.web.security import HEADERS, Body

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)> 负责品牌推广</textarea><script>alert(2)</script>",
    "template": "{{ 7*7 }} {% for x in y %} ${7*7} Gestionar las redes sociales de la marca",
    "bidi": "\u202eGestionar las redes sociales\u202d de la marca \u2066 y su publicidad",
    "zero-width": "负\u200b责\u200d品\ufeff牌推\u2060广，策划活动",
    "nul": "Gestionar\x00 las redes\x08 sociales\x1b[31m de la marca",
    "combining": "Z" + "\u0300" * 3000 + " gestionar las redes sociales de la marca",
    "nested": "<div>" * 3000 + "负责品牌推广",
    "one character": "一" * 20_000,
    "one line": "负责品牌推广，" * 2800,
    "many lines": "- a\n" * 4900,
    "entities": "&lt;script&gt; &#60;script&#62; &amp; Gestionar la comunidad de seguidores",
}


class Tags(HTMLParser):
    """Names and attributes of the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_postings_are_shown_harmlessly(client: TestClient, name: str) -> None:
    text = HOSTILE[name]
    for path, data in (
        ("/", {"text": text, "title": text[:200]}),
        ("/compare", {"text_a": text, "text_b": ES}),
        ("/save?format=html", {"text": text}),
    ):
        answer = client.post(path, data=data)
        assert answer.status_code == 200, (path, answer.text[:300])
        tags = Tags()
        tags.feed(answer.text)
        assert tags.names.count("script") == (0 if path.startswith("/save") else 2)
        assert "img" not in tags.names
        assert not any(a.startswith("on") or a == "style" for a in tags.attributes)
        assert "\u202e" not in re.sub(r"<(textarea|input)[^>]*>[^<]*", "", answer.text)
    record = client.post("/v1/analyze", json={"text": text}).json()
    for duty in record.get("duties", []):
        assert text[duty["start"] : duty["end"]] == duty["text"]


def test_ten_megabytes_of_one_character(client: TestClient) -> None:
    assert client.post("/", data={"text": "a" * 10_000_000}).status_code == 413
    page = client.post("/", data={"text": "a" * 30_000}, headers={"Accept": "text/html", "Accept-Language": "es"})
    assert page.status_code == 422
    assert "El texto es más largo" in page.text


@pytest.mark.parametrize("path", ["/", "/compare", "/table", "/docs", "/v1/profiles", "/static/app.js", "/nothing", "/healthz"])
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {k: answer.headers[k] for k in HEADERS} == HEADERS
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers


def test_other_names_and_other_sites_are_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert client.get("/", headers={"Host": "127.0.0.1:8000"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1]:8000"}).status_code == 200
    assert client.post("/v1/analyze", json={"text": ZH}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_paths_of_files_lead_nowhere(client: TestClient) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert client.get(path).status_code == 404


def test_the_token_is_asked_for() -> None:
    with opened(token="correct horse", cors_origins=("https://a.example",)) as client:
        wait_ready(client)  # health checks need none
        for path in ("/", "/docs", "/metrics", "/v1/models", "/static/app.css"):
            refused = client.get(path, headers={"Authorization": "Bearer wrong"})
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer" if path.startswith("/v1") else "Basic")
        assert client.get("/v1/models", headers={"Authorization": "Bearer correct horse"}).status_code == 200
        basic = base64.b64encode(b"anyone:correct horse").decode()
        assert client.get("/", headers={"Authorization": f"Basic {basic}"}).status_code == 200
        assert client.get("/", headers={"Authorization": "Basic %%%"}).status_code == 401
        wanted = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        assert client.options("/v1/analyze", headers=wanted).headers["access-control-allow-origin"] == "https://a.example"
        assert "access-control-allow-origin" not in client.options("/v1/analyze", headers={**wanted, "Origin": "https://b.example"}).headers


def test_no_text_in_a_log_line(
    client: TestClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "Gestionar el secretísimo plan de la marca"
    with caplog.at_level(logging.DEBUG):
        client.post("/v1/analyze", json={"text": secret})
        client.post("/?text=secretísimo", data={"text": secret})
        client.post("/v1/analyze", json={"text": secret, "extra": secret})

        async def fails(*_: object, **__: object) -> None:
            raise ValueError(secret)

        monkeypatch.setattr(client.app.state.pool, "run", fails)  # type: ignore[attr-defined]
        answer = client.post("/v1/analyze", json={"text": secret})
    assert answer.status_code == 500
    out = caplog.text + "".join(capfd.readouterr()) + answer.text
    assert "POST /v1/analyze 200" in caplog.text
    assert "ValueError at test_safety.py" in caplog.text
    assert "secretísimo" not in out
    assert "Traceback" not in out


# ---------------------------------------------------------------- workers


def stall(client: TestClient, wait: float, **more: object) -> None:
    client.portal.call(lambda: client.app.state.pool.run("stall", wait, **more))  # type: ignore[union-attr,attr-defined]


def kill_worker(client: TestClient) -> None:
    pool = client.app.state.pool  # type: ignore[attr-defined]
    os.kill(next(w for w in pool.workers if w).process.pid, signal.SIGKILL)


def test_a_killed_worker_costs_its_request_only() -> None:
    with opened(workers=1) as client, ThreadPoolExecutor(8) as threads:
        wait_ready(client)
        busy = threads.submit(stall, client, 30.0, seconds=60.0)
        time.sleep(0.3)
        others = [threads.submit(client.post, "/v1/analyze", json={"text": ZH}) for _ in range(4)]
        time.sleep(0.3)
        kill_worker(client)
        with pytest.raises(Exception, match="worker_died"):
            busy.result(30)
        assert [o.result(60).status_code for o in others] == [200] * 4
        assert "jd_workers_died 1.0" in client.get("/metrics").text


def test_a_group_whose_worker_dies_is_done_again_one_by_one() -> None:
    from analyzer.web.pool import Pool, Task, WorkerDied
    from analyzer.web.settings import WebSettings

    async def run() -> list[object]:
        pool = Pool(WebSettings(workers=1))
        calls: list[int] = []

        class Poisoned:
            tasks = 0

            def call(self, name: str, payloads: list[int], seconds: float) -> list[tuple[str, int]]:
                calls.append(len(payloads))
                if 3 in payloads:
                    raise WorkerDied(name)
                return [("ok", p) for p in payloads]

            def end(self, gently: bool) -> None:
                pass

        loop = asyncio.get_running_loop()
        tasks = [Task("analyze", n, 1.0, loop.create_future()) for n in range(5)]
        pool.waiting.extend(tasks)
        while pool.waiting:
            await pool._do(0, Poisoned(), pool._group(pool.waiting))  # type: ignore[arg-type]
        assert calls == [5, 1, 1, 1, 1, 1]
        return [t.future.exception() or t.future.result() for t in tasks]

    results = asyncio.run(run())
    assert [r for r in results if isinstance(r, int)] == [0, 1, 2, 4]
    assert getattr(results[3], "key", None) == "worker_died"


def test_a_cancelled_chunk_is_let_go_of_before_its_files_are_removed(tmp_path: Path) -> None:
    from analyzer.web.pool import Pool, Task
    from analyzer.web.settings import WebSettings

    began, may_end = threading.Event(), threading.Event()

    class Writing:
        tasks = 0

        def call(self, name: str, payloads: list[Any], seconds: float) -> list[tuple[str, int]]:
            began.set()
            assert may_end.wait(10)
            (tmp_path / "scored").write_text("a posting", encoding="utf-8")
            return [("ok", 1)]

        def end(self, gently: bool) -> None:
            pass

    async def taken(number: int) -> list[Task]:
        while not pool.patient:
            await asyncio.sleep(0.01)
        return pool._group(pool.patient)

    pool = Pool(WebSettings(workers=1))
    pool.workers, pool._take = [Writing()], taken  # type: ignore[list-item, method-assign]

    async def run() -> None:
        chunk = asyncio.create_task(pool.run("table_chunk", {}, patient=True))
        waiting = asyncio.create_task(pool.run("table_chunk", {}, patient=True))
        await asyncio.sleep(0)
        work = asyncio.create_task(pool._work(0))
        await asyncio.to_thread(began.wait, 10)
        chunk.cancel()
        waiting.cancel()  # no worker has it: nothing to wait for
        await asyncio.wait([waiting], timeout=5)
        assert waiting.cancelled()
        assert not chunk.done()
        may_end.set()
        await asyncio.wait([chunk], timeout=5)
        assert chunk.cancelled()
        assert (tmp_path / "scored").exists()  # from here on nothing is written
        work.cancel()
        await asyncio.wait([work])

    asyncio.run(run())


def test_a_worker_that_hangs_is_ended_and_replaced() -> None:
    with opened(workers=1, request_seconds=2) as client:
        wait_ready(client)
        began = time.monotonic()
        with pytest.raises(Exception, match="too_slow"):
            stall(client, 30.0)
        assert time.monotonic() - began < 10
        wait_ready(client)
        assert client.post("/v1/analyze", json={"text": ES}).status_code == 200


def test_overload_is_refused_and_passes() -> None:
    with opened(workers=1, max_queue=3) as client, ThreadPoolExecutor(12) as threads:
        wait_ready(client)
        held = threads.submit(stall, client, 1.5)
        time.sleep(0.3)
        answers = [threads.submit(client.post, "/v1/analyze", json={"text": ZH}) for _ in range(8)]
        codes = sorted(a.result(30).status_code for a in answers)
        assert codes == [200] * 3 + [503] * 5
        refused = next(a.result() for a in answers if a.result().status_code == 503)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["code"] == "busy"
        held.result(10)
        assert client.post("/v1/analyze", json={"text": ZH}).status_code == 200


def test_a_stop_finishes_what_runs() -> None:
    results: list[object] = []
    with opened(workers=1) as client:
        wait_ready(client)
        pool = client.app.state.pool  # type: ignore[attr-defined]
        process = pool.workers[0].process
        thread = threading.Thread(target=lambda: results.append(stall(client, 1.0) or "finished"))
        thread.start()
        time.sleep(0.3)
        client.portal.call(pool.stop)  # type: ignore[union-attr]
        thread.join(10)
        assert results == ["finished"]
        assert client.post("/v1/analyze", json={"text": ZH}).json()["code"] == "stopping"
    assert not process.is_alive()


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: object) -> None:
    with opened(models=str(tmp_path)) as client:
        until = time.monotonic() + 30
        while "JD-101" not in client.get("/readyz").text:
            assert time.monotonic() < until
            time.sleep(0.2)
        assert client.get("/healthz").status_code == 200


def test_a_worker_is_renewed_after_its_tasks() -> None:
    with opened(workers=1, recycle_after=3) as client:
        wait_ready(client)
        pool = client.app.state.pool  # type: ignore[attr-defined]
        first = pool.workers[0].process.pid
        assert [client.post("/v1/analyze", json={"text": ZH}).status_code for _ in range(4)] == [200] * 4
        assert pool.workers[0].process.pid != first
        assert pool.figures.deaths == 0


# ---------------------------------------------------------------- files and slow clients


def test_bombs_and_wrong_files_are_refused(client: TestClient) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
    for path, name in (("/v1/jobs", "t.xlsx"), ("/table", "t.xlsx"), ("/", "t.docx")):
        answer = client.post(path, files={"file": (name, bomb.getvalue())})
        assert (answer.status_code, answer.json()["code"]) == (422, "zip_bomb")
    picture = client.post("/", files={"file": ("posting.docx", b"\x89PNG\r\n" + b"x" * 50)})
    assert picture.status_code == 422
    assert picture.json()["code"].startswith("JD-41")
    assert "picture" in picture.json()["detail"]
    assert list(client.app.state.jobs.root.iterdir()) == []  # type: ignore[attr-defined]


def test_hostile_cells_are_shown_harmlessly(client: TestClient) -> None:
    table = '"<script>alert(1)</script>","text\u202e"\n"<img src=x onerror=alert(1)>","{{ 7*7 }} <b>gestionar redes sociales</b>"\n'
    where = client.post("/table", files={"file": ("<x>.csv", table.encode())}).headers["location"]
    page = client.get(where).text
    tags = Tags()
    tags.feed(page)
    assert tags.names.count("script") == 2
    assert "img" not in tags.names
    assert "<b>" not in page
    assert "{{ 7*7 }}" in page
    assert "\u202e" not in page
    client.post(where.split("?")[0] + "/start", data={"text_column": "1"})
    until = time.monotonic() + 20
    while 'data-state="done"' not in client.get(where).text:
        assert time.monotonic() < until
    report = client.get(where.split("?")[0] + "/result?format=html").text
    assert "<img" not in report
    assert "<script" not in report
    client.post(where.split("?")[0] + "/delete")


def test_files_are_removed_after_their_time() -> None:
    with opened(job_keep_seconds=0.3) as client:
        wait_ready(client)
        job = client.post("/v1/jobs", files={"file": ("a.csv", f'text\n"{ZH}"\n'.encode())}).json()["id"]
        root = client.app.state.jobs.root  # type: ignore[attr-defined]
        until = time.monotonic() + 10
        while any(root.iterdir()):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert client.get(f"/v1/jobs/{job}").status_code == 404


def test_a_client_that_dawdles_is_given_up() -> None:
    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        raise AssertionError

    async def run() -> None:
        await Body(never, 10, 0.05)()  # type: ignore[arg-type]

    with pytest.raises(Problem, match="too_slow_body"):
        asyncio.run(run())


def test_a_page_takes_less_than_a_tenth_of_a_second(client: TestClient) -> None:
    def one() -> float:
        began = time.perf_counter()
        assert client.post("/", data={"text": ES}, headers={"X-Fragment": "1"}).status_code == 200
        return time.perf_counter() - began

    assert min(one() for _ in range(10)) < 0.1

"""The REST API, with real workers."""

from __future__ import annotations

import io
import json
import time

import pytest
from starlette.testclient import TestClient
from web_tools import ES, ZH, opened, wait_ready

from analyzer.analyzer import Analyzer

CSV = ("id,title,text\n" + "".join(f'{n},品牌专员,"{ZH}"\n' for n in range(30)) + "31,broken\n32,marketing,\n").encode()


def problem(answer: object, status: int, key: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = answer.json()  # type: ignore[attr-defined]
    assert (body["status"], body["code"]) == (status, key)
    assert body["detail"]
    assert "Traceback" not in str(body)
    return body


def finished(client: TestClient, key: str) -> dict[str, object]:
    until = time.monotonic() + 60
    while (job := client.get(f"/v1/jobs/{key}").json())["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.05)
    return dict(job)


@pytest.fixture(scope="module")
def jd() -> Analyzer:
    from analyzer.web import WebSettings

    return Analyzer(WebSettings.from_env().models or None)


# ---------------------------------------------------------------- postings


@pytest.mark.parametrize("text", [ZH, ES, "Too short", "Nous cherchons un responsable de la communication pour notre marque.", ""])
def test_the_answer_is_the_analyzers_own(client: TestClient, jd: Analyzer, text: str) -> None:
    said = client.post("/v1/analyze", json={"text": text, "title": "品牌专员", "id": "a-1"})
    assert said.status_code == 200
    assert said.json() == jd.analyze(text, title="品牌专员", id="a-1").to_dict()


def test_a_batch_keeps_its_order_and_one_bad_posting_harms_no_other(client: TestClient, jd: Analyzer) -> None:
    texts = [ZH, "\ud800 broken", ES, ""] * 12
    body = json.dumps({"postings": [{"text": t, "id": str(n)} for n, t in enumerate(texts)]})
    results = client.post("/v1/analyze/batch", content=body, headers={"Content-Type": "application/json"}).json()["results"]
    assert [r["id"] for r in results] == [str(n) for n in range(48)]
    assert [r["status"] for r in results[:4]] == ["ok", "unreadable", "ok", "empty"]
    assert results[44]["scores"] == jd.analyze(ZH).to_dict()["scores"]


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({}, 422, "text_needed"),
        ({"text": 5}, 422, "text_needed"),
        ([], 422, "not_an_object"),
        ({"text": "a", "extra": 1}, 422, "unknown_field"),
        ({"text": "a", "language": "fr"}, 422, "bad_field"),
        ({"text": "a", "title": "t" * 301}, 422, "bad_field"),
        ({"text": "a" * 20_001}, 422, "too_many_characters"),
    ],
)
def test_mistakes_are_told_with_what_to_change(client: TestClient, body: object, status: int, key: str) -> None:
    problem(client.post("/v1/analyze", json=body), status, key)


def test_bodies_that_are_no_json(client: TestClient) -> None:
    json_type = {"Content-Type": "application/json"}
    problem(client.post("/v1/analyze", content=b"{not json", headers=json_type), 400, "not_json")
    problem(client.post("/v1/analyze", content=b"[" * 100_000, headers=json_type), 400, "not_json")
    problem(client.post("/v1/analyze", content=b'{"text": "\xff"}', headers=json_type), 400, "not_utf8")
    problem(client.post("/v1/analyze", content=b"text", headers={"Content-Type": "text/plain"}), 415, "json_needed")
    problem(client.post("/v1/analyze", content=b'{"text": "a", "id": "\\ud800"}', headers=json_type), 422, "bad_field")
    problem(client.post("/v1/jobs", data={"text_column": "x"}, files={"other": ("x", b"1")}), 422, "no_file")
    problem(client.post("/v1/jobs", content=b"--x", headers={"Content-Type": "multipart/form-data"}), 400, "bad_form")


def test_bodies_that_are_too_large(client: TestClient) -> None:
    body = problem(client.post("/v1/analyze", content=b" " * 1_000_001, headers={"Content-Type": "application/json"}), 413, "too_large")
    assert body["limit"] == 1_000_000

    def chunks() -> object:
        for _ in range(30):
            yield b" " * 50_000

    problem(client.post("/v1/analyze", content=chunks(), headers={"Content-Type": "application/json"}), 413, "too_large")
    problem(client.post("/v1/analyze/batch", json={"postings": [{"text": "a"}] * 101}), 422, "batch_size")


def test_unknown_addresses_and_methods(client: TestClient) -> None:
    problem(client.get("/v1/nothing"), 404, "not_found")
    problem(client.get("/v1/analyze"), 405, "method_not_allowed")
    problem(client.get("/v1/jobs/none"), 404, "not_found")


# ---------------------------------------------------------------- jobs


def test_a_job_from_upload_to_removal(client: TestClient, jd: Analyzer) -> None:
    begun = client.post("/v1/jobs", files={"file": ("postings.csv", CSV)}, data={"text_column": "text"})
    assert begun.status_code == 202
    where = begun.headers["location"]
    job = finished(client, begun.json()["id"])
    assert (job["state"], job["rows"], job["done"], job["broken"]) == ("done", 32, 32, 1)
    assert job["summary"]["failed"] == 2  # type: ignore[index]
    assert job["columns"] == {"text": "text", "title": "title"}
    lines = client.get(f"{where}/result?format=jsonl").text.splitlines()
    first = json.loads(lines[0])
    mine = jd.analyze(ZH, title="品牌专员").to_dict()
    assert {k: v for k, v in first.items() if k != "input"} == mine
    assert first["input"] == {"id": "0", "title": "品牌专员", "text": ZH}
    assert [json.loads(x)["status"] for x in lines[-2:]] == ["bad_row", "empty"]
    table = client.get(f"{where}/result")
    assert table.headers["content-disposition"] == 'attachment; filename="jd-postings.csv"'
    assert table.content.decode("utf-8-sig").splitlines()[0].startswith("id,title,text,jd_status,jd_language,jd_primary")
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(client.get(f"{where}/result?format=xlsx").content)).active
    assert sheet.max_row == 33
    assert "<script" not in client.get(f"{where}/result?format=html").text
    problem(client.get(f"{where}/result?format=exe"), 422, "unknown_format")
    assert client.delete(where).status_code == 204
    problem(client.get(where), 404, "not_found")


def test_files_that_are_no_tables_leave_nothing_behind(client: TestClient) -> None:
    jobs = client.app.state.jobs  # type: ignore[attr-defined]
    before = set(jobs.root.iterdir())
    problem(client.post("/v1/jobs", files={"file": ("x.csv", b"\x00\x01" * 50)}), 422, "not_a_table")
    problem(client.post("/v1/jobs", files={"file": ("x.csv", CSV)}, data={"text_column": "none such"}), 422, "unknown_column")
    problem(client.post("/v1/jobs", files={"file": ("x.csv", b"text\n" + b"some words\n" * 300)}), 422, "too_many_rows")
    problem(client.post("/v1/jobs", files={"file": ("x.csv", b"text\n" + b"a" * 20_100_000)}), 413, "too_large")
    assert set(jobs.root.iterdir()) == before
    assert jobs.root.stat().st_mode & 0o777 == 0o700


def test_a_job_is_cancelled_by_deleting_it() -> None:
    with opened(chunk_rows=1, max_jobs=2) as client:
        wait_ready(client)
        many = ("text\n" + f'"{ZH}"\n' * 2000).encode()
        first = client.post("/v1/jobs", files={"file": ("a.csv", many)}).headers["location"]
        assert client.get(first).json()["state"] == "running"
        problem(client.get(f"{first}/result"), 409, "not_ready")
        client.post("/v1/jobs", files={"file": ("b.csv", many)})
        answer = client.post("/v1/jobs", files={"file": ("c.csv", many)})
        problem(answer, 429, "too_many_jobs")
        assert answer.headers["retry-after"]
        assert client.post("/v1/analyze", json={"text": ZH}).json()["status"] == "ok"  # people go before chunks
        assert client.delete(first).status_code == 204
        root = client.app.state.jobs.root  # type: ignore[attr-defined]
        assert len(list(root.iterdir())) == 1
    assert not root.exists()


def test_a_job_that_ended_gives_way_to_a_new_one() -> None:
    with opened(max_jobs=1, give_way_seconds=0.2) as client:
        wait_ready(client)
        first = client.post("/v1/jobs", files={"file": ("a.csv", CSV)}).json()["id"]
        finished(client, first)
        problem(client.post("/v1/jobs", files={"file": ("b.csv", CSV)}), 429, "too_many_jobs")
        time.sleep(0.3)
        assert client.post("/v1/jobs", files={"file": ("b.csv", CSV)}).status_code == 202
        assert client.get(f"/v1/jobs/{first}").status_code == 404


# ---------------------------------------------------------------- about the server


def test_profiles_models_and_health(client: TestClient, jd: Analyzer) -> None:
    profiles = client.get("/v1/profiles").json()
    assert {"code": "o.user"}.items() <= next(s for s in profiles["subfunctions"] if s["code"] == "o.user").items()
    assert [s["step"] for s in profiles["steps"]] == list(range(1, 10))
    models = client.get("/v1/models").json()["models"]
    assert [m["model"] for m in models] == [jd.model_name("zh"), jd.model_name("es")]
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["status"] == "ready"


def test_figures_for_prometheus(client: TestClient) -> None:
    client.post("/v1/analyze", json={"text": ZH})
    text = client.get("/metrics").text
    assert 'jd_postings_total{status="ok"}' in text
    assert 'jd_requests_total{method="POST",route="/v1/analyze",status="200"}' in text
    assert 'jd_request_seconds_bucket{le="0.1",route="/v1/analyze"}' in text
    assert "jd_workers_ready 2.0" in text
    assert "负责" not in text


def test_the_description_names_every_address(client: TestClient) -> None:
    spec = client.get("/openapi.json").json()
    from analyzer.web.app import routes

    served = {r.path for r in routes() if r.path.startswith(("/v1", "/healthz", "/readyz", "/metrics"))}
    assert set(spec["paths"]) == served
    page = client.get("/docs")
    assert all(path in page.text for path in served)
    assert "http://www.w3.org" not in page.text.replace("http://www.w3.org/2000/svg", "")

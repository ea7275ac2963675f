"""The labelling page: over HTTP with readings written by hand, and once in a browser with the models."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner
from web_tools import DESKTOP, ES, PHONE, ROOT, ZH, axe, pages, running, shot

from analyzer.cli import app
from analyzer.errors import OutputError
from analyzer.training.desk import Desk
from analyzer.training.labelled import read_labelled
from analyzer.web.labelling import MOST_SEGMENTS, create_labelling, fits
from analyzer.web.security import HEADERS

sys.path.insert(0, str(ROOT / "tests" / "training"))
from desk_tools import entry, pile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labelled.jsonl"


@pytest.fixture
def client(file: Path) -> Iterator[TestClient]:
    desk = Desk(pile(), file)
    with TestClient(create_labelling(desk), base_url="http://localhost", headers={"accept": "text/html"}, follow_redirects=False) as made:
        yield made


def filled(html: str) -> dict[str, Any]:
    """The fields of the form as a browser would send them untouched."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    out: dict[str, Any] = {k: unescape(v) for k, v in hidden.items()}
    for name, options in re.findall(r'<select(?: id="\w+")? name="([\w-]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        out[name] = chosen[1] if chosen else re.findall(r'<option value="([^"]*)"', options)[0]
    out["functions"] = re.findall(r'name="functions" value="(\w+)" checked', html)
    return out


def records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def test_one_after_another_until_all_are_done(client: TestClient, file: Path) -> None:
    place = client.get("/?lang=en").headers["location"]
    for number in (1, 2, 3):
        assert place.startswith(f"/posting/{number}?")
        page = client.get(place)
        assert page.status_code == 200
        assert f"{number - 1} of 3 labelled" in page.text and f"Posting {number} of 3" in page.text
        answer = client.post(f"/posting/{number}", data={**filled(page.text), "do": "save"})
        assert answer.status_code == 303
        assert len(records(file)) == number
        place = answer.headers["location"]
    end = client.get(place)
    assert "All of them are labelled" in end.text and "jd-analyzer train labelled.jsonl" in end.text
    read = read_labelled([file])
    assert not read.problems and [p["id"] for p in read.postings] == ["p1", "p2", "p3"]
    assert [s["codes"] for s in read.postings[0]["segments"]] == [[], ["m.pr"], ["o.store"]]


def test_corrections_of_duty_zone_and_posting_are_saved_and_shown_again(client: TestClient, file: Path) -> None:
    form = filled(client.get("/posting/1").text)
    assert (form["s-1"], form["s-2"], form["also-2"], form["primary"]) == ("C", "m.pr", "", "")
    form.update({"s-1": "D", "do": "save"})
    assert client.post("/posting/1", data=form).status_code == 422
    form.update({"s-1": "g", "s-2": "b.creative", "also-2": "m.pr", "s-3": "R", "primary": "marketing", "functions": ["brand"]})
    answer = client.post("/posting/1", data=form)
    assert "saved=1" in answer.headers["location"]
    assert "Posting 1 is saved." in client.get(answer.headers["location"] + "&lang=en").text
    (made,) = records(file)
    assert [(s["zone"], s["codes"]) for s in made["segments"]] == [("D", ["g"]), ("D", ["b.creative", "m.pr"]), ("R", [])]
    assert (made["primary"], made["functions"]) == ("marketing", ["brand", "marketing"])
    again = client.get("/posting/1?lang=en").text
    form = filled(again)
    assert (form["s-1"], form["s-2"], form["also-2"], form["s-3"]) == ("g", "b.creative", "m.pr", "R")
    assert form["primary"] == "marketing" and sorted(form["functions"]) == ["brand", "marketing"]
    assert "labelled already" in again
    client.post("/posting/1", data={**form, "s-3": "o.store", "do": "save"})
    assert len(records(file)) == 1


def test_counting_again_saves_nothing_and_keeps_what_was_chosen(client: TestClient, file: Path) -> None:
    form = filled(client.get("/posting/3?lang=en").text)
    page = client.post("/posting/3?lang=en", data={**form, "s-1": "o.user", "do": "count"})
    assert page.status_code == 200 and filled(page.text)["s-1"] == "o.user"
    assert "By these duties the job is mainly <strong>Operations</strong>" in page.text
    fragment = client.post("/posting/3?lang=es", data={**form, "s-1": "R"}, headers={"X-Fragment": "1"})
    assert "<html" not in fragment.text and "<strong>" in fragment.text
    switched = client.post("/posting/3", data={**form, "s-1": "o.user", "lang": "zh"})
    assert 'lang="zh-Hans"' in switched.text and filled(switched.text)["s-1"] == "o.user"
    assert records(file) == []


@pytest.mark.parametrize("ui", ["en", "es", "zh"])
def test_every_language_and_no_text_as_markup(client: TestClient, ui: str) -> None:
    page = client.get(f"/posting/2?lang={ui}").text
    assert "<b>&" not in page and "拜访客户。&lt;b&gt;&amp;" in page
    assert {"en": "Save and go on", "es": "Guardar y seguir", "zh": "保存并继续"}[ui] in page
    assert page.count('<select name="s-') == 3 and 'class="segment duty operations unsure"' in page
    assert len(re.findall(r"<li>[^<]+</li>", page)) == 1  # two names of one reason are one reason


def test_foreign_forms_and_forms_of_other_postings_are_refused(client: TestClient, file: Path) -> None:
    form = {**filled(client.get("/posting/1").text), "do": "save"}
    for change, status in (
        ({"token": "x"}, 403),
        ({"token": ""}, 403),
        ({"mark": "0" * 16}, 409),
        ({"s-2": ""}, 422),
        ({"s-2": "o.no"}, 422),
    ):
        assert client.post("/posting/1", data={**form, **change}).status_code == status
    assert client.post("/posting/2", data=form).status_code == 409
    assert client.post("/posting/1", data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/posting/1", headers={"host": "evil.example"}).status_code == 421
    for path in ("/posting/0", "/posting/4", "/posting/x", "/v1/analyze", "/table"):
        missing = client.get(path)
        assert missing.status_code == 404 and "/compare" not in missing.text
    assert client.post("/", data=form).status_code == 405
    assert records(file) == []


def test_the_same_headers_as_the_other_page(client: TestClient) -> None:
    for path in ("/posting/1", "/static/label.js", "/nothing"):
        answer = client.get(path)
        assert {k: answer.headers[k] for k in HEADERS} == HEADERS


def test_a_full_disk_is_told_and_nothing_chosen_is_lost(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {**filled(client.get("/posting/1").text), "s-2": "b.visual", "do": "save"}

    def full(*_: object) -> None:
        raise OutputError("labelled.jsonl could not be written: No space left on device")

    monkeypatch.setattr(Desk, "save", full)
    page = client.post("/posting/1", data=form)
    assert page.status_code == 507 and "No space left on device" in page.text
    assert filled(page.text)["s-2"] == "b.visual"


def test_what_does_not_fit_the_page() -> None:
    assert all(fits(e) for e in pile())
    assert not fits(entry([("R", "", "x")] * (MOST_SEGMENTS + 1), "long"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent.csv"], "no such file"),
        (["{table}", "-o", "{table}"], "name another file"),
        (["{table}", "-o", "{here}/labels.csv"], ".jsonl"),
        (["{twice}", "-o", "{here}/out.jsonl"], "the same id"),
    ],
)
def test_mistakes_are_told_before_anything_is_served(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "table.csv").write_text("text\nGestionar la tienda online y las redes sociales\n", encoding="utf-8")
    (tmp_path / "twice.csv").write_text("id,text\n1,Gestionar la tienda online\n1,Gestionar las redes\n", encoding="utf-8")
    asked = [w.format(table=tmp_path / "table.csv", twice=tmp_path / "twice.csv", here=tmp_path) for w in words]
    found = CliRunner().invoke(app, ["label", "serve", *asked])
    assert found.exit_code == 2 and said in found.stderr and "JD-" in found.stderr and "Traceback" not in found.output


@pytest.mark.slow
def test_a_person_labels_stops_and_goes_on(browser: Any, tmp_path: Path, file: Path) -> None:
    with (tmp_path / "postings.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["id", "title", "text"], ["a", "Gestora de marca", ES], ["b", "会员运营", ZH]])
    words = ["label", "serve", str(tmp_path / "postings.csv"), "-o", str(file)]
    with running(words, "/") as address, pages(browser, address) as new_page:
        page = new_page()
        page.goto("/")
        first = page.locator(".segment.duty").first
        assert axe(page) == []
        shot(page, "label")
        number = first.locator("select").first.get_attribute("name")
        first.locator("select").first.select_option("b.visual")
        page.wait_for_function("document.querySelector('.segment.brand') !== null")
        page.locator("#count strong").first.wait_for()
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/posting/*saved=*")
        assert "1 of 2 labelled" in page.locator(".label-progress").inner_text()
        assert page.locator("#status").inner_text().startswith("Posting 1 is saved.")
        phone = new_page(viewport=PHONE, locale="zh-CN", color_scheme="dark")
        phone.goto("/")
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert axe(phone) == []
        shot(phone, "label-phone")
    (made,) = records(file)
    assert any(s["codes"][:1] == ["b.visual"] for s in made["segments"])
    with running(words, "/") as address, pages(browser, address) as new_page:
        page = new_page(java_script_enabled=False, viewport=DESKTOP)
        page.goto("/")
        assert "1 of 2 labelled" in page.locator(".label-progress").inner_text()
        page.get_by_role("button", name="Save and go on").click()
        assert page.locator("h1").inner_text() == "All of them are labelled"
        page.goto("/posting/1")
        assert page.locator(f'select[name="{number}"]').input_value() == "b.visual"
    read = read_labelled([file])
    assert not read.problems and len(read.postings) == 2

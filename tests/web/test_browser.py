"""The page in a real browser, used as a person would. Screenshots go to the folder of JD_SCREENSHOTS, where it is set."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_tools import DESKTOP, ES, PHONE, ZH, axe, pages, shot

from analyzer.analyzer import Analyzer
from analyzer.report.words import Words
from analyzer.web import WebSettings

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def new_page(browser: Any, server: str) -> Iterator[Callable[..., Any]]:
    with pages(browser, server) as make:
        yield make


@pytest.fixture(scope="module")
def jd() -> Analyzer:
    return Analyzer(WebSettings.from_env().models or None)


def paste(page: Any, text: str, title: str = "", path: str = "/") -> None:
    page.goto(path)
    page.fill("#text", text)
    page.fill("#title", title)
    page.click("button.primary")
    page.wait_for_selector(".result")


# ---------------------------------------------------------------- one posting


@pytest.mark.parametrize(("text", "ui"), [(ZH, "zh"), (ES, "es"), (ES, "en")])
def test_the_numbers_on_the_page_are_the_analyzers(new_page: Callable[..., Any], jd: Analyzer, text: str, ui: str) -> None:
    page = new_page(locale={"zh": "zh-CN", "es": "es-MX", "en": "en-GB"}[ui])
    paste(page, text, "品牌专员")
    analysis, say = jd.analyze(text, title="品牌专员"), Words(ui)
    assert page.locator("html").get_attribute("lang") == ("zh-Hans" if ui == "zh" else ui)
    assert page.locator(".score-value strong").all_inner_texts() == [say.percent(s) for s in analysis.scores.values()]
    assert page.locator(".posting").inner_text().replace("\u200b", "") == text
    duties = page.locator(".posting a.duty")
    assert duties.all_inner_texts() == [d.text for d in analysis.duties]
    numbers = [[say.signed(w) for w in d.weights.values()] for d in analysis.duties]
    rows = page.locator(".card").all()
    assert [r.locator("td.number").all_inner_texts() for r in rows] == numbers
    assert axe(page) == []


def test_pointing_focusing_and_leaving_a_duty(new_page: Callable[..., Any]) -> None:
    page = new_page()
    paste(page, ES)
    second = page.locator(".posting a.duty").nth(1)
    second.hover()
    assert page.locator(".card.on").count() == 1
    assert page.locator(".card.on").get_attribute("id") == "duty-2"
    assert "Words that mattered" in page.locator(".card.on").inner_text()
    page.locator(".posting a.duty").nth(0).focus()
    assert page.locator(".card.on").get_attribute("id") == "duty-1"
    page.keyboard.press("Tab")
    assert page.locator(".card.on").get_attribute("id") == "duty-2"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "duty-2"
    page.keyboard.press("Escape")
    assert page.locator(".card.on").count() == 0
    assert page.evaluate("document.activeElement.className").startswith("duty")


def test_pointing_at_a_score_lights_the_duties_that_carry_it(new_page: Callable[..., Any]) -> None:
    page = new_page()
    paste(page, ZH)
    score = page.locator(".score.operations")
    carried = score.locator("p", has_text="Carried by").inner_text()
    score.hover()
    lit = page.locator(".posting .duty.carries-operations")
    assert [str(n) for n in range(1, 9) if page.locator(f'.posting a[href="#duty-{n}"].carries-operations').count()] == re.findall(
        r"\d+", carried
    )
    assert lit.first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    others = page.locator(".posting .duty:not(.carries-operations)")
    for n in range(others.count()):
        assert others.nth(n).evaluate("e => getComputedStyle(e).backgroundImage") == "none"


def test_striking_a_duty_and_putting_it_back(new_page: Callable[..., Any], jd: Analyzer) -> None:
    page = new_page()
    paste(page, ES)
    before = page.locator(".score-value strong").all_inner_texts()
    page.locator("#duty-2 button[name=strike]").click()
    page.wait_for_selector(".struck")
    zone = next(z for z in jd.analyze(ES).zones if "campañas" in ES[z.start : z.end])
    without = jd.analyze(ES[: zone.start] + ES[zone.end :])
    assert page.locator(".score-value strong").all_inner_texts() == [Words("en").percent(s) for s in without.scores.values()]
    shot(page, "struck")
    assert "full second run" in page.locator(".struck").inner_text()
    assert before[0] in page.locator(".score.marketing .before").inner_text()
    assert "campañas" in page.locator(".posting del").inner_text()
    assert page.evaluate("document.activeElement !== document.body")
    page.locator(".struck button").click()
    page.wait_for_selector(".struck", state="detached")
    assert page.locator(".score-value strong").all_inner_texts() == before


def test_editing_the_text_changes_the_scores(new_page: Callable[..., Any]) -> None:
    page = new_page()
    paste(page, ZH)
    before = page.locator(".card").count()
    page.fill("#text", ZH.replace("1、负责会员体系搭建，提升用户留存；\n", ""))
    sync_api.expect(page.locator(".card")).to_have_count(before - 1)
    page.uncheck("#live")
    page.fill("#text", ZH)
    page.wait_for_timeout(900)
    assert page.locator(".card").count() == before - 1


def test_a_correction_is_labelled_data(new_page: Callable[..., Any], tmp_path: Path) -> None:
    from analyzer.training.corpus import read

    page = new_page()
    paste(page, ES, "Community manager")
    page.select_option("#duty-1 select", "m.events")
    page.select_option("#duty-2 select", "R")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the correction").click()
    path = tmp_path / "c.jsonl"
    download.value.save_as(path)
    (record,) = read([path])
    assert (record["text"], record["language"], record["title"]) == (ES, "es", "Community manager")
    at = {ES[s["start"] : s["end"]].strip(): s for s in record["segments"]}
    first = next(s for words, s in at.items() if "Instagram" in words)
    second = next(s for words, s in at.items() if "campañas" in words)
    assert first["codes"] == ["m.events"]
    assert (second["zone"], second["codes"]) == ("R", [])
    assert all((s["zone"] == "D") == bool(s["codes"]) for s in record["segments"])


def test_saving_and_copying(new_page: Callable[..., Any], jd: Analyzer, tmp_path: Path) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    paste(page, ZH)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON", exact=True).click()
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8")) == jd.analyze(ZH).to_dict()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as HTML").click()
    saved = tmp_path / "saved.html"
    download.value.save_as(saved)
    page.get_by_role("button", name="Copy as text").click()
    sync_api.expect(page.locator("#status")).to_have_text("Copied.")
    assert "会员体系" in page.evaluate("navigator.clipboard.readText()")
    other = new_page()
    other.set_content(saved.read_text(encoding="utf-8"))
    assert other.locator(".posting").inner_text() == ZH
    assert other.locator("button, script").count() == 0


def test_files_are_read_and_shown_in_the_box(new_page: Callable[..., Any], tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    document = docx.Document()
    for line in ES.split("\n"):
        document.add_paragraph(line)
    document.save(str(tmp_path / "oferta.docx"))
    (tmp_path / "oferta.html").write_text(
        "<html><body><ul><li>Gestionar la comunidad de seguidores de la marca</li></ul></body></html>", encoding="utf-8"
    )
    page = new_page()
    page.set_content("<h1>Funciones</h1><p>Dirigir la publicidad de la marca y sus campañas en medios.</p>")
    page.pdf(path=tmp_path / "oferta.pdf")
    page.goto("/")
    for name, words in (
        ("oferta.docx", "Planificar campañas"),
        ("oferta.pdf", "Dirigir la publicidad"),
        ("oferta.html", "Gestionar la comunidad"),
    ):
        page.fill("#text", "")
        page.set_input_files("#file", tmp_path / name)
        sync_api.expect(page.locator("#text")).to_have_value(re.compile(words))
        assert "taken out of the file" in page.locator(".notice").inner_text()
    (tmp_path / "bad.docx").write_bytes(b"PK\x03\x04 not a document")
    page.set_input_files("#file", tmp_path / "bad.docx")
    page.wait_for_selector(".status.bad")


def test_texts_without_a_result_say_why(new_page: Callable[..., Any]) -> None:
    page = new_page(locale="es-ES")
    paste(page, "We are looking for a brand manager who will lead our marketing team and its campaigns.")
    assert "no está en chino ni en español" in page.locator(".review").inner_text()
    assert axe(page) == []
    page.goto("/table/none")
    assert page.locator(".review").inner_text() == "Aquí no hay nada (o ya no)."
    assert axe(page) == []


# ---------------------------------------------------------------- language, theme, no scripts


def test_switching_language_keeps_the_text_and_theme_is_remembered(new_page: Callable[..., Any]) -> None:
    page = new_page(locale="zh-CN")
    paste(page, ZH, "品牌专员")
    assert page.locator("h1").inner_text() == "这份工作到底做什么？"
    page.get_by_role("button", name="Español").click()
    page.wait_for_selector("html[lang=es]")
    assert page.input_value("#text") == ZH
    assert page.input_value("#title") == "品牌专员"
    assert page.locator(".score").count() == 3
    page.click("#theme")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/compare")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("html").get_attribute("lang") == "es"


def test_everything_works_without_scripts(new_page: Callable[..., Any], tmp_path: Path) -> None:
    page = new_page(java_script_enabled=False)
    paste(page, ES)
    assert page.locator(".card").count() >= 3
    page.locator(".card").nth(1).locator("button[name=strike]").click()
    assert page.locator(".struck").count() == 1
    page.locator(".struck button").click()
    assert page.locator(".struck").count() == 0
    page.locator("button[name=example]").first.click()
    assert "Buscamos community manager" in page.input_value("#text")
    table = tmp_path / "t.csv"
    table.write_text(f'text\n"{ES}"\n', encoding="utf-8")
    page.goto("/table")
    page.set_input_files("#table-file", table)
    page.click("button.primary")
    page.click("button.primary")
    page.wait_for_selector("[data-state=done]")


def test_comparing_two(new_page: Callable[..., Any]) -> None:
    page = new_page()
    page.goto("/compare")
    page.get_by_role("button", name="Try an example").click()
    page.wait_for_selector("#b-head")
    assert "Buscamos" in page.input_value("#text-a")
    assert page.input_value("#title-a") == "Community manager"
    assert page.locator(".score").count() == 6
    page.locator(".posting").nth(1).locator("a.duty").first.hover()
    assert page.locator(".card.on").get_attribute("id") == "b-duty-1"
    shot(page, "compare")
    assert axe(page) == []


# ---------------------------------------------------------------- a table


def table_file(folder: Path, rows: int) -> Path:
    path = folder / "ofertas.csv"
    lines = "".join(f'{n},Especialista,"{ES}"\n' for n in range(rows))
    path.write_text(f"id,puesto,descripcion\n{lines}999,row with a missing cell\n", encoding="utf-8")
    return path


def test_a_table_with_a_bad_row(new_page: Callable[..., Any], tmp_path: Path) -> None:
    page = new_page()
    page.goto("/table")
    assert axe(page) == []
    page.set_input_files("#table-file", table_file(tmp_path, 40))
    page.get_by_role("button", name="Look at it").click()
    assert "do not fit the header: 1" in page.locator(".notice").inner_text()
    assert page.locator("#text-column option:checked").inner_text() == "descripcion"
    assert page.locator("#title-column option:checked").inner_text() == "puesto"
    assert axe(page) == []
    shot(page, "table-preview")
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("[data-state=done]")
    assert page.locator("h2").inner_text() == "Done: 41 rows, 1 without a result"
    assert axe(page) == []
    shot(page, "table-done")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "bad_row" in text
    assert text.splitlines()[0].startswith("id,puesto,descripcion,jd_status")
    page.get_by_role("button", name="Delete the files now").click()
    page.wait_for_url("**/table?lang=en")


def test_cancelling_a_table(new_page: Callable[..., Any], tmp_path: Path) -> None:
    page = new_page()
    page.goto("/table")
    page.set_input_files("#table-file", table_file(tmp_path, 15_000))
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("progress:not([value='0'])")
    shot(page, "table-running")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("[data-state=cancelled]")
    assert "Cancelled after" in page.locator("h2").inner_text()
    page.get_by_role("button", name="Delete the files now").click()
    page.wait_for_url("**/table?lang=en")


# ---------------------------------------------------------------- both themes, phone and desktop


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_nothing_is_wrong_in_either_theme_on_either_screen(new_page: Callable[..., Any], scheme: str, size: str) -> None:
    page = new_page(color_scheme=scheme, viewport=PHONE if size == "phone" else DESKTOP, locale="es-ES" if scheme == "light" else "zh-CN")
    page.goto("/")
    shot(page, f"empty-{scheme}-{size}")
    page.locator("button[name=example]").nth(0 if scheme == "light" else 2).click()
    page.wait_for_selector(".result")
    assert page.input_value("#text") != ""
    page.locator(".posting a.duty").nth(1).hover()
    shot(page, f"result-{scheme}-{size}")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto("/docs")
    assert axe(page) == []

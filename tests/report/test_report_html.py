"""The HTML page: self-contained, escaped, accessible, readable in light and dark."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import pytest
from lxml import html

import analyzer.report
from analyzer.analysis import Analysis
from analyzer.report.html import Posting, page

TEMPLATES = Path(analyzer.report.__file__).parent / "templates"
CSS = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "posting.css"))


def made(analysis: Analysis, text: str, ui: str = "en") -> html.HtmlElement:
    return html.document_fromstring(page([Posting(analysis, text, "a<b>.txt")], ui))


def test_the_users_text_stands_in_it_unchanged_but_for_what_is_hostile(analysis: Analysis, text: str) -> None:
    root = made(analysis, text)
    box = root.find_class("posting")[0]
    for tag in box.find_class("tag"):
        tag.drop_tree()
    assert box.text_content() == text.replace("\x1b", "␛").replace("\u202e", "[U+202E]")
    assert [m.text for m in box.iter("mark")] == ["负责品牌定位", "搭建会员体系␛[2J[U+202E]提升留存", "<b>拜访</b>客户 & 签约", "开会"]
    assert [m.get("class") for m in box.iter("mark")] == ["brand", "operations", "other", "general"]


def test_nothing_is_run_or_fetched(analysis: Analysis, text: str) -> None:
    hostile = replace(analysis, title=None, duties=())
    source = page(
        [Posting(hostile, "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x00", '"><script>x</script>', "pdf")], "en"
    )
    root = html.document_fromstring(source)
    assert not list(root.iter("script", "img", "link", "iframe", "object", "form"))
    assert "&lt;script&gt;alert(1)" in source
    assert "\x00" not in source
    assert "\u202e" not in source
    assert not [e for e in root.iter() if any(k in e.attrib for k in ("src", "onclick", "onerror", "style")) and "src" in e.attrib]
    assert all(a.get("href", "").startswith("#") for a in root.iter("a"))
    assert not re.search(r"url\(|@import|https?:", source)
    assert "default-src 'none'" in source


@pytest.mark.parametrize(("ui", "lang"), [("en", "en"), ("es", "es"), ("zh", "zh-Hans")])
def test_structure(analysis: Analysis, text: str, ui: str, lang: str) -> None:
    root = made(analysis, text, ui)
    assert root.get("lang") == lang
    assert root.find_class("posting")[0].get("lang") == "zh"
    headings = [int(e.tag[1]) for e in root.iter("h1", "h2", "h3", "h4")]
    assert headings[:2] == [1, 2]
    assert all(b - a <= 1 for a, b in pairwise(headings))
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert all(a.get("href")[1:] in ids for a in root.iter("a"))
    assert all(e.get("aria-labelledby") in ids for e in root.iter() if e.get("aria-labelledby"))
    assert all(th.get("scope") for th in root.iter("th"))


def test_table_of_duties(analysis: Analysis, text: str) -> None:
    rows = made(analysis, text).find_class("duties")[0].findall(".//tbody/tr")
    assert len(rows) == 4
    assert [c.text_content() for c in rows[1]][3:] == ["90%", "−0.30", "+1.75", "−0.02"]
    assert rows[0].findall("td")[1].text_content() == "b.strategy+m.planning Brand strategy + Marketing planning"


def test_several_and_failed(analysis: Analysis, failed: Analysis, text: str) -> None:
    root = html.document_fromstring(page([Posting(analysis, text), Posting(failed, "Vaga")], "es"))
    assert [li.find("a").text for li in root.findall(".//nav/ol/li")] == ["Oferta 1", "Oferta 2"]
    second = root.get_element_by_id("p2")
    assert "Parece portugués." in second.text_content()
    assert not second.find_class("posting")


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")
    c = colours(light) | (colours(dark.split("* {")[0]) if scheme == "dark" else {})
    grounds = ("ground", "panel")
    for text, ground in product(("ink", "soft", "link", "warn", "marketing", "operations", "brand", "own", "other", "general"), grounds):
        assert contrast(c[text], c[ground]) >= 4.5, (text, ground)
    for function in ("marketing", "operations", "brand", "own", "other", "general"):
        assert contrast(c[function], c[f"{function}-tint"]) >= 4.5, function
        assert contrast(c["ink"], c[f"{function}-tint"]) >= 7, function


def test_functions_differ_in_more_than_colour() -> None:
    styles = re.findall(r"mark\.\w+ \{[^}]*text-decoration-style: (\w+)", CSS)
    assert len(styles) == len(set(styles)) == 5
    fills = re.findall(r"\.fill\.\w+ \{ (?:background|background-color): (\S+?)[(;]", CSS)
    assert len(fills) == 5

"""What needs no server: settings, strikes, languages, messages, uploads, tables."""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis import Analysis, Duty, Zone
from analyzer.profiles import load_profiles
from analyzer.text.mark import mark_of
from analyzer.web import i18n, openapi, render, tables, uploads, view
from analyzer.web.problems import Problem
from analyzer.web.settings import SettingError, WebSettings
from analyzer.web.strikes import Struck, read_strikes

WEB = Path(i18n.__file__).parent
LIMITS = tables.TableLimits(max_rows=50, max_columns=10, max_unpacked=5_000_000, max_ratio=100)


# ---------------------------------------------------------------- settings


def test_settings_come_from_the_environment_and_arguments_win() -> None:
    made = WebSettings.from_env(
        {"JD_WEB_MAX_ROWS": "7", "JD_WEB_CORS_ORIGINS": "https://a.example, https://b.example", "JD_WEB_TOKEN": "s3cret"}, max_rows=9
    )
    assert made.max_rows == 9
    assert made.cors_origins == ("https://a.example", "https://b.example")
    assert "s3cret" not in repr(made)


@pytest.mark.parametrize("env", [{"JD_WEB_MAX_ROWS": "many"}, {"JD_WEB_WORKERS": "0"}, {"JD_WEB_REQUEST_SECONDS": "-1"}])
def test_settings_that_cannot_be_are_refused_by_name(env: dict[str, str]) -> None:
    (name,) = env
    with pytest.raises(SettingError, match=re.compile(name.removeprefix("JD_WEB_"), re.IGNORECASE)):
        WebSettings.from_env(env)


# ---------------------------------------------------------------- strikes


@given(st.text(min_size=1, max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_every_character_left_knows_where_it_was(text: str, spans: list[tuple[int, int]]) -> None:
    struck = Struck.of(text, read_strikes([f"{a}-{b}" for a, b in spans], len(text)))
    for n, character in enumerate(struck.text):
        start, end = struck.original(n, n + 1)
        assert text[start:end] == character
    assert len(struck.text) + sum(e - s for _, s, e in struck.cuts) == len(text)


def test_strikes_that_fit_no_text_are_left_out() -> None:
    assert read_strikes(["2-4", "x", "9-3", "3-6", "4-99", "", "-1-2", "8-9"], 10) == [(2, 6), (8, 9)]
    assert mark_of("a") != mark_of("b")


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        (None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, "fr,zh-TW;q=0.7,en;q=0.5", "zh"),
        ("en", "zh", "en"),
        ("xx", "zh", "zh"),
        (None, None, "en"),
        (None, "de;q=x", "en"),
    ],
)
def test_the_language_is_chosen_or_guessed(asked: str | None, accepted: str | None, expected: str) -> None:
    assert i18n.chosen(asked, accepted) == expected


def test_every_message_has_three_languages_with_the_same_values() -> None:
    for key, said in i18n.messages().items():
        assert set(said) == {"en", "es", "zh"}, key
        assert len({frozenset(re.findall(r"\{(\w+)\}", words)) for words in said.values()}) == 1, key


def test_every_word_a_template_asks_for_is_there() -> None:
    asked = {m for file in (WEB / "templates").iterdir() for m in re.findall(r"\bt\('(\w+)'[,)]", file.read_text(encoding="utf-8"))}
    assert asked
    assert asked <= set(i18n.messages())


def test_no_page_holds_inline_scripts_styles_or_foreign_addresses() -> None:
    for file in (WEB / "templates").iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), file.name
        assert not re.search(r"\son\w+\s*=", text), file.name
        assert not re.search(r"\sstyle\s*=", text), file.name
        assert not re.search(r"(?:src|href|action)=\"https?:", text), file.name
    for file in (WEB / "static").iterdir():
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", file.read_text(encoding="utf-8")), file.name


def test_every_problem_the_code_raises_is_documented() -> None:
    raised = set()
    for file in (f for f in WEB.glob("*.py") if f.name != "labelling.py"):  # that is no part of the API
        raised |= set(re.findall(r"Problem\(\s*\d+,\s*\"(\w+)\"", file.read_text(encoding="utf-8")))
        raised |= set(re.findall(r"busy\([^\"]*?\"(\w+)\"", file.read_text(encoding="utf-8")))
    assert {"too_large", "too_slow", "stopping"} <= raised
    assert raised <= {code for code, _ in openapi.problem_list()}


def test_the_examples_are_named_apart() -> None:
    found = tomllib.loads((WEB / "examples.toml").read_text(encoding="utf-8"))["example"]
    assert len({e["key"] for e in found}) == len(found) == 4


# ---------------------------------------------------------------- uploads


def zipped(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "."), data)
    return path


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    for number, (most, ratio) in enumerate([(10_000_000, 10_000), (10**9, 100)]):
        bomb = zipped(tmp_path / f"{number}.xlsx", sheet=b"\0" * 30_000_000)
        with pytest.raises(Problem) as caught:
            uploads.check_zip(bomb, most, ratio)
        assert (caught.value.status, caught.value.key) == (422, "zip_bomb")
    uploads.check_zip(zipped(tmp_path / "good.xlsx", sheet__xml=b"<a>good</a>"), 10_000_000, 100)


def test_xml_entities_and_damage_are_refused(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "e.xlsx", sheet__xml=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    with pytest.raises(Problem, match="zip_bomb"):
        uploads.check_zip(bomb, 10**9, 1000)
    broken = tmp_path / "d.xlsx"
    broken.write_bytes(b"PK\x03\x04" + b"nonsense" * 20)
    with pytest.raises(Problem, match="damaged"):
        uploads.check_zip(broken, 10**9, 1000)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\a\\职位 表.csv", "职位 表.csv"),
        ("", "table"),
        (None, "table"),
        ('a"b<c>\r\n.csv', "a_b_c___.csv"),
        ("..", "table"),
    ],
)
def test_names_of_files_are_made_harmless(name: str | None, safe: str) -> None:
    assert uploads.safe_name(name, "table") == safe


# ---------------------------------------------------------------- tables


def unpacked(folder: Path, data: bytes) -> dict[str, object]:
    (folder / "upload").write_bytes(data)
    return tables.unpack(folder, "t.csv", LIMITS)


def workbook(rows: list[list[object]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_tables_in_usual_encodings(tmp_path: Path, encoding: str) -> None:
    text = "职位名称;岗位职责\n运营专员;负责会员体系搭建，提升用户留存；策划活动\n" + "品牌专员;负责品牌故事撰写，统一品牌形象\n" * 5
    found = unpacked(tmp_path, text.encode(encoding))
    assert found["header"] == ["职位名称", "岗位职责"]
    assert found["rows"] == 6
    assert found["guess"] == {"text": "岗位职责", "title": "职位名称"}


def test_rows_that_do_not_fit_are_kept_and_marked(tmp_path: Path) -> None:
    found = unpacked(tmp_path, b'id,text\n1,"two\nlines, one cell"\n2\n3,c,extra\n\n4,d\n')
    assert (found["rows"], found["broken"]) == (4, 2)
    rows = tables.read_rows(tmp_path, 0, 10)
    assert [r["fits"] for r in rows] == [True, False, False, True]
    assert rows[0]["cells"] == ["1", "two\nlines, one cell"]
    assert tables.read_rows(tmp_path, 3, 10) == rows[3:]
    assert tables.read_rows(tmp_path, 4, 10) == []


def test_a_workbook_is_a_table_too(tmp_path: Path) -> None:
    found = unpacked(tmp_path, workbook([["id", "text", "text"], [1, "负责运营", None], [None, None, None], [2, "=1+1", "x"]]))
    assert found["header"] == ["id", "text", "text_2"]
    assert (found["rows"], found["broken"]) == (2, 0)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "not_a_table"),
        (b"\n\n", "not_a_table"),
        (b"a,b\n" + b"1,2\n" * 51, "too_many_rows"),
        (b"a," * 11 + b"b\n1\n", "too_many_columns"),
        (b"\x00\x01\x02\x03" * 100, "not_a_table"),
        (b"<html><body><p>no table</p></body></html>", "not_a_table"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(tmp_path: Path, data: bytes, key: str) -> None:
    with pytest.raises(Problem) as caught:
        unpacked(tmp_path, data)
    assert caught.value.key == key


def test_results_never_overwrite_a_column_and_start_no_formula(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    from analyzer.analysis import Analysis

    unpacked(tmp_path, b"text,jd_status\n=1+1,mine\n")
    row = {**Analysis("ok", "es", "m").to_row(), "jd_duty_1": "=HYPERLINK(1)"}
    record = {"input": {"text": "=1+1", "jd_status": "mine"}}
    (tmp_path / "scored-00000000.jsonl").write_text(json.dumps({"row": row, "record": record}) + "\n", encoding="utf-8")
    lines = tables.assemble(tmp_path, "csv", "en").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("text,jd_status,jd_status_,jd_language")
    assert lines[1].startswith("=1+1,mine,ok")
    assert "'=HYPERLINK(1)" in lines[1]
    sheet = load_workbook(tables.assemble(tmp_path, "xlsx", "en")).active
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")


def test_summaries_add_up() -> None:
    parts = [{"rows": 2, "primary": {"brand": 1, "none": 1}}, {"rows": 3, "primary": {"brand": 2}}]
    assert tables.add_up(parts) == {"rows": 5, "primary": {"brand": 3, "none": 1}}


def test_a_function_of_a_user_s_own_is_shown_like_the_others(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[functions.growth]\nprefix = "gr"\nname = { en = "Growth" }\n[subfunctions."gr.loops"]\nname = { en = "Referral loops" }\n',
        encoding="utf-8",
    )
    text, names = "负责裂变活动", ("marketing", "operations", "brand", "growth")
    even = dict.fromkeys(names, 0.25)
    duty = Duty(0, len(text), text, "growth", "gr.loops", (("gr.loops", 1.0),), 0.9, even)
    told = {"primary": "growth", "probability": {**even, "none": 0.0}, "functions": ("growth",), "scores": even, "raw": even, "rest": even}
    analysis = Analysis("ok", "zh", "test", **told, mix={**even, "other": 0.0}, duties=(duty,), zones=(Zone(0, len(text), "D"),))  # type: ignore[arg-type]
    result = view.build(text, "", "en", analysis, [], profiles=load_profiles(tmp_path / "own.toml"))
    made = render.result_html(result, "en")
    assert "Growth" in result.headline
    assert made.count('class="score ') == 4 and 'class="score own' in made and "url(#p-own)" in made
    assert 'class="card own' in made and "Referral loops" in made and 'class="duty own carries' in made
    assert '<option value="growth">Growth</option>' in made


def test_a_table_of_a_model_with_a_function_of_a_user_s_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[functions.growth]\nprefix = "w"\nname = { en = "Growth team" }\n', encoding="utf-8")
    even = {"marketing": 0.1, "operations": 0.1, "brand": 0.1, "growth": 0.7}
    told = Analysis("ok", "zh", "test", primary="growth", probability={**even, "none": 0.0}, scores=even, mix={**even, "other": 0.0})

    class Own:
        def analyze_many(self, items: Any) -> Any:
            return (
                told if "增长" in i["text"] else Analysis("ok", "es", "m", primary="none", scores=dict.fromkeys(list(even)[:3], 0.2))
                for i in items
            )

        def profiles(self, lang: str) -> Any:
            return load_profiles(tmp_path / "own.toml")

    unpacked(tmp_path, "text\n负责增长\nventas\n".encode())
    summary = tables.score_chunk(Own(), tmp_path, 0, 2, {"text": "text", "title": None})  # type: ignore[arg-type]
    assert summary["primary"] == {"marketing": 0, "operations": 0, "brand": 0, "none": 1, "growth": 1}
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    header, first, second = tables.assemble(tmp_path, "csv", "en").read_text(encoding="utf-8-sig").splitlines()
    assert header.endswith("jd_model,jd_growth,jd_mix_growth") and first.endswith("test,0.7,0.7") and second.endswith("m,,")
    page = tables.assemble(tmp_path, "html", "en").read_text(encoding="utf-8")
    assert page.count("Growth team") >= 2 and "url(#p-own)" in page
    shown = tables.summary_view(summary, "en", tables.own_names(tmp_path))
    assert [(x["name"], x["count"], x["function"]) for x in shown["lines"]][3] == ("Growth team", 1, "own")


def test_the_api_s_description_has_the_functions_of_its_models(tmp_path: Path) -> None:
    from analyzer.web.openapi import _schemas

    (tmp_path / "es" / "jd_functions").mkdir(parents=True)
    (tmp_path / "es" / "config.cfg").touch()
    (tmp_path / "es" / "jd_functions" / "settings.json").write_text('{"own_functions": [["growth", "w"]]}', encoding="utf-8")
    own, shipped = (_schemas(WebSettings(models=m))["Analysis"]["properties"] for m in (str(tmp_path), ""))
    assert own["primary"]["enum"] == ["marketing", "operations", "brand", "growth", "none"] and "growth" not in str(shipped)
    assert "growth" in own["scores"]["properties"] and "growth" not in own["scores"]["required"]

"""`jd-analyzer analyze` as a user runs it: files of every kind, pipes, formats, exit codes, ugly input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import docx
import pytest
from lxml import html
from typer.testing import CliRunner

from analyzer.cli import app
from analyzer.settings import LIMITS

ZH = (
    "岗位职责：\n1、负责会员体系搭建，提升用户留存；\n"
    "2、策划并执行社群活动，提高用户活跃度和转化率；\n任职要求：\n1、本科及以上学历，两年以上经验。\n"
)
ES = (
    "Funciones:\n- Prospectar nuevos clientes y cerrar ventas en la zona.\n"
    "- Visitar a los clientes de la cartera.\nRequisitos:\n- Licencia de conducir.\n"
)


@pytest.fixture(autouse=True)
def neutral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, stdin: bytes | str | None = None, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["analyze", *arguments], input=stdin)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def record(*arguments: str, stdin: bytes | str | None = None, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--format", "json", stdin=stdin, code=code).stdout)


def test_text_on_the_command_line() -> None:
    found = record("--text", ZH, "--title", "品牌经理")
    assert found["status"] == "ok"
    assert found["language"] == "zh"
    assert found["primary"] == "operations"
    assert found["id"] is None
    assert found["title"]["function"] == "brand"
    assert found["title"]["mismatch"] is True
    assert all(d["text"] == ZH[d["start"] : d["end"]] for d in found["duties"])
    assert "text" not in found


def test_terminal_in_the_language_of_the_posting_or_as_said() -> None:
    out = run("--text", ZH, "--title", "品牌经理").stdout
    assert "这份工作主要是运营" in out
    assert "职位名称“品牌经理”说的是品牌，职责说的是运营。" in out
    assert "\x1b" not in out
    assert "[o.user]" in out
    assert "El título «品牌经理» dice marca; las tareas dicen operaciones." in run("--text", ZH, "--title", "品牌经理", "--ui", "es").stdout


def test_terminal_in_the_language_of_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    assert "El trabajo" in run("--text", ZH).stdout


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(ZH, "gb18030"), (ZH, "utf-16"), (ES, "latin-1"), (ES, "utf-8-sig")],
    ids=["gb18030", "utf-16", "latin-1", "utf-8-sig"],
)
def test_file_and_standard_input_in_any_encoding(text: str, encoding: str) -> None:
    Path("oferta.txt").write_bytes(text.encode(encoding))
    found = record("oferta.txt")
    assert found["id"] == "oferta.txt"
    assert found["duties"]
    assert all(d["text"] == text[d["start"] : d["end"]] for d in found["duties"])
    piped = record(stdin=text.encode(encoding))
    assert piped["id"] is None
    assert piped["duties"] == found["duties"]


def test_html_and_docx_tell_the_text_their_offsets_count_in() -> None:
    Path("a.html").write_text(
        f"<html><body><ul>{''.join(f'<li>{line}</li>' for line in ZH.splitlines())}</ul><script>x</script></body></html>", encoding="utf-8"
    )
    document = docx.Document()
    for line in ES.splitlines():
        document.add_paragraph(line)
    document.save("b.docx")
    both = record("a.html", "b.docx")
    assert [r["language"] for r in both] == ["zh", "es"]
    for found in both:
        assert found["duties"]
        assert all(d["text"] == found["text"][d["start"] : d["end"]] for d in found["duties"])
    assert both[1]["primary"] == "none"


def test_jsonl_and_a_bad_file_among_good_ones() -> None:
    Path("gut.txt").write_text(ZH, encoding="utf-8")
    Path("bild.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    Path("leer.txt").write_text("")
    Path("pt.txt").write_text("Buscamos uma pessoa para gerir as redes sociais da nossa marca e não só.", encoding="utf-8")
    result = run("gut.txt", "bild.txt", "leer.txt", "pt.txt", "--format", "jsonl", code=1)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [r["status"] for r in records] == ["ok", "unreadable", "empty", "unsupported_language"]
    assert [r["id"] for r in records] == ["gut.txt", "bild.txt", "leer.txt", "pt.txt"]
    assert records[1]["reasons"][0].startswith("JD-412: bild.txt")
    assert "JD-412" in result.stderr


def test_a_posting_without_result_says_why_and_what_to_do() -> None:
    out = run("--text", "We are looking for a marketing manager who will run our campaigns in the whole country.", code=1).stdout
    assert "No result" in out
    assert "It looks like English." in out
    assert "--language" in out


def test_language_said() -> None:
    assert record("--text", "Community manager, campaign manager", "--language", "es")["language"] == "es"


def test_html_page_in_a_file() -> None:
    Path("a.txt").write_text(ZH, encoding="utf-8")
    assert run("a.txt", "-o", "out.html", "--ui", "en").stdout == ""
    root = html.document_fromstring(Path("out.html").read_bytes())
    assert root.get("lang") == "en"
    assert "mainly operations" in root.findtext(".//h2")
    assert not list(Path().glob("*.part"))


def test_output_format_goes_by_its_ending_or_as_said() -> None:
    run("--text", ZH, "-o", "a.json")
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["status"] == "ok"
    run("--text", ZH, "-o", "a.txt")
    assert "[o.user]" in Path("a.txt").read_text(encoding="utf-8")
    run("--text", ZH, "-o", "b.html", "--format", "jsonl")
    assert Path("b.html").read_text(encoding="utf-8").startswith('{"id"')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nicht-da.txt"], "no such file"),
        (["负责品牌定位与规划；" * 60], "given with --text"),
        (["."], "directory"),
        (["a.txt", "--text", "x"], "not both"),
        (["a.txt", "-o", "a.txt"], "overwritten"),
        (["a.txt", "-o", "nirgends/x.html"], "does not exist"),
        (["a.txt", "--models", "nirgends"], "no such directory"),
        (["a.txt", "--models", "."], "JD-101"),
        (["a.txt", "--format", "xml"], "xml"),
        (["a.txt", "--language", "fr"], "fr"),
        (["-", "-"], "once only"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    Path("a.txt").write_text(ZH, encoding="utf-8")
    result = run(*arguments, code=2)
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert Path("a.txt").read_text(encoding="utf-8") == ZH


def test_hostile_text_title_and_name() -> None:
    text = ZH.replace("会员", "会\x1b]0;x\x07员\u202e") + "<script>alert(1)</script>"
    name = "a\x1b[2J\u202e.txt"
    Path(name).write_text(text, encoding="utf-8")
    out = run(name, "--title", "经理\x1b[31m\u202e").stdout
    assert not set(out) & set("\x1b\x07\u202e")
    found = run(name, "--format", "json").stdout
    assert not set(found) & set("\x1b\x07\u202e")
    assert json.loads(found)["id"] == name
    assert "<script>alert" not in run(name, "--format", "html").stdout


def test_huge_and_binary_and_surrogates() -> None:
    with Path("gross.txt").open("wb") as file:
        file.truncate(LIMITS.max_file_bytes + 1)
    assert record("gross.txt", code=1)["reasons"][0].startswith("JD-411")
    assert record("--text", "岗" * (LIMITS.max_characters + 1), code=1)["status"] == "too_long"
    assert record(stdin=bytes(range(256)) * 50, code=1)["status"] == "unreadable"
    assert record("--text", "负责\ud800运营工作内容", code=1)["status"] == "unreadable"
    assert record("--text", ZH, "--title", "品牌\udcff经理")["title"]["text"] == "品牌?经理"


COMMAND = [sys.executable, "-c", "from analyzer.cli import main; main()", "analyze"]


def test_console_script_in_a_pipe() -> None:
    done = subprocess.run([*COMMAND, "--ui", "en"], input=ZH.encode("gb18030"), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert "mainly operations" in done.stdout.decode("utf-8")
    assert b"\x1b" not in done.stdout


def test_reader_that_goes_away() -> None:
    Path("a.txt").write_text(ZH, encoding="utf-8")
    with subprocess.Popen([*COMMAND, "a.txt", "--format", "html"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()  # long before there is anything to write
        assert process.stderr.read() == b""
        assert process.wait(60) == 1

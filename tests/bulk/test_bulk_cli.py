from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from bulk_fake import FakeFactory, FakeScorer
from bulk_tools import read_csv, read_jsonl, texts, write_csv
from typer.testing import CliRunner

from analyzer.bulk.progress import JsonLines, Silent, facts, shown
from analyzer.bulk.run import Event
from analyzer.cli import report, score
from analyzer.errors import ModelNotFound
from analyzer.pipeline.build import find_model

app = typer.Typer()
score.register(app)
report.register(app)


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands with the scorer of the tests in place of the models."""
    monkeypatch.setattr("analyzer.bulk.worker.AnalyzerFactory.__call__", lambda self: FakeScorer())
    monkeypatch.setattr("analyzer.bulk.worker.AnalyzerFactory.fingerprint", FakeFactory().fingerprint)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def table(folder: Path) -> Path:
    rows = [[n, "运营", t] for n, t in enumerate([*texts(10), ""])]
    return write_csv(folder / "in.csv", ["编号", "职位", "岗位职责"], rows, "gb18030", delimiter=";")


@pytest.mark.usefixtures("faked")
def test_score_says_what_it_found_and_how_it_went(tmp_path: Path) -> None:
    done = run("score", table(tmp_path), "-o", tmp_path / "out.csv", "--summary", tmp_path / "summary.json")
    assert done.exit_code == 0, done.output
    assert "in.csv: CSV, gb18030, semicolon; text from '岗位职责', title from '职位' (found by name: text, title)" in done.stderr
    assert "11 rows in" in done.stderr
    assert "without a result: empty 1" in done.stderr
    assert "slowest:" in done.stderr
    assert done.stdout == ""
    assert [r["编号"] for r in read_csv(tmp_path / "out.csv")] == [str(n) for n in range(11)]
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (summary["rows"], summary["bad"], summary["status"]) == (11, 1, {"ok": 10, "empty": 1})


@pytest.mark.usefixtures("faked")
def test_exit_codes(tmp_path: Path) -> None:
    source = table(tmp_path)
    assert run("score", source, "-o", tmp_path / "a.csv", "--strict").exit_code == 1
    assert (tmp_path / "a.csv").is_file()
    for wrong, said in (
        (["score", source, "-o", tmp_path / "b.csv", "--text", "岗位职能"], "JD-501"),
        (["score", tmp_path / "none.csv", "-o", tmp_path / "b.csv"], "JD-502"),
        (["score", source, "-o", tmp_path / "b.csv", "--progress", "loud"], "--progress"),
        (["score", source, "-o", tmp_path / "b.csv", "--delimiter", "ab"], "--delimiter"),
        (["score", source], "--output"),
        (["report", tmp_path / "none.csv", "-o", tmp_path / "r.html"], "JD-502"),
        (["report", source, "-o", tmp_path / "r.html"], "JD-501"),
    ):
        done = run(*wrong)
        assert done.exit_code == 2, (wrong, done.output)
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.usefixtures("faked")
def test_quiet_says_nothing(tmp_path: Path) -> None:
    done = run("score", table(tmp_path), "-o", tmp_path / "out.csv", "--quiet")
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.usefixtures("faked")
def test_progress_as_json_lines(tmp_path: Path) -> None:
    done = run("score", table(tmp_path), "-o", tmp_path / "out.csv", "--progress", "json", "--chunk-rows", "3")
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert lines
    assert lines[-1].keys() == {"rows", "share", "rows_per_second", "seconds_left", "status", "primary"}
    assert lines[0]["rows"] == 3


def test_what_an_event_tells() -> None:
    event = Event(30, 0.25, {"status": {"ok": 29, "empty": 1}, "primary": {"brand": 29}}, 10.0, 20)
    assert facts(event) == {
        "rows": 30, "share": 0.25, "rows_per_second": 2.0, "seconds_left": 30.0, "status": {"ok": 29, "empty": 1}, "primary": {"brand": 29},
    }  # fmt: skip
    assert facts(Event(0, None, {}, 0.0, 0))["seconds_left"] is None
    assert isinstance(shown("json", False), JsonLines)
    assert type(shown("auto", False)) is Silent  # stderr is no terminal here
    assert type(shown("bar", True)) is Silent
    with shown("bar", False) as bar:
        bar(event)
        bar(Event(1, None, {}, 1.0, 1))


@pytest.mark.usefixtures("faked")
def test_ids_of_jsonl_keep_their_type(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 3, "text": "负责运营工作"}\n{"id": "x-1", "text": "策划活动方案"}\n', encoding="utf-8")
    assert run("score", source, "-o", tmp_path / "out.jsonl", "--text", "text", "--id", "id").exit_code == 0
    assert [r["id"] for r in read_jsonl(tmp_path / "out.jsonl")] == [3, "x-1"]


@pytest.mark.usefixtures("faked")
def test_report_writes_a_page(tmp_path: Path) -> None:
    run("score", table(tmp_path), "-o", tmp_path / "out.csv", "--details", tmp_path / "d.parquet")
    done = run("report", tmp_path / "out.csv", "-o", tmp_path / "r.html", "--by", "职位", "--details", tmp_path / "d.parquet", "--ui", "zh")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "11 个职位的实际工作内容" in page
    assert "按“职位”看主要职能" in page
    assert run("report", tmp_path / "out.csv", "-o", tmp_path / "none" / "r.html").exit_code == 1
    assert run("report", tmp_path / "out.csv", "-o", tmp_path / "r.html", "--ui", "fr").exit_code == 2


def real() -> str:
    try:
        return str(find_model("zh").parent)
    except ModelNotFound:
        pytest.skip("no trained models beside the package")


@pytest.mark.slow
def test_the_whole_program_with_the_real_model_killed_and_begun_again(tmp_path: Path) -> None:
    models = real()
    rows = [
        [n, f"岗位职责：\n1、负责会员体系搭建，提升用户留存；\n2、策划第{n}次品牌发布会。" if n % 2 else "\n".join(texts(6)[3:5]) + f" {n}"]
        for n in range(60)
    ]
    source = write_csv(tmp_path / "in.csv", ["id", "text"], rows)
    command = [sys.executable, "-c", "from analyzer.cli import main; main()", "score", str(source), "--chunk-rows", "4", "--workers", "2"]
    command += ["--models", models]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    subprocess.run([*command, "-o", str(tmp_path / "whole.csv")], check=True, capture_output=True, timeout=120, env=env)
    process = subprocess.Popen([*command, "-o", str(tmp_path / "out.csv"), "--progress", "json"], stderr=subprocess.PIPE, env=env)
    assert process.stderr
    while not process.stderr.readline().startswith(b"{"):  # the first chunk is finished
        assert process.poll() is None
    process.kill()
    process.communicate()
    done = subprocess.run([*command, "-o", str(tmp_path / "out.csv")], check=True, capture_output=True, timeout=120, env=env)
    assert b"of them from before" in done.stderr
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    out = read_csv(tmp_path / "out.csv")
    assert {r["jd_status"] for r in out} == {"ok"}
    assert {r["jd_language"] for r in out} == {"zh", "es"}
    assert all(r["jd_model"].startswith(f"{r['jd_language']}-") for r in out)


@pytest.mark.slow
def test_the_numbers_of_all_ways_are_the_same(tmp_path: Path) -> None:
    import pandas as pd

    import analyzer
    from analyzer.bulk import score_table
    from analyzer.bulk.layout import csv_cell

    models = real()
    source = write_csv(tmp_path / "in.csv", ["title", "text"], [["品牌经理", t] for t in texts(12)])
    assert run("score", source, "-o", tmp_path / "out.csv", "--models", models).exit_code == 0
    written = read_csv(tmp_path / "out.csv")
    frame = score_table(pd.read_csv(source), models=models).to_dict("records")
    jd = analyzer.load(models)
    for n, text in enumerate(texts(12)):
        alone = jd.analyze(text, title="品牌经理").to_row()
        for column, value in alone.items():
            assert written[n][column] == csv_cell(value), column
            made = frame[n][column]
            assert csv_cell(None if pd.isna(made) else made) == csv_cell(value), column

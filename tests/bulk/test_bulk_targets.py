"""Where a run writes: names that would lose something are refused before a row is scored, and files come where they were asked for."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bulk_fake import FakeFactory
from bulk_tools import read_csv, texts, write_csv

from analyzer.bulk.run import Options, score_files
from analyzer.bulk.summary import Summary
from analyzer.errors import OutputError, OutputRefused, ResumeError, TableError
from analyzer.settings import TABLE_LIMITS

LIMITS = replace(TABLE_LIMITS, chunk_rows=5)


def run(sources: list[Path], target: Path | str, **options: Any) -> Summary:
    return score_files(sources, target, factory=FakeFactory(), limits=LIMITS, options=Options(**options))


def table(folder: Path, name: str = "in.csv", rows: int = 12) -> Path:
    return write_csv(folder / name, ["id", "text"], [[n, t] for n, t in enumerate(texts(rows))])


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_named_input_is_never_written_over(tmp_path: Path) -> None:
    one, two = table(tmp_path, "1.csv"), table(tmp_path, "2.csv")
    three = tmp_path / "3.jsonl"
    three.write_text('{"text": "负责运营"}\n', encoding="utf-8")
    before = [p.read_bytes() for p in (one, two, three)]
    with pytest.raises(TableError, match=r"2\.csv is an input, and the scored table would be written over it"):
        run([one, two], two)
    with pytest.raises(TableError, match=r"3\.jsonl is an input, and the table of duties would be written over it"):
        run([one, three], tmp_path / "out.csv", details=three)
    with pytest.raises(TableError, match=r"1\.csv is an input, and the summary would be written over it"):
        run([one], tmp_path / "out.csv", summary=one)
    assert [p.read_bytes() for p in (one, two, three)] == before
    assert names(tmp_path) == ["1.csv", "2.csv", "3.jsonl"]


def test_an_output_met_in_a_folder_is_left_out_and_said(tmp_path: Path) -> None:
    table(tmp_path)
    for _ in range(2):
        notes: list[str] = []
        options = Options(summary=tmp_path / "sum.json")
        done = score_files([tmp_path], tmp_path / "out.csv", factory=FakeFactory(), limits=LIMITS, options=options, on_note=notes.append)
        assert done.rows == 12
    assert notes == [
        "out.csv: not read, since it is where the scored table is written",
        "sum.json: not read, since it is where the summary is written",
    ]


def test_outputs_need_names_of_their_own(tmp_path: Path) -> None:
    source = table(tmp_path)
    for target, options in (
        (tmp_path / "a.csv", {"summary": tmp_path / "a.csv"}),
        (tmp_path / "a.jsonl", {"details": tmp_path / "x" / ".." / "a.jsonl"}),
        (tmp_path / "a.csv", {"details": tmp_path / "d.jsonl", "summary": tmp_path / "d.jsonl"}),
    ):
        with pytest.raises(OutputRefused, match="JD-507: .* need two names"):
            run([source], target, **options)
    (tmp_path / "folder.csv").mkdir()
    for target, options in (
        (tmp_path / "folder.csv", {}),
        (tmp_path / "a.jsonl", {"details": tmp_path / "folder.csv" / "." / ".." / "folder.jsonl"}),
        (tmp_path / "a.csv", {"summary": tmp_path}),
    ):
        (tmp_path / "folder.jsonl").mkdir(exist_ok=True)
        with pytest.raises(OutputRefused, match="is a folder: give"):
            run([source], target, **options)
    assert names(tmp_path) == ["folder.csv", "folder.jsonl", "in.csv"]


def test_the_folder_of_the_summary_is_made_and_one_that_cannot_be_is_told_beforehand(tmp_path: Path) -> None:
    source = table(tmp_path)
    run([source], tmp_path / "out.csv", summary=tmp_path / "no" / "such" / "sum.json", details=tmp_path / "nor" / "d.jsonl")
    assert json.loads((tmp_path / "no" / "such" / "sum.json").read_text(encoding="utf-8"))["rows"] == 12
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match=r"sum\.json cannot be written: its folder .* cannot be made"):
        run([source], tmp_path / "late.csv", summary=tmp_path / "file" / "sum.json")
    assert "late.csv" not in names(tmp_path)


def test_to_tells_the_delimiter_whatever_the_name(tmp_path: Path) -> None:
    source = table(tmp_path)
    for name, to, delimiter in (
        ("a.txt", "tsv", "\t"),
        ("a.csv", "tsv", "\t"),
        ("a.tsv", "csv", ","),
        ("b.tsv", None, "\t"),
        ("b.csv", None, ","),
    ):
        run([source], tmp_path / name, format=to)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(f"id{delimiter}text{delimiter}jd_status")

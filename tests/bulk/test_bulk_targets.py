"""Where a run writes: names that would lose something are refused before a row is scored, and files come where they were asked for."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bulk_fake import FakeFactory
from bulk_tools import read_csv, texts, write_csv

from analyzer.bulk import stage as stages
from analyzer.bulk.layout import JD_COLUMNS
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
        with pytest.raises(OutputRefused, match=r"JD-507: .* need two names"):
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


def elsewhere(monkeypatch: pytest.MonkeyPatch, folder: Path, home: str) -> None:
    """Have a folder stand as one of another file system than the parts."""
    replace_ = Path.replace

    def apart(self: Path, target: Path) -> Path:
        if home in str(self) and Path(target).parent == folder:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace_(self, target)

    monkeypatch.setattr(Path, "replace", apart)


def test_duties_on_another_file_system_are_copied_there_and_put_in_place_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, far = table(tmp_path), tmp_path / "far"
    far.mkdir()
    run([source], tmp_path / "whole.csv", details=tmp_path / "whole.jsonl")
    elsewhere(monkeypatch, far, ".jdpart")
    copied = stages.shutil.copyfile

    def full(part: Path, copy: Path) -> None:
        copied(part, copy)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stages.shutil, "copyfile", full)
    with pytest.raises(OutputError, match=r"the disk is full while d\.jsonl is written; 12 rows are finished and kept"):
        run([source], tmp_path / "out.csv", details=far / "d.jsonl")
    assert names(far) == []
    monkeypatch.setattr(stages.shutil, "copyfile", copied)
    assert run([source], tmp_path / "out.csv", details=far / "d.jsonl").scored_now == 0
    assert (far / "d.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert names(far) == ["d.jsonl"]
    assert names(tmp_path) == ["far", "in.csv", "out.csv", "whole.csv", "whole.jsonl"]


def test_a_finished_run_goes_to_the_names_of_the_call_that_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    moved = stages._move

    def fails(wrong: str) -> None:
        def move(part: Path, to: Path) -> None:
            if to.name == wrong:
                raise OSError(errno.EACCES, "Permission denied")
            moved(part, to)

        monkeypatch.setattr(stages, "_move", move)

    fails("out.csv")
    with pytest.raises(OutputError, match=r"out\.csv cannot be written \(Permission denied\); 12 rows are finished and kept"):
        run([source], target, details=tmp_path / "d1.jsonl")
    fails("d2.jsonl")
    with pytest.raises(OutputError, match=r"d2\.jsonl cannot be written"):
        run([source], target, details=tmp_path / "d2.jsonl")
    assert names(tmp_path) == ["in.csv", "out.csv.jdpart", "out.csv.jdpart.lock"]
    done = run([source], target, details=tmp_path / "d3.jsonl")
    assert done.outputs == [str(target), str(tmp_path / "d3.jsonl")]
    assert names(tmp_path) == ["d3.jsonl", "in.csv", "out.csv"]
    fails("out.csv")
    with pytest.raises(OutputError):
        run([source], target, details=tmp_path / "d1.jsonl")
    (tmp_path / "out.csv.jdpart" / "details").rename(tmp_path / "d1.jsonl")  # stopped when one of two was in its place
    fails("")
    with pytest.raises(ResumeError, match=r"has written .*d1\.jsonl already, not .*d2\.jsonl"):
        run([source], target, details=tmp_path / "d2.jsonl")
    assert run([source], target, details=tmp_path / "d1.jsonl").scored_now == 0
    assert names(tmp_path) == ["d1.jsonl", "d3.jsonl", "in.csv", "out.csv"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="makes a link")
def test_an_output_that_is_a_link_is_written_through(tmp_path: Path) -> None:
    source = table(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "out.csv").symlink_to(tmp_path / "there" / "real.csv")
    run([source], tmp_path / "out.csv")
    assert (tmp_path / "out.csv").is_symlink()
    assert len(read_csv(tmp_path / "there" / "real.csv")) == 12


def test_parquet_with_doubled_names_goes_to_parquet(tmp_path: Path) -> None:
    for name in ("1.parquet", "2.parquet"):
        columns = [pa.array(texts(12)), pa.array(range(12), pa.int16()), pa.array(["x"] * 12)]
        pq.write_table(pa.Table.from_arrays(columns, names=["text", "a", "a"]), tmp_path / name)
    run([tmp_path / "1.parquet"], tmp_path / "out.parquet")
    out = pq.ParquetFile(tmp_path / "out.parquet").read()  # read_table takes no doubled names
    assert out.column_names == ["text", "a", "a", *JD_COLUMNS]
    assert out.schema.field(1).type == pa.int16()
    assert (out.column(1).to_pylist(), out.column(2).to_pylist()) == (list(range(12)), ["x"] * 12)
    run([tmp_path / "1.parquet", tmp_path / "2.parquet"], tmp_path / "both.parquet")
    both = pq.read_table(tmp_path / "both.parquet")
    assert both.column_names == ["text", "a", "a_2", *JD_COLUMNS]
    assert (both.column("a").to_pylist(), both.column("a_2").to_pylist()) == ([*range(12)] * 2, ["x"] * 24)


def test_safe_cells_are_safe_in_the_first_row_too(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["=cmd", "text"], [["=1", "负责运营"]])
    lines = tmp_path / "in.jsonl"
    lines.write_text('{"=cmd": "=1", "text": "负责运营"}\n', encoding="utf-8")
    for given in (source, lines):
        run([given], tmp_path / "out.csv", safe_cells=True)
        assert [next(iter(r.items())) for r in read_csv(tmp_path / "out.csv")] == [("'=cmd", "'=1")]
        run([given], tmp_path / "out.xlsx", safe_cells=True)
        page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
        assert (page["A1"].value, page["A2"].value) == ("'=cmd", "'=1")
        run([given], tmp_path / "out.csv")
        assert [next(iter(r.items())) for r in read_csv(tmp_path / "out.csv")] == [("=cmd", "=1")]
    with pytest.raises(TableError, match=r"the prefix '=1\+' would make formulas"):
        run([source], tmp_path / "bad.csv", prefix="=1+")


def test_numbers_that_json_does_not_have_are_null(tmp_path: Path) -> None:
    columns = {"text": texts(3), "n": [1.5, float("nan"), float("inf")], "more": [[0.5], [float("-inf")], []]}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    run([tmp_path / "in.parquet"], tmp_path / "out.jsonl")
    found = [
        json.loads(line, parse_constant=pytest.fail)["input"] for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [(f["n"], f["more"]) for f in found] == [(1.5, [0.5]), (None, [None]), (None, [])]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="writes to /proc, where no file can be made")
def test_a_folder_that_takes_no_files_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"x\.csv cannot be written: no file can be made in /proc"):
        run([table(tmp_path)], Path("/proc/x.csv"))


def test_a_name_the_system_does_not_take_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"JD-504: .* cannot be written"):
        run([table(tmp_path)], tmp_path / ("x" * 300 + ".csv"))

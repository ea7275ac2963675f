from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from bulk_fake import FakeFactory
from bulk_tools import read_csv, read_jsonl, texts, write_csv
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.bulk.layout import JD_COLUMNS, JD_TYPES, CsvRows, safe, unique
from analyzer.bulk.run import Options, score_files
from analyzer.bulk.summary import Summary
from analyzer.errors import OutputError, TableError
from analyzer.settings import TABLE_LIMITS

LIMITS = replace(TABLE_LIMITS, chunk_rows=5)


def run(source: Path | list[Path], target: Path, **asked: Any) -> Summary:
    options = Options(**asked.pop("options", {}))
    sources = source if isinstance(source, list) else [source]
    return score_files(sources, target, factory=FakeFactory(), limits=LIMITS, options=options, **asked)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\"',;\t\n ")), max_size=9), min_size=2, max_size=5),
    st.sampled_from(",;\t|"),
)
def test_rows_are_as_csv_writes_them(cells: list[str], delimiter: str) -> None:
    ours, theirs = io.StringIO(newline=""), io.StringIO(newline="")
    CsvRows(ours, delimiter).write(cells)
    quoting = csv.QUOTE_ALL if any("\r" in c for c in cells) else csv.QUOTE_MINIMAL
    csv.writer(theirs, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerow(cells)
    assert ours.getvalue() == theirs.getvalue()


ROWS = [
    ["001", "=1+1", "负责会员运营，\n提升留存", " spaced "],
    ["2.50", "@cmd", 'Definir la "imagen" de la marca; año', ""],
    ["", "-5", "a\tb\rc", "x,y"],
    ["4", "t", "", "null"],
]
HEADER = ["code", "title", "text", "extra"]


def test_csv_keeps_the_input_cells_and_the_order_and_adds_ours(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", HEADER, ROWS)
    run(source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == [*HEADER, *JD_COLUMNS]
    assert [r[:4] for r in rows[1:]] == ROWS
    assert [r[4] for r in rows[1:]] == ["ok", "ok", "ok", "empty"]
    assert rows[1][rows[0].index("jd_model")] == "fake-1"
    assert not (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_tsv_bom_and_packed_outputs(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", HEADER, ROWS)
    run(source, tmp_path / "out.csv")
    plain = (tmp_path / "out.csv").read_bytes()
    run(source, tmp_path / "bom.csv", options={"bom": True})
    assert (tmp_path / "bom.csv").read_bytes() == b"\xef\xbb\xbf" + plain
    run(source, tmp_path / "out.csv.gz")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == plain
    run(source, tmp_path / "out.csv.zst")
    assert zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / "out.csv.zst").read_bytes()) == plain
    run(source, tmp_path / "out.tsv")
    assert read_csv(tmp_path / "out.tsv", delimiter="\t") == read_csv(tmp_path / "out.csv")


def test_our_cells_are_no_formulas_and_the_users_stay_unless_asked(tmp_path: Path) -> None:
    rows = [["1", "=1+1", '=HYPERLINK("x";"y")\nmás'], ["2", "+x", "-2+3 campañas"], ["3", "@x", "＝1+1 运营"]]
    source = write_csv(tmp_path / "in.csv", ["id", "title", "text"], rows)
    run(source, tmp_path / "out.csv")
    run(source, tmp_path / "safe.csv", options={"safe_cells": True})
    plain, guarded = read_csv(tmp_path / "out.csv"), read_csv(tmp_path / "safe.csv")
    assert [r["title"] for r in plain] == ["=1+1", "+x", "@x"]
    assert [r["jd_duty_1"] for r in plain] == ['\'=HYPERLINK("x";"y")', "'-2+3 campañas", "'＝1+1 运营"]
    assert [r["title"] for r in guarded] == ["'=1+1", "'+x", "'@x"]
    assert [r["id"] for r in guarded] == ["1", "2", "3"]
    assert safe("plain") == "plain"
    run(source, tmp_path / "out.xlsx")
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [c.data_type for c in page[2][:3]] == ["s", "s", "s"]
    assert page["B2"].value == "=1+1"


def test_jsonl_nests_the_input_as_it_was_written_and_takes_no_field_of_it_for_a_result(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    lines = [
        '{"id": 7, "text": "负责运营工作", "primary": "brand", "status": "x", "n": 1.50, "big": 12345678901234567890123}',
        '{"id": "7", "text": "Gestionar campañas", "model": "mine", "duties": []}',
        "broken {",
        '["a list"]',
        '{"id": null, "text": null}',
    ]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(source, tmp_path / "out.jsonl", id="id")
    records = read_jsonl(tmp_path / "out.jsonl")
    assert [r["id"] for r in records] == [7, "7", None, None, None]
    assert [r["status"] for r in records] == ["ok", "ok", "bad_row", "bad_row", "empty"]
    assert [r["reasons"] for r in records[2:4]] == [["not_json"], ["not_an_object"]]
    assert records[0]["input"]["primary"] == "brand" != records[0]["primary"] or records[0]["model"] == "fake-1"
    assert [r["model"] for r in records[:2]] == ["fake-1", "fake-1"]
    out = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert all(f'"input": {line}' in written for line, written in zip([*lines[:2], json.dumps(lines[2]), *lines[3:]], out, strict=True))
    run(source, tmp_path / "no-id.jsonl", options={"keep_input": False})
    records = read_jsonl(tmp_path / "no-id.jsonl")
    assert [r["id"] for r in records] == [None] * 5
    assert all("input" not in r for r in records)


def test_jsonl_from_csv_and_parquet(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["text", "a", "a", ""], [["负责运营", "1", "2", "3"]])
    run(source, tmp_path / "out.jsonl")
    assert read_jsonl(tmp_path / "out.jsonl")[0]["input"] == {"text": "负责运营", "a": "1", "a_2": "2", "column_4": "3"}
    when = datetime.datetime(2026, 3, 1, 8, 30)
    pq.write_table(pa.table({"text": ["负责运营"], "when": [when], "raw": [b"\x01"]}), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "p.jsonl")
    assert read_jsonl(tmp_path / "p.jsonl")[0]["input"] == {"text": "负责运营", "when": "2026-03-01T08:30:00", "raw": "01"}


def test_tables_from_jsonl_have_the_columns_of_all_lines(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    rows: list[dict[str, Any]] = [{"text": t, "n": n} for n, t in enumerate(texts(12))]
    rows[11] |= {"late": {"a": [1, "é"]}, "jd_status": "mine"}
    source.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    with pytest.raises(TableError, match="already has a column 'jd_status'"):
        run(source, tmp_path / "out.csv")
    run(source, tmp_path / "out.csv", options={"prefix": "x_"})
    out = read_csv(tmp_path / "out.csv")
    assert list(out[0])[:5] == ["text", "n", "late", "jd_status", "x_status"]
    assert (out[11]["late"], out[11]["jd_status"], out[0]["late"]) == ('{"a": [1, "é"]}', "mine", "")
    run(source, tmp_path / "out.parquet", options={"prefix": "x_"})
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.field("n").type == pa.int64()
    assert table.column("n").to_pylist() == list(range(12))
    assert table.column("late").to_pylist()[11] == '{"a": [1, "é"]}'


def test_parquet_keeps_the_types_of_parquet(tmp_path: Path) -> None:
    given = pa.table(
        {
            "text": texts(12),
            "when": pa.array([1_700_000_000_000_000_001 + n for n in range(12)], pa.timestamp("ns", "UTC")),
            "price": pa.array([None, *range(11)], pa.decimal128(10, 2)),
            "tags": [["a", "b"]] * 12,
            "kind": pa.array(["x", "y"] * 6).dictionary_encode(),
        }
    )
    pq.write_table(given, tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out.parquet")
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == [*given.column_names, *JD_COLUMNS]
    for name in given.column_names:
        assert out.column(name).combine_chunks().to_pylist() == given.column(name).to_pylist()
        assert out.schema.field(name).type == given.schema.field(name).type
    assert {n: str(out.schema.field(n).type) for n in JD_COLUMNS} == {n: {"boolean": "bool"}.get(t, t) for n, t in JD_TYPES.items()}


def test_parquet_files_of_different_columns_become_one(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": texts(3), "a": [1, 2, 3]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"text": texts(2), "b": ["x", "y"]}), tmp_path / "2.parquet")
    run([tmp_path / "1.parquet", tmp_path / "2.parquet"], tmp_path / "out.parquet")
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names[:3] == ["text", "a", "b"]
    assert out.column_names[3] == "jd_status"
    assert out.column("a").to_pylist() == [1, 2, 3, None, None]


def test_xlsx_keeps_numbers_dates_and_booleans(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    when = datetime.datetime(2026, 5, 4, 12, 0)
    for row in [
        ["text", "n", "when", "on"],
        ["负责运营", 1.5, when, True],
        ["x" * 40_000, 7, when, False],
        ["短文本运营", None, None, None],
    ]:
        book.active.append(row)
    book.active["A3"].value = "y" * 32_000
    book.save(tmp_path / "in.xlsx")
    run(tmp_path / "in.xlsx", tmp_path / "out.xlsx")
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [c.value for c in page[1][:5]] == ["text", "n", "when", "on", "jd_status"]
    assert [c.value for c in page[2][1:4]] == [1.5, when, True]
    assert page[4][1].value is None
    run(tmp_path / "in.xlsx", tmp_path / "out.parquet")
    types = pq.read_schema(tmp_path / "out.parquet")
    assert [str(types.field(n).type) for n in ("n", "when", "on")] == ["double", "timestamp[us]", "bool"]
    run(tmp_path / "in.xlsx", tmp_path / "out.csv")
    assert read_csv(tmp_path / "out.csv")[0]["when"] == "2026-05-04 12:00:00"


def test_cells_too_long_for_excel_are_cut_and_told(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["id", "text"], [["1", "长" * 40_000], ["2", "短文本运营"]])
    summary = run(source, tmp_path / "out.xlsx")
    assert any("cells were cut at the 32,767 characters" in line for line in summary.lines())
    assert len(openpyxl.load_workbook(tmp_path / "out.xlsx").active["B2"].value) == 32_767


def test_several_text_columns_are_joined_and_duties_tell_their_place(tmp_path: Path) -> None:
    rows = [["1", "负责会员运营", "撰写新闻稿"], ["2", "", "策划活动"], ["3", "", ""]]
    source = write_csv(tmp_path / "in.csv", ["id", "职责", "补充"], rows)
    run(source, tmp_path / "out.jsonl", text=["补充", "职责"], id="id", options={"details": tmp_path / "d.parquet"})
    records = read_jsonl(tmp_path / "out.jsonl")
    for record in records[:2]:
        joined = "\n".join(filter(None, (record["input"]["补充"], record["input"]["职责"])))
        for duty in record["duties"]:
            assert joined[duty["start"] : duty["end"]] == duty["text"]
            assert record["input"][duty["column"]][duty["column_start"] : duty["column_end"]] == duty["text"]
    assert records[2]["status"] == "empty"
    details = pq.read_table(tmp_path / "d.parquet").to_pylist()
    assert [(d["row"], d["id"], d["column"], d["column_start"], d["text"]) for d in details] == [
        (1, "1", "补充", 0, "撰写新闻稿"),
        (2, "2", "补充", 0, "策划活动"),
    ]
    assert details[0]["code"] == "m.pr"
    assert details[0]["model"] == "fake-1"


def test_details_as_jsonl_hold_the_whole_duty(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["id", "text"], [[n, t] for n, t in enumerate(texts(12))])
    run(source, tmp_path / "out.csv", options={"details": tmp_path / "d.jsonl"})
    lines = read_jsonl(tmp_path / "d.jsonl")
    assert [d["row"] for d in lines] == list(range(1, 13))
    assert {"column", "column_start", "start", "end", "codes", "weights", "phrases", "steps", "model"} <= set(lines[0])


def test_bad_rows_get_a_status_and_a_reason(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,title,text\n1,a,负责运营\n2,b\n3,c,x,y\n4,d,\n", encoding="utf-8")
    summary = run(source, tmp_path / "out.csv")
    out = read_csv(tmp_path / "out.csv")
    assert [(r["jd_status"], r["jd_reasons"]) for r in out] == [
        ("ok", ""),
        ("bad_row", "row_too_short"),
        ("bad_row", "row_too_long"),
        ("empty", "no_text"),
    ]
    assert [r["jd_review"] for r in out] == ["false", "true", "true", "true"]
    assert out[2]["text"] == "x,y"
    assert summary.bad == 3
    assert "without a result: bad_row 2, empty 1" in summary.lines()


def test_a_folder_of_different_tables(tmp_path: Path) -> None:
    home = tmp_path / "in"
    home.mkdir()
    write_csv(home / "a.csv", ["text", "city"], [["负责运营", "北京"]], "gb18030")
    write_csv(home / "b.tsv", ["id", "descripción"], [["9", "Gestionar campañas"]], "cp1252", delimiter="\t")
    run(home, tmp_path / "out.csv")
    out = read_csv(tmp_path / "out.csv")
    assert list(out[0])[:5] == ["text", "city", "id", "descripción", "jd_status"]
    assert [(r["text"], r["city"], r["id"], r["descripción"]) for r in out] == [
        ("负责运营", "北京", "", ""),
        ("", "", "9", "Gestionar campañas"),
    ]
    (home / "c.jsonl").write_text('{"text": "策划活动方案"}\n', encoding="utf-8")
    assert run(home, tmp_path / "out.jsonl", options={"details": home / "duties.jsonl"}).rows == 3
    assert run(home, tmp_path / "all.csv").rows == 6  # the duties' own table lies in the folder now
    assert run(home, home / "inside.csv").rows == 6
    assert run(home, home / "inside.csv").rows == 6


def test_outputs_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["id", "text"], [["1", "负责运营"]])
    before = source.read_bytes()
    with pytest.raises(TableError, match="the same file"):
        run(source, source)
    assert source.read_bytes() == before
    with pytest.raises(OutputError, match="tells no format"):
        run(source, tmp_path / "out.doc")
    with pytest.raises(OutputError, match=r"leave \.gz out"):
        run(source, tmp_path / "out.parquet.gz")
    with pytest.raises(OutputError, match=r"\.parquet or \.jsonl"):
        run(source, tmp_path / "out.csv", options={"details": tmp_path / "d.csv"})
    run(source, tmp_path / "out.csv")
    with pytest.raises(TableError, match=r"out\.csv already has a column 'jd_status'"):
        run(tmp_path / "out.csv", tmp_path / "again.csv")


def test_names_made_unique() -> None:
    assert unique(["a", "a", "", "a_2", "a"]) == ["a", "a_3", "column_3", "a_2", "a_4"]


PIPE = """
import sys
from bulk_fake import FakeFactory
from analyzer.bulk.run import Options, score_files
score_files(["-"], "-", factory=FakeFactory(), options=Options(format=sys.argv[1], workers=0))
"""


@pytest.mark.parametrize("to", ["csv", "jsonl"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_stdin_to_stdout_gives_what_files_give(tmp_path: Path, to: str, kind: str) -> None:
    source = write_csv(tmp_path / "in.csv", ["id", "text"], [[n, t] for n, t in enumerate(texts(30))])
    if kind == "jsonl":
        rows = read_csv(source)
        source = tmp_path / "in.jsonl"
        source.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    run(source, tmp_path / f"out.{to}")
    import os

    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    with source.open("rb") as stdin:
        done = subprocess.run(
            [sys.executable, "-c", PIPE, to], stdin=stdin, capture_output=True, env=env, cwd=tmp_path, check=True, timeout=60
        )
    assert done.stdout == (tmp_path / f"out.{to}").read_bytes()
    assert io.BytesIO(done.stdout).readline()


def test_tables_without_rows_keep_their_columns(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["id", "text"], [])
    for name in ("out.csv", "out.xlsx", "out.parquet", "out.jsonl"):
        assert run(source, tmp_path / name).rows == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == ",".join(["id", "text", *JD_COLUMNS]) + "\n"
    assert pq.read_schema(tmp_path / "out.parquet").names == ["id", "text", *JD_COLUMNS]
    assert (tmp_path / "out.jsonl").read_bytes() == b""
    pq.write_table(pa.table({"text": pa.array([], pa.string()), "n": pa.array([], pa.int32())}), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "p.parquet")
    assert pq.read_schema(tmp_path / "p.parquet").names == ["text", "n", *JD_COLUMNS]
    assert pq.read_schema(tmp_path / "p.parquet").field("n").type == pa.int32()


def test_lists_of_lines_and_very_long_lines_of_jsonl(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    long = {"filler": "x" * 300_000, "text": "负责运营工作", "title": 5}
    source.write_text(json.dumps(long) + "\n" + json.dumps({"text": ["策划活动方案", "撰写新闻稿件"]}) + "\n", encoding="utf-8")
    run(source, tmp_path / "out.jsonl", text="text")
    records = read_jsonl(tmp_path / "out.jsonl")
    assert [r["status"] for r in records] == ["ok", "ok"]
    assert records[1]["duties"][0]["text"] == "策划活动方案"


@pytest.mark.parametrize("name", ["in.csv", "in.parquet", "in.xlsx", "in.jsonl"])
def test_progress_comes_to_its_end(tmp_path: Path, name: str) -> None:
    table = pa.table({"text": texts(43)})
    pq.write_table(table, tmp_path / "in.parquet")
    write_csv(tmp_path / "in.csv", ["text"], [[t] for t in texts(43)])
    run(tmp_path / "in.csv", tmp_path / "in.xlsx", options={"prefix": "a_"})
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts(43)), encoding="utf-8")
    shares: list[float] = []
    run(tmp_path / name, tmp_path / "out.csv", on_event=lambda e: shares.append(e.share))
    assert len(shares) == 9
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads peak memory from /proc")
def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    import os

    code = (
        "import re, sys\nfrom bulk_fake import FakeFactory\nfrom analyzer.bulk.run import Options, score_files\n"
        "score_files([sys.argv[1]], sys.argv[2], factory=FakeFactory(), options=Options(workers=1))\n"
        # getrusage would tell the peak of the process that began this one, if that was higher
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    peaks = []
    for rows in (6_000, 36_000):  # the smaller one already fills the cache
        source = write_csv(tmp_path / f"{rows}.csv", ["id", "text"], [[n, t * 4] for n, t in enumerate(texts(rows))])
        done = subprocess.run(
            [sys.executable, "-c", code, str(source), str(tmp_path / "out.csv")], capture_output=True, env=env, check=True
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.1 * peaks[0], peaks


def test_a_full_disk_at_the_end_is_told_and_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    import xlsxwriter

    source = write_csv(tmp_path / "in.csv", ["id", "text"], [[n, t] for n, t in enumerate(texts(12))])
    close = xlsxwriter.Workbook.close

    def full(self: Any) -> None:
        close(self)
        raise xlsxwriter.exceptions.FileCreateError(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr(xlsxwriter.Workbook, "close", full)
    with pytest.raises(OutputError, match=r"the disk is full while out\.xlsx is written; 12 rows are finished and kept"):
        run(source, tmp_path / "out.xlsx")
    monkeypatch.setattr(xlsxwriter.Workbook, "close", close)
    summary = run(source, tmp_path / "out.xlsx")
    assert (summary.resumed_rows, summary.scored_now) == (12, 0)
    run(source, tmp_path / "whole.xlsx")
    assert (tmp_path / "out.xlsx").read_bytes() == (tmp_path / "whole.xlsx").read_bytes()


def test_doubled_names_of_one_file_among_several_lose_no_column(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "a.csv", ["text", "place", "place"], [[texts(1)[0], "Lima", "Quito"]])
    other = write_csv(tmp_path / "b.csv", ["text", "place", "id"], [[texts(1)[0], "Madrid", "7"]])
    for name in ("out.csv", "out.jsonl"):
        run([one, other], tmp_path / name)
    rows = read_csv(tmp_path / "out.csv")
    assert list(rows[0])[:4] == ["text", "place", "place_2", "id"]
    assert [[r["place"], r["place_2"], r["id"]] for r in rows] == [["Lima", "Quito", ""], ["Madrid", "", "7"]]
    assert [r["input"].get("place_2") for r in read_jsonl(tmp_path / "out.jsonl")] == ["Quito", None]

"""Scored tables that were changed, cut, mixed up or joined since: read as they are meant, or refused with a word on where and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_tables import Page, row, run, write

from analyzer.errors import ColumnError, TableError
from analyzer.report import table
from analyzer.report import tally as counting
from analyzer.report.months import month
from analyzer.report.scored import tally
from analyzer.report.table import table_report


def duty(number: object, code: str = "m.pr") -> str:
    return json.dumps({"row": number, "codes": [{"code": code, "share": 1.0}], "steps": [1]})


def lines(path: Path, *told: str) -> Path:
    path.write_text("\n".join(told) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([duty(1), duty(2), duty(3)], "goes on to row 3, and the table has 2 rows"),
        ([duty(2), duty(1)], "row 1 has other sub-functions"),
        ([duty(1), duty(2), duty(1)], "row 1 stands behind a later one there"),
        ([duty(1), duty(2, "o.user")], "row 2 has other sub-functions there (o.user, the table m.pr)"),
        ([duty(1)], "row 2 has other sub-functions there (none, the table m.pr)"),
        ([], "row 1 has other sub-functions there"),
    ],
)
def test_duties_of_another_run_are_refused(tmp_path: Path, told: list[str], said: str) -> None:
    source = write(tmp_path / "s.csv", [row(), row()])
    with pytest.raises(TableError, match=r"d\.jsonl does not belong to s.csv") as raised:
        tally(source, details=lines(tmp_path / "d.jsonl", *told))
    assert said in str(raised.value) and "--details` wrote beside this table" in str(raised.value)


def test_duties_of_rows_of_other_work_must_be_there_too(tmp_path: Path) -> None:
    source = write(tmp_path / "s.csv", [row("none", "", mix="0 0 0 1"), row("none", "", mix="0 0 0 0")])
    with pytest.raises(TableError, match="row 1 has no duties there, in the table it has some"):
        tally(source, details=lines(tmp_path / "d.jsonl"))
    assert tally(source, details=lines(tmp_path / "d.jsonl", duty(1, "n.hr"))).steps_known == 2


def test_what_is_no_table_of_duties_is_told(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = write(tmp_path / "s.csv", [row()])
    pq.write_table(pa.table({"jd_status": ["ok"]}), tmp_path / "scored.parquet")
    (tmp_path / "empty.parquet").touch()
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "scored.parquet").read_bytes()[:60])
    lines(tmp_path / "records.jsonl", '{"status": "ok", "model": "es-1", "duties": []}')
    lines(tmp_path / "cut.jsonl", duty(1), duty(1)[:30])
    for name in ("s.csv", "scored.parquet", "empty.parquet", "cut.parquet", "records.jsonl", "cut.jsonl"):
        done = run(source, "-o", tmp_path / "r.html", "--details", tmp_path / name)
        assert done.exit_code == 2 and f"JD-502: {name}" in done.stderr and "--details` wrote" in done.stderr, (name, done.output)
        assert "line 2" in done.stderr if name == "cut.jsonl" else True


def edited(path: Path, change: Callable[[str], str]) -> Path:
    path.write_text(change(write(path, [row(), row()]).read_text(encoding="utf-8")), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t + t, "row 3 is a header line"),
        (lambda t: t.replace("0.9", "n/a", 1), "row 1, column 'jd_probability': 'n/a' is no number"),
        (lambda t: t.replace("0.9", "90", 1), "row 1, column 'jd_probability': '90' is no share between 0 and 1"),
        (lambda t: t.replace("false", "perhaps", 1), "row 1, column 'jd_title_mismatch': 'perhaps' is neither true nor false"),
        (lambda t: t.replace("\nok,", "\n,", 1), "row 1, column 'jd_status': nothing stands there"),
        (lambda t: t.replace(",marketing,", ",Mercadeo,", 1), "row 1, column 'jd_primary': 'Mercadeo' is none of"),
    ],
)
def test_cells_that_cannot_be_meant_are_told_with_row_and_column(tmp_path: Path, change: Any, said: str) -> None:
    with pytest.raises(TableError) as raised:
        tally(edited(tmp_path / "s.csv", change))
    assert f"s.csv: {said}" in str(raised.value)


@pytest.mark.parametrize("true, false", [("VERDADERO", "FALSO"), ("WAHR", "FALSCH"), ("是", "否"), ("1", "0"), ("TRUE", "FALSE")])
def test_spreadsheets_flags_and_decimal_commas_are_read(tmp_path: Path, true: str, false: str) -> None:
    rows = [row(review=true, title_mismatch=false, probability="0,95"), row(review=false, title_mismatch=true, probability="0,5")]
    counted = tally(write(tmp_path / "s.csv", rows, delimiter=";"))
    assert (counted.review, counted.total.mismatch) == (1, 1)
    assert counted.reviewed[0].probability == 0.95


def test_a_column_of_ours_that_is_gone_is_named(tmp_path: Path) -> None:
    source = edited(tmp_path / "s.csv", lambda t: t.replace("jd_primary", "primary"))
    with pytest.raises(ColumnError, match="lacks 'jd_primary', which `score` wrote"):
        tally(source)


RECORD = '{"status": "ok", "model": "es-1", "primary": "brand", "mix": {"brand": 1.0}, "input": {"puesto": "x"}}'


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (['{"status": "open", "text": "x"}'], "is no scored file"),
        ([RECORD, "", RECORD[:40]], "s.jsonl: line 3 is no whole JSON"),
        ([RECORD, "", "", "[1]"], "s.jsonl: line 4 is no object"),
        ([RECORD, '{"status": "open"}'], "s.jsonl: line 2 is no record"),
        ([RECORD, RECORD.replace('{"brand": 1.0}', "3")], "s.jsonl: line 2 is no whole record"),
    ],
)
def test_lines_that_are_no_records(tmp_path: Path, told: list[str], said: str) -> None:
    done = run(lines(tmp_path / "s.jsonl", *told), "-o", tmp_path / "r.html")
    assert done.exit_code == 2 and said in done.stderr and "Traceback" not in done.output, done.output


def test_a_table_without_prefix_is_no_jsonl(tmp_path: Path) -> None:
    source = edited(tmp_path / "s.csv", lambda t: t.replace("jd_", ""))
    assert tally(source, prefix="").total.primary == {"marketing": 2}


def test_several_tables_count_as_one(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", [row(review="true") | {"puesto": "PR"}])
    two = write(tmp_path / "b.csv", [row(review="true") | {"puesto": "PR"}, row() | {"puesto": "CM"}])
    assert run(one, two, "-o", tmp_path / "r.html").exit_code == 0
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert [line[:2] for line in page.tables["Postings to review"][1:]] == [["1", "a.csv · PR"], ["1", "b.csv · PR"]]
    assert tally([one, two]).rows == 3
    for wrong, said in (
        ([one, one], "given twice"),
        ([one, two, "--details", lines(tmp_path / "d.jsonl", duty(1))], "--details goes with one scored table"),
        ([one, write(tmp_path / "c.csv", [row() | {"cargo": "x"}])], "c.csv has no 'puesto'"),
    ):
        done = run(*wrong, "-o", tmp_path / "r2.html")
        assert done.exit_code == 2 and said.split(" has")[0] in done.stderr, done.output


def test_what_was_found_is_said(tmp_path: Path) -> None:
    source = write(tmp_path / "s.csv", [row() | {"puesto": "PR", "Fecha publicación": "2026-01-01", "所在部门": "A", "jd_department": "B"}])
    done = run(source, "-o", tmp_path / "r.html")
    assert "titles from 'puesto', broken down by '所在部门', 'Fecha publicación' (found by name: by, title)" in done.stderr
    assert run(source, "-o", tmp_path / "r.html", "--quiet").output == ""
    done = run(source, "-o", tmp_path / "r.html", "--title", "nope")
    assert done.exit_code == 2 and "no column 'nope' (--title)" in done.stderr
    for column in ("jd_department", "jd_language", "jd_primary"):
        assert list(tally(source, by=[column]).by) == [column]
    bare = write(tmp_path / "bare.csv", [row(title_mismatch="")])
    done = run(bare, "-o", tmp_path / "r.html")
    assert "no column of titles (name it with --title), nothing to break it down by" in done.stderr
    assert Page(table_report(bare)).lines["Titles that mislead"] == ["There is no column of titles here; name it with --title."]
    untitled = write(tmp_path / "u.csv", [row(title_mismatch="") | {"puesto": "PR"}])
    assert "scored without titles" in Page(table_report(untitled)).lines["Titles that mislead"][0]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        *((v, "2026-03") for v in ("2026-03-01", "2026/3/1", "2026年3月", "202603", "20260315", "03/2026", "marzo 2026", "mar 2026")),
        *((v, "2026-03") for v in ("March 2026", "15 de marzo de 2026", "March 15, 2026", "mar. 2026")),
        *((v, v) for v in ("2026-13", "13/2026", "202613", "2026", "soon", "Marte 2026", "01/02/2026", "3月")),
    ],
)
def test_months(value: str, told: str) -> None:
    assert month(value) == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["01/02/2026", "1.3.2026", "13-02-2026 10:00"], ["2026-02", "2026-03"]),
        (["01/02/2026", "01/13/2026"], ["2026-01"]),
        (["01/02/2026", "01/13/2026", "13/01/2026"], ["01/02/2026", "01/13/2026", "13/01/2026"]),
        (["3月", "12月", "2月", "2025年12月"], ["2025-12", "2月", "3月", "12月"]),
    ],
)
def test_a_column_of_dates_is_read_in_one_way_and_shown_in_order_of_time(tmp_path: Path, values: list[str], told: list[str]) -> None:
    source = write(tmp_path / "s.csv", [row() | {"fecha": v} for v in values])
    assert [line[0] for line in Page(table_report(source)).tables["Main function by fecha"][1:]] == told


def test_all_months_are_shown_up_to_three_years(tmp_path: Path) -> None:
    dates = [f"{2020 + n // 12}-{n % 12 + 1:02d}" for n in range(40)]
    page = Page(table_report(write(tmp_path / "s.csv", [row() | {"mes": d} for d in [*dates, *dates[:5], ""]])))
    heading = "Main function by mes"
    assert [line[0] for line in page.tables[heading][1:]] == dates[-36:]
    assert "The latest 36 of 40 months; by: mes." in page.lines[heading]
    assert "Without a value there, and not shown: 1 postings." in page.lines[heading]


def test_titles_beyond_the_limit_are_no_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (counting, table):
        monkeypatch.setattr(module, "MAX_VALUES", 3)
    rows = [row(title_function="brand", title_mismatch="true") | {"puesto": f"t{n}"} for n in range(9)]
    page = Page(table_report(write(tmp_path / "s.csv", rows)))
    assert [line[0] for line in page.tables["Titles that mislead"][1:]] == ["t0", "t1", "t2"]
    assert any("6 postings with further ones are counted together" in line for line in page.lines["Titles that mislead"])


def test_labels_are_shown_as_the_user_wrote_them(tmp_path: Path) -> None:
    rows = [row() | {"部门": d} for d in ("（华东大区）", "(华东大区)", "集团" * 40 + "北区", "集团" * 40 + "南区")]
    page = Page(table_report(write(tmp_path / "s.csv", rows)))
    assert [line[:2] for line in page.tables["Main function by 部门"][1:]] == [
        ["（华东大区）", "2"],
        *(["集团" * 40 + s, "1"] for s in ("北区", "南区")),
    ]

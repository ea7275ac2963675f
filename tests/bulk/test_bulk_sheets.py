"""Workbooks: which sheet holds the table, where it begins, what of it is damaged or has no value."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from bulk_tools import cells, opened

from analyzer.bulk.files import Reading, examine
from analyzer.bulk.readers import read
from analyzer.bulk.streams import Source
from analyzer.errors import ColumnError, TableError


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_a_report_title_above_the_names_is_no_header(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Informe de vacantes"], [], ["id", "text"], [1, "负责运营"], [2, "gestionar la marca"]]
    with pytest.raises(ColumnError, match=r"first row of sheet 's' \('Informe de vacantes'\) holds no names .* begins 'id', 'text' looks"):
        opened(workbook(tmp_path / "t.xlsx", s=rows))
    assert cells(opened(workbook(tmp_path / "t.xlsx", s=[[], *rows[2:]]))[1]) == [[1, "负责运营"], [2, "gestionar la marca"]]


def test_the_sheet_with_the_table_is_found_or_all_are_named(tmp_path: Path) -> None:
    plain: list[list[object]] = [["id", "text"], [1, "负责运营"]]
    path = workbook(tmp_path / "t.xlsx", Sheet=[["x", "y"], [1, 2]], Data=plain)
    table, chunks = opened(path)
    assert (table.sheet, cells(chunks)) == ("Data", [[1, "负责运营"]])
    with pytest.raises(ColumnError, match=r"Its columns: 'x', 'y' .*\[read from sheet 'Sheet'; other sheets: 'A', 'B'; .* --sheet\]"):
        opened(workbook(path, Sheet=[["x", "y"]], A=plain, B=plain))


def test_formulas_without_a_value_are_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", s=[["id", "text"], [1, "负责运营"], [2, '=CONCAT("a","b")'], [], ["=A2", "=B2"], [3, None]])
    source = Source(path)
    chunks = list(read(examine(source, Reading()), 0, source))
    assert cells(chunks) == [[1, "负责运营"], [2, None], [None, None], [3, None]]
    assert chunks[0].faults == {1: "formula_without_value", 2: "formula_without_value"}
    assert "formulas without a value (reason formula_without_value; rows: 2)" in source.notes[0]


def test_a_formula_above_the_names_moves_no_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", s=[['="Informe"'], ["id", "text"], [1, "负责运营"], [2, None], [3, "=A1"], [4, "负责品牌"]])
    chunks = opened(path)[1]
    assert cells(chunks) == [[1, "负责运营"], [2, None], [3, None], [4, "负责品牌"]]
    assert chunks[0].faults == {2: "formula_without_value"}


def cut(path: Path, part: str) -> Path:
    """The workbook with half of one of its parts."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts[part] = parts[part][: len(parts[part]) // 2]
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def test_a_damaged_sheet_stands_in_the_way_of_its_own_rows_alone(tmp_path: Path) -> None:
    plain: list[list[object]] = [["id", "text"], *([n, "负责运营"] for n in range(100))]
    path = workbook(tmp_path / "t.xlsx", Data=plain, Other=plain)
    assert len(cells(opened(cut(path, "xl/worksheets/sheet2.xml"))[1])) == 100
    with pytest.raises(TableError, match=r"sheet 'Data' is damaged after row \d+ \(ParseError\)"):
        opened(cut(path, "xl/worksheets/sheet1.xml"))

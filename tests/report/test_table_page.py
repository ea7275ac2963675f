"""What the page of a table shows: whole names, cut lists that say so, nothing left in English or in codes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from report_tables import Page, row, write

from analyzer.report import table
from analyzer.report.charts import shortened
from analyzer.report.table import table_report


def test_names_in_charts_stay_apart() -> None:
    north, south = "Dirección de Desarrollo Comercial Zona Norte", "Dirección de Desarrollo Comercial Zona Sur"
    short = shortened([north, south, "a" * 40 + "b" + "a" * 40, "a" * 81, "$x"])
    assert len(set(short)) == 5 and all(len(s) <= 26 for s in short)
    assert short[0].endswith("Zona Norte") and short[1].endswith("Zona Sur") and short[3].endswith("(2)") and short[4] == r"\$x"


def test_cut_lists_say_of_how_many(tmp_path: Path) -> None:
    rows = [row() | {"departamento": f"D{n:02d}"} for n in range(20)]
    page = Page(table_report(write(tmp_path / "s.csv", rows)))
    assert "The 15 values with most postings, of 20; by: departamento." in page.lines["Main function by departamento"]
    heading = "How alike the work under different labels is: departamento"
    assert "The 10 values with most postings, of 20; by: departamento." in page.lines[heading]


@pytest.mark.parametrize("ui", ["en", "es", "zh"])
def test_statuses_and_reasons_are_words(tmp_path: Path, ui: str) -> None:
    bad = (("unsupported_language", "en"), ("empty", "no_text"), ("bad_row", "row_too_short"), ("too_long", "over_20000_characters"))
    rows = [{"jd_status": s, "jd_review": "true", "jd_reasons": r} for s, r in bad]
    made = table_report(write(tmp_path / "s.csv", rows), ui=ui)
    page = Page(made)
    shown = str(page.tables) + str(page.lines)
    assert not [code for pair in bad for code in pair if code != "en" and code in shown]
    assert {"en": "English", "es": "inglés", "zh": "英文"}[ui] in shown


def test_the_id_column_is_shown_and_rows_are_explained(tmp_path: Path) -> None:
    page = Page(table_report(write(tmp_path / "s.csv", [row(review="true") | {"编号": "JD-7", "职位": "PR"}])))
    assert page.tables["Postings to review"][1][:2] == ["1", "JD-7 · PR"]
    assert "Row 1 is the first after the line of column names." in page.lines["Postings to review"]


def test_titles_are_compared_once(tmp_path: Path) -> None:
    source = write(tmp_path / "s.csv", [row() | {"puesto": p} for p in ("PR", "CM")])
    made = table_report(source, by=["puesto"])
    assert made.count("<h2") == made.count("<h2 id") and sum("How alike" in h for h in Page(made).tables) == 1


def test_every_reason_that_reading_gives_has_words() -> None:
    from analyzer.bulk import readers

    reasons = (readers.STRAY, readers.TOO_LARGE, readers.TOO_SHORT, readers.TOO_LONG, readers.UNDECODABLE, readers.UNCOMPUTED)
    words = tomllib.loads((Path(table.__file__).parent / "table_messages.toml").read_text(encoding="utf-8"))
    for reason in reasons:
        assert len(set(words[f"why_{reason}"].values())) == 3, reason

"""How alike labels are: what is in common, and what is not told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_tables import Page, row, write

from analyzer.report.table import table_report
from analyzer.report.tally import alike, overlap, spread

HEADING = "How alike the work under different labels is: departamento"


def departments(path: Path) -> Path:
    rows = [row("none", "", mix="0 0 0 1") | {"departamento": d} for d in ("Ventas", "RR. HH.", "Finanzas")]
    rows += [row("marketing", "m.pr", mix="0.4 0 0 0.6") | {"departamento": d} for d in ("Prensa", "Medios")]
    return write(path, rows)


def test_work_of_other_functions_is_not_taken_for_the_same_work(tmp_path: Path) -> None:
    page = Page(table_report(departments(tmp_path / "s.csv")))
    assert page.tables[HEADING][0] == ["departamento", "Finanzas", "Medios", "Prensa", "RR. HH.", "Ventas"]
    assert page.tables[HEADING][1] == ["Finanzas", "100%", "0%", "0%", "0%", "0%"]
    assert page.tables[HEADING][2] == ["Medios", "0%", "100%", "40%", "0%", "0%"]
    assert any("Prensa and Medios" in line or "Medios and Prensa" in line for line in page.lines[HEADING])


@pytest.mark.parametrize(("ui", "said"), [("en", "other functions"), ("es", "otras funciones"), ("zh", "其他职能")])
def test_the_note_says_that_it_is_not_told_apart(tmp_path: Path, ui: str, said: str) -> None:
    made = Page(table_report(departments(tmp_path / "s.csv"), ui=ui))
    assert any(said in line and "--details" in line for lines in made.lines.values() for line in lines)


def test_details_tell_it_apart(tmp_path: Path) -> None:
    rows = [row("none", "", mix="0 0 0 1") | {"departamento": d} for d in ("Ventas", "Comercial", "Finanzas")]
    lines = [
        f'{{"row": {n}, "codes": [{{"code": "{c}", "share": 1.0}}], "steps": []}}'
        for n, c in enumerate(("n.sales", "n.sales", "n.finance"), 1)
    ]
    (tmp_path / "d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    page = Page(table_report(write(tmp_path / "s.csv", rows), details=tmp_path / "d.jsonl"))
    assert page.tables[HEADING][1:] == [
        ["Comercial", "100%", "0%", "100%"],
        ["Finanzas", "0%", "100%", "0%"],
        ["Ventas", "100%", "0%", "100%"],
    ]


def test_no_pair_is_named_where_nothing_is_in_common(tmp_path: Path) -> None:
    rows = [row("marketing", c, mix=m) | {"departamento": d} for d, c, m in (("A", "m.pr", "1 0 0 0"), ("B", "o.user", "0 1 0 0"))]
    page = Page(table_report(write(tmp_path / "s.csv", rows)))
    assert len(page.tables[HEADING]) == 3
    assert not any("A and B" in line or "B and A" in line for line in page.lines[HEADING])


def test_a_label_is_like_itself_whatever_is_known_of_it() -> None:
    mixes = [spread({"marketing": 0.25, "other": 0.75}, ["m.pr"]), spread({"other": 1.0}, []), spread({"other": 1.0}, [])]
    assert overlap(mixes[0], mixes[0]) == 0.25 and overlap(mixes[1], mixes[2]) == 0.0
    assert alike(mixes) == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("ui", "said"), [("en", "each posting counts the same"), ("es", "cada oferta cuenta igual"), ("zh", "每个职位权重相同")]
)
def test_shares_are_said_to_be_means_over_postings(tmp_path: Path, ui: str, said: str) -> None:
    """One posting of nine duties and one of a single duty: each counts the same, and the page says so where it shows shares."""
    rows = [row("marketing", "m.pr") | {"departamento": "A"}, row("operations", "o.user", mix="0 1 0 0") | {"departamento": "A"}]
    rows += [row("brand", "b.strategy", mix="0 0 1 0") | {"departamento": "B"}]
    lines = ['{"row": 1, "codes": [{"code": "m.pr", "share": 1.0}], "steps": []}'] * 9
    lines += [f'{{"row": {n}, "codes": [{{"code": "{c}", "share": 1.0}}], "steps": []}}' for n, c in ((2, "o.user"), (3, "b.strategy"))]
    (tmp_path / "d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    page = Page(table_report(write(tmp_path / "s.csv", rows), details=tmp_path / "d.jsonl", ui=ui))
    first, *_ = page.tables.values()
    assert [line[-1].replace(" ", "") for line in first[1:]] == ["33%", "33%", "33%", "0%"]
    assert sum(any(said in line for line in lines) for lines in page.lines.values()) >= 2
    assert "share of all duties" not in str(page.tables)

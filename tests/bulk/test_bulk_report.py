from __future__ import annotations

import csv
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bulk_fake import FakeFactory
from bulk_tools import texts, write_csv

from analyzer.bulk.layout import JD_COLUMNS
from analyzer.bulk.run import Options, score_files
from analyzer.errors import ColumnError
from analyzer.report.months import month
from analyzer.report.scored import tally
from analyzer.report.table import page, table_report
from analyzer.report.tally import MAX_VALUES, MORE, UNTOLD, Row, Tally, overlap, spread

HEADER = ["公司", "部门", "职位", "月份", *JD_COLUMNS]


def line(company: str, department: str, title: str, when: str, **ours: str) -> list[str]:
    blank = dict.fromkeys(JD_COLUMNS, "")
    return [company, department, title, when, *(blank | {f"jd_{k}": v for k, v in ours.items()}).values()]


def mixed(marketing: float, operations: float, brand: float, other: float = 0.0) -> dict[str, str]:
    return {"mix_marketing": str(marketing), "mix_operations": str(operations), "mix_brand": str(brand), "mix_other": str(other)}


def scored(path: Path) -> Path:
    """Three companies: B's marketing department does what A's operations department does."""

    def ok(company: str, department: str, title: str, when: str, primary: str, codes: str, promised: str, **more: str) -> list[str]:
        ours = {"status": "ok", "review": "false", "model": "zh-1", "functions": primary} | more
        ours |= {"primary": primary, "subfunctions": codes, "title_function": promised}
        return line(company, department, title, when, **ours, title_mismatch=str(promised != primary).lower())

    unsure = {"review": "true", "reasons": "close_scores", "probability": "0.51", "functions": "marketing brand"}
    rows = [
        ok("A", "市场部", "市场专员", "2026-01-05", "marketing", "m.events m.pr", "marketing", **mixed(1, 0, 0)),
        ok("A", "运营部", "用户运营", "2026-02-05", "operations", "o.user o.product", "operations", **mixed(0, 1, 0)),
        ok("B", "企划部", "品牌专员", "2026/2/7", "operations", "o.user o.product", "brand", **mixed(0, 1, 0)),
        ok("B", "品牌部", "=品牌专员<i>", "2026-02-28", "marketing", "m.pr b.strategy", "brand", **unsure, **mixed(0.5, 0, 0.5)),
        line("C", "", "x", "", status="bad_row", review="true", reasons="row_too_short"),
    ]
    return write_csv(path, HEADER, rows)


def test_counts_are_those_of_the_table(tmp_path: Path) -> None:
    counted = tally(scored(tmp_path / "s.csv"))
    assert (counted.rows, counted.total.ok, counted.review) == (5, 4, 2)
    assert counted.status == {"ok": 4, "bad_row": 1}
    assert counted.total.primary == {"marketing": 2, "operations": 2}
    assert counted.functions == {"marketing": 2, "operations": 2, "brand": 1}
    assert counted.codes["o.user"] == 2 and counted.codes["b.strategy"] == 1
    assert list(counted.by) == ["部门", "公司", "月份"]
    assert {m: g.ok for m, g in counted.by["月份"].items()} == {"2026-01": 1, "2026-02": 3, "": 0}
    assert counted.total.mismatch == 2
    assert counted.titles["品牌专员"].promised == {"brand": 1}
    assert [r.number for r in counted.reviewed] == [4, 5]


def test_overlap_shows_departments_that_do_the_same_under_other_names(tmp_path: Path) -> None:
    groups = tally(scored(tmp_path / "s.csv")).by["部门"]
    shares = {name: group.shares() for name, group in groups.items()}
    assert overlap(shares["运营部"], shares["企划部"]) == 1.0
    assert overlap(shares["市场部"], shares["运营部"]) == 0.0
    assert overlap(shares["市场部"], shares["品牌部"]) == overlap(shares["品牌部"], shares["市场部"]) == 0.5
    assert shares["市场部"] == {"m.events": 0.5, "m.pr": 0.5}


def test_shares_of_codes_follow_the_mix() -> None:
    assert spread({"marketing": 0.5, "operations": 0.2, "brand": 0.0, "other": 0.3}, ["m.pr", "m.media", "o.user"]) == {
        "m.pr": 0.25, "m.media": 0.25, "o.user": 0.2, UNTOLD: 0.3,
    }  # fmt: skip
    assert [month(v) for v in ("2026-03-01", "2026/3/1", "2026年3月", "soon")] == ["2026-03", "2026-03", "2026-03", "soon"]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._text = []
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        self.ids += [v for k, v in attrs if k == "id" and v]

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.tables[-1][-1].append("".join(self._text))
        elif tag == "h2":
            self.headings.append("".join(self._text))


def read(made: str) -> Reader:
    reader = Reader()
    reader.feed(made)
    return reader


def test_the_page_stands_alone_and_says_all_in_tables_too(tmp_path: Path) -> None:
    made = table_report(scored(tmp_path / "s.csv"))
    seen = read(made)
    assert not {"script", "link", "img", "iframe", "image"} & seen.tags
    assert not re.findall(r"(?:src|href)=\"(?!#)", made)
    assert "@import" not in made and "url(http" not in made
    assert len(seen.ids) == len(set(seen.ids))
    assert made.count("<svg ") == made.count('role="img" aria-label=') >= 6
    tables = dict(zip([t[0][0] for t in seen.tables], seen.tables, strict=True))
    assert tables["Function"][1:] == [
        ["Marketing", "2 (50%)", "2 (50%)", "38%"],
        ["Operations", "2 (50%)", "2 (50%)", "50%"],
        ["Brand", "0 (0%)", "1 (25%)", "12%"],
        ["none of the three", "0 (0%)", "–", "0%"],
    ]
    assert ["2026-02", "3", "33%", "67%", "0%", "0%"] in seen.tables[3]
    assert ["品牌专员", "Brand", "Operations", "1 / 1"] in tables["title"]
    assert tables["row"][1] == ["4", "=品牌专员<i>", "Marketing", "51%", "close scores"]
    assert "=品牌专员<i>" not in made and html.escape("=品牌专员<i>") in made
    assert "The work under 企划部 and 运营部 is 100% the same." in made
    assert "Without a result: damaged row (1)." in made


@pytest.mark.parametrize(("ui", "heading"), [("en", "Titles that mislead"), ("es", "Títulos que engañan"), ("zh", "名不副实的职位名称")])
def test_the_page_in_three_languages(tmp_path: Path, ui: str, heading: str) -> None:
    made = table_report(scored(tmp_path / "s.csv"), ui=ui)
    assert heading in read(made).headings
    assert "{" not in re.sub(r"<style.*?</style>|<svg.*?</svg>", "", made, flags=re.DOTALL)


def test_the_same_table_gives_the_same_page(tmp_path: Path) -> None:
    path = scored(tmp_path / "s.csv")
    assert table_report(path) == table_report(path)


def test_jsonl_and_details_tell_exact_shares_and_steps(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["id", "部门", "text"], [[n, "ab"[n % 2], t] for n, t in enumerate(texts(30))])
    score_files([source], tmp_path / "s.jsonl", factory=FakeFactory(), id="id")
    for details in ("d.parquet", "d.jsonl"):
        score_files([source], tmp_path / "s.csv", factory=FakeFactory(), id="id", options=Options(details=tmp_path / details))
        counted = tally(tmp_path / "s.csv", details=tmp_path / details)
        assert counted.steps_known == 30
        assert counted.by["部门"]["a"].shares() == {"m.pr": 1.0}
    records = tally(tmp_path / "s.jsonl")
    assert records.by["部门"]["a"].codes == counted.by["部门"]["a"].codes
    assert records.total.primary == counted.total.primary
    assert records.rows == 30


def test_every_format_gives_the_same_report(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["部门", "title", "text"], [["ab"[n % 2], "运营", t] for n, t in enumerate(texts(12))])
    pages = set()
    for name in ("s.csv", "s.tsv", "s.xlsx", "s.parquet", "s.csv.gz"):
        score_files([source], tmp_path / name, factory=FakeFactory())
        pages.add(table_report(tmp_path / name).replace(name, "NAME"))
    assert len(pages) == 1


def test_columns_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = scored(tmp_path / "s.csv")
    with pytest.raises(ColumnError, match=r"no column 'city' \(--by\)"):
        tally(path, by=["city"])
    assert list(tally(path, by=["职位"]).by) == ["职位"]
    unscored = write_csv(tmp_path / "u.csv", ["id", "text"], [["1", "x"]])
    with pytest.raises(ColumnError, match=r"u\.csv is no scored table: it has no column 'jd_status'"):
        tally(unscored)


def test_a_table_without_rows_has_a_page(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerow(HEADER)
    assert "What 0 job postings really are" in table_report(path)
    assert "No title disagrees" in table_report(path)
    assert "There is no column of titles" in page(Tally(), "x")


def test_memory_stays_flat_however_many_values_a_column_has() -> None:
    counted = Tally()
    for n in range(MAX_VALUES + 50):
        counted.add(Row(n, "ok", "brand", title=f"t{n}", values={"c": f"v{n}"}))
    assert len(counted.titles) == len(counted.by["c"]) == MAX_VALUES + 1
    assert counted.titles[MORE].ok == 50
    assert MORE not in dict(counted.largest(counted.titles))

"""Records of a CSV: well-formed ones as the csv module reads them; a quote that never closes swallows no rows."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bulk_fake import FakeFactory
from bulk_tools import read_csv

from analyzer.bulk.dialect import Dialect, find_dialect
from analyzer.bulk.files import Reading, examine
from analyzer.bulk.readers import read
from analyzer.bulk.records import STRAY, TOO_LARGE, Records
from analyzer.bulk.run import Event, Options, score_files
from analyzer.bulk.streams import Source
from analyzer.settings import TABLE_LIMITS


def records(text: str, width: int | None = None, dialect: Dialect | None = None, limit: int = 10_000) -> list[tuple[list[str], str | None]]:
    return list(Records(io.StringIO(text, newline=""), dialect or Dialect(), limit, width))


@pytest.mark.parametrize("dialect", [Dialect(), Dialect(";"), Dialect("\t", "'"), Dialect(",", '"', "\\")])
def test_well_formed_records_are_read_as_the_csv_module_reads_them(dialect: Dialect) -> None:
    dice = random.Random(5)
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, quoting=quoting, **dialect.options())  # type: ignore[arg-type]
        rows = [["".join(dice.choices("ab\"'\n\r,;\t负", k=dice.randrange(9))) for _ in range(3)] for _ in range(400)]
        writer.writerows(rows)
        assert [(r, None) for r in rows] == records(stream.getvalue(), 3, dialect)


def test_a_quote_that_never_closes_is_a_character_and_the_rows_after_it_are_rows() -> None:
    rest = "".join(f'{n},"text, {n}\nand more",A\n' for n in range(50))
    text = 'id,text,dep\n1,"负责，\n品牌",A\n2,"负责定位,A\n3,plain,A\n'
    found = records(text, 3)
    assert [f for _, f in found] == [None, None, STRAY, None]
    assert found[2][0] == ["2", '"负责定位', "A"]
    found = records(text + rest, 3)
    assert [f for _, f in found] == [None, None, STRAY, None] + [None] * 50
    assert found[-1][0] == ["49", "text, 49\nand more", "A"]


def test_a_quote_in_the_last_column_joins_no_rows() -> None:
    assert records('id,text\n1,"one\n2,two\n3,"three"\n', 2) == [
        (["id", "text"], None), (["1", '"one'], STRAY), (["2", "two"], None), (["3", "three"], None),
    ]  # fmt: skip
    assert records('id,text\n1,"a\nb\n2,two\n', 2) == [(["id", "text"], None), (["1", '"a'], STRAY), (["b"], None), (["2", "two"], None)]


def test_a_cell_over_several_lines_with_loose_quotes_is_left_as_it_was() -> None:
    text = '1,"line one\nsays "hello" and more\nend",A\n2,b,A\n'
    plain = list(csv.reader(io.StringIO(text, newline="")))
    assert [r for r, _ in records(text, 3)] == plain


def test_whatever_the_quotes_nothing_is_lost_and_it_ends() -> None:
    dice = random.Random(9)
    for _ in range(1500):
        text = "".join(dice.choices('ab",\n', (5, 5, 4, 4, 2), k=dice.randrange(80)))
        found = records(text, 2, limit=dice.choice((8, 1000)))
        letters = "".join(c for r, _ in found for c in r if c)
        assert [c for c in letters if c in "ab"] == [c for c in text if c in "ab"]
    many = '1,"a' + ',"a' * 3000 + "\n" + "2,b\n" * 3000
    assert len(records(many, 2, limit=100_000)) == 3001


def test_a_cell_over_the_limit_costs_its_row_alone(tmp_path: Path) -> None:
    found = records("id,text\n1," + "x" * 200 + '\n2,"' + "y" * 200 + '"\n3,z\n', 2, limit=100)
    assert [(len(r[1]), f) for r, f in found] == [(4, None), (200, TOO_LARGE), (200, TOO_LARGE), (1, None)]
    found = records('id,text\n1,"open\n' + "2,more\n" * 100, 2, limit=100)
    assert [f for _, f in found] == [None, STRAY] + [None] * 100
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in ("a", "b" * 200, "c")), encoding="utf-8")
    limits = replace(TABLE_LIMITS, max_cell_characters=100)
    assert [c.faults for c in read(examine(Source(path), Reading(), limits), 0, Source(path), limits)] == [{1: TOO_LARGE}]


def test_delimiter_of_a_table_with_a_stray_quote_is_found() -> None:
    head = "id;text;dep\n1;\"负责'品牌' 定位;A\n" + "2;负责, 品牌;A\n" * 9
    assert find_dialect(head, True) == Dialect(";")


def test_a_run_tells_where_the_quote_stands_and_scores_every_row(tmp_path: Path) -> None:
    path, out = tmp_path / "q.csv", tmp_path / "o.csv"
    path.write_text("id,text,dep\n" + "".join(f"{n},{chr(34) if n == 10 else ''}负责品牌；{n},A\n" for n in range(100)), encoding="utf-8")
    for rows in (500, 3):
        summary = score_files([path], out, options=Options(workers=0), factory=FakeFactory(), limits=replace(TABLE_LIMITS, chunk_rows=rows))
        assert summary.rows == 100
        assert summary.counts["status"] == {"ok": 100}
        assert summary.counts["reasons"] == {STRAY: 1}
        assert "the first in row 11, which begins in line 12" in summary.notes[0]
        row = read_csv(out)[10]
        assert (row["text"], row["jd_review"], row["jd_reasons"]) == ('"负责品牌；10', "true", STRAY)


def test_a_run_stopped_within_a_table_with_stray_quotes_goes_on_byte_for_byte(tmp_path: Path) -> None:
    path, whole, stopped = tmp_path / "q.csv", tmp_path / "whole.csv", tmp_path / "stopped.csv"
    rows = [
        f"{n},{chr(34) if n % 17 == 10 else ''}负责品牌；{n},A\n" + (f'x{n},"two\nlines",B\n' if n % 5 == 0 else "") for n in range(100)
    ]
    path.write_text("id,text,dep\n" + "".join(rows), encoding="utf-8")
    limits = replace(TABLE_LIMITS, chunk_rows=4)
    first = score_files([path], whole, options=Options(workers=0), factory=FakeFactory(), limits=limits)

    def stop(event: Event) -> None:
        if event.rows >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_files([path], stopped, options=Options(workers=0), factory=FakeFactory(), limits=limits, on_event=stop)
    again = score_files([path], stopped, options=Options(workers=0), factory=FakeFactory(), limits=limits)
    assert (again.resumed_rows, again.rows) == (40, 120)
    assert stopped.read_bytes() == whole.read_bytes()
    assert again.notes == first.notes
    assert again.counts["reasons"] == {STRAY: 6}


@pytest.mark.parametrize("line", ['x"y,"z\n', '27" LED,"vendedor de tienda\n'])
def test_a_fault_in_every_line_reads_no_further_than_the_next(line: str) -> None:
    given = 0

    def lines() -> Iterator[str]:
        nonlocal given
        yield "id,text\n"
        for given in range(1, 2_001):  # noqa: B007
            yield line

    found = Records(lines(), Dialect(), 10_000_000, 2)
    next(found)
    for row in range(1, 2_000):
        cells, fault = next(found)
        assert (",".join(cells) + "\n", fault) == (line, STRAY)
        assert given <= row + 2, "lines read ahead"


def test_a_record_that_goes_on_and_on_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.bulk.records.LOOSE", 100)
    text = '1,"a"b,"c,d\n' + '2,"a,"\n' * 200
    rows = records(text, 2)
    assert rows[:2] == [(["1", "ab", '"c', "d"], STRAY), (["2", "a,"], None)]
    assert len(rows) == 201


@pytest.mark.parametrize("dialect", [Dialect(), Dialect(";"), Dialect("\t")])
def test_blanks_may_stand_behind_a_closing_quote(dialect: Dialect) -> None:
    mark = dialect.delimiter
    text = f'1{mark}"ventas\nmarketing{mark} digital" \n2{mark}b c\n'
    assert records(text, 2, dialect) == [(["1", f"ventas\nmarketing{mark} digital "], None), (["2", "b c"], None)]

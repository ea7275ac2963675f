from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from bulk_fake import FakeFactory
from bulk_tools import read_csv, texts, write_csv

from analyzer.bulk import score_files, score_table
from analyzer.bulk.layout import JD_COLUMNS, csv_cell
from analyzer.bulk.scoring import Cache, Posting
from analyzer.errors import ColumnError, TableError
from analyzer.settings import TABLE_LIMITS


def test_rows_index_and_columns_stay_and_ours_follow() -> None:
    df = pd.DataFrame({"n": [3, 1, 2], "descripción": texts(3)}, index=["x", "y", "z"])
    out = score_table(df, factory=FakeFactory())
    assert list(out.columns) == ["n", "descripción", *JD_COLUMNS]
    pd.testing.assert_frame_equal(out[["n", "descripción"]], df)
    assert str(out["jd_probability"].dtype) == "float64"
    assert str(out["jd_review"].dtype) == "boolean"
    assert "jd_status" not in df


def test_the_numbers_are_those_of_the_command_line(tmp_path: Path) -> None:
    rows = [[n, t] for n, t in enumerate([*texts(20), ""])]
    source = write_csv(tmp_path / "in.csv", ["id", "text"], rows)
    score_files([source], tmp_path / "out.csv", factory=FakeFactory(), limits=replace(TABLE_LIMITS, chunk_rows=6))
    out = score_table(pd.read_csv(source), text="text", factory=FakeFactory())
    for written, made in zip(read_csv(tmp_path / "out.csv"), out.to_dict("records"), strict=True):
        for column in JD_COLUMNS:
            value = made[column]
            assert written[column] == csv_cell(None if pd.isna(value) else value), column


def test_empty_frames_missing_values_and_doubled_names() -> None:
    empty = score_table(pd.DataFrame({"text": pd.Series([], dtype="string")}), factory=FakeFactory())
    assert list(empty.columns) == ["text", *JD_COLUMNS]
    assert len(empty) == 0
    df = pd.DataFrame({"text": ["负责运营", None, float("nan"), pd.NA]})
    assert score_table(df, factory=FakeFactory())["jd_status"].tolist() == ["ok", "empty", "empty", "empty"]
    doubled = pd.DataFrame([["负责运营", "a", "b"]], columns=["text", "x", "x"])
    assert list(score_table(doubled, factory=FakeFactory()).columns)[:3] == ["text", "x", "x"]
    index = pd.DataFrame({"text": texts(2)}, index=[7, 7])
    assert score_table(index, factory=FakeFactory()).index.tolist() == [7, 7]


def test_columns_that_are_missing_or_taken_are_told() -> None:
    df = pd.DataFrame({"a": ["x"], "b": ["y"]})
    with pytest.raises(ColumnError, match="name it with text="):
        score_table(df, factory=FakeFactory())
    with pytest.raises(ColumnError, match="no column 'c'"):
        score_table(df, text="c", factory=FakeFactory())
    with pytest.raises(TableError, match="choose another prefix="):
        score_table(df.assign(jd_status=""), text="a", factory=FakeFactory())
    out = score_table(df.assign(jd_status="mine"), text="a", prefix="x_", factory=FakeFactory())
    assert out["jd_status"].tolist() == ["mine"]
    assert out["x_status"].tolist() == ["ok"]


def test_a_column_is_named_by_whatever_labels_it() -> None:
    df = pd.DataFrame([["x", "负责运营", "品牌经理"]])
    out = score_table(df, text=1, title=2, factory=FakeFactory())
    assert out["jd_status"].tolist() == ["ok"]
    assert list(out.columns)[:3] == [0, 1, 2]
    named = df.set_axis(["a", "text", "title"], axis=1)
    assert score_table(named, text=None, factory=FakeFactory())["jd_status"].tolist() == ["ok"]
    for wrong in (named["text"], Path("in.csv"), [named["text"]]):
        with pytest.raises(ColumnError, match="given by their names"):
            score_table(named, text=wrong, factory=FakeFactory())  # type: ignore[arg-type]


def test_texts_and_titles_are_told_apart_in_the_cache() -> None:
    pairs = [("负责\0运营", ""), ("负责", "运营\0"), ("负责", "运营")]
    assert len({Cache.key(Posting(text, title)) for text, title in pairs}) == 3

"""Models with a function of the user's own: its columns come last, the others stay, and the report counts it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from bulk_fake import FakeFactory, FakeScorer
from bulk_tools import read_jsonl, write_csv

from analyzer.analysis import Analysis, Duty
from analyzer.bulk.frame import score_table
from analyzer.bulk.layout import JD_COLUMNS, detail_types, jd_columns, jd_types
from analyzer.bulk.run import Options, score_files
from analyzer.errors import TableError
from analyzer.pipeline.places import own_functions
from analyzer.profiles import load_profiles
from analyzer.report.scored import tally
from analyzer.report.table import table_report
from analyzer.report.tally import spread

OURS = [*JD_COLUMNS, "jd_growth", "jd_mix_growth"]
TEXTS = ["搭建增长模型，提升裂变；", "维护媒体关系；", "", "Definir la estrategia de marca."]


class GrowingScorer(FakeScorer):
    """Scores Chinese postings for growth as well; its Spanish model is the shipped one, and knows three functions."""

    def analyze_many(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        for result in super().analyze_many(items):
            if not result.ok or result.duties[0].text.isascii():
                yield result
                continue
            old = result.duties[0]
            duty = Duty(old.start, old.end, old.text, "growth", "w.users", (("w.users", 1.0),), 0.9, {**old.weights, "growth": 0.7})
            told = {"marketing": 0.1, "operations": 0.0, "brand": 0.0, "growth": 0.9}
            yield replace(
                result, primary="growth", probability={"growth": 0.8}, functions=("growth",),
                scores={**result.scores, "growth": 0.75}, mix={**told, "other": 0.0}, duties=(duty,),
            )  # fmt: skip


@dataclass(frozen=True)
class GrowingFactory(FakeFactory):
    def __call__(self) -> GrowingScorer:
        return GrowingScorer()

    def own_functions(self) -> tuple[str, ...]:
        return ("growth",)


def scored(tmp_path: Path, name: str, **options: Any) -> Path:
    source = write_csv(tmp_path / "in.csv", ["text", "departamento"], [[t, "Growth"] for t in TEXTS])
    score_files([source], tmp_path / name, factory=GrowingFactory(), options=Options(**options))
    return tmp_path / name


def test_the_shipped_columns_and_their_order_stay() -> None:
    assert jd_columns() == JD_COLUMNS and jd_columns(["growth"]) == tuple(OURS)
    assert list(jd_types(["growth"]).values())[-2:] == ["double", "double"]
    assert list(detail_types(["growth"]))[-1] == "weight_growth" and list(detail_types())[-1] == "model"


def test_rows_of_every_format_have_its_columns_last(tmp_path: Path) -> None:
    with scored(tmp_path, "out.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    assert header == ["text", "departamento", *OURS]
    assert [r[-2:] for r in rows] == [["0.75", "0.9"], ["0.75", "0.9"], ["", ""], ["", ""]]
    assert rows[0][header.index("jd_subfunctions")] == "w.users" and rows[0][header.index("jd_primary")] == "growth"
    sheet = list(openpyxl.load_workbook(scored(tmp_path, "out.xlsx")).active.iter_rows(values_only=True))
    assert list(sheet[0][2:]) == OURS and sheet[1][-2:] == (0.75, 0.9)
    table = pq.read_table(scored(tmp_path, "out.parquet", details=tmp_path / "duties.parquet"))
    assert table.column_names[2:] == OURS and table.column("jd_growth").to_pylist() == [0.75, 0.75, None, None]
    again = tmp_path / "again.parquet"
    pq.write_table(table.select(["text"]), tmp_path / "in.parquet")
    score_files([tmp_path / "in.parquet"], again, factory=GrowingFactory())
    assert pq.read_table(again).column("jd_mix_growth").to_pylist() == [0.9, 0.9, None, None]
    assert pq.read_table(tmp_path / "duties.parquet").column("weight_growth").to_pylist() == [0.7, 0.7, None]
    assert [r["scores"].get("growth") for r in read_jsonl(scored(tmp_path, "out.jsonl")) if r["status"] == "ok"] == [0.75, 0.75, None]


def test_a_frame_has_them_too() -> None:
    out = score_table(pd.DataFrame({"text": TEXTS}), factory=GrowingFactory())
    assert list(out.columns) == ["text", *OURS] and out["jd_growth"].dtype == "float64"
    assert out["jd_growth"].fillna(-1).tolist() == [0.75, 0.75, -1, -1]


def test_a_column_of_the_user_s_is_not_overwritten(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["text", "jd_growth"], [["x", "1"]])
    with pytest.raises(TableError, match="jd_growth"):
        score_files([source], tmp_path / "out.csv", factory=GrowingFactory())


def test_the_shipped_models_have_none(tmp_path: Path) -> None:
    assert own_functions() == () and own_functions(tmp_path) == ()
    (tmp_path / "es" / "jd_functions").mkdir(parents=True)
    (tmp_path / "es" / "config.cfg").touch()
    for content, told in (('{"own_functions": [["growth", "w"]]}', ("growth",)), ("[]", ()), ("{", ()), ('{"own_functions": 3}', ())):
        (tmp_path / "es" / "jd_functions" / "settings.json").write_text(content, encoding="utf-8")
        assert own_functions(tmp_path) == told


def test_the_report_counts_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "growth.toml").write_text(
        '[functions.growth]\nprefix = "w"\nname = { en = "Growth team" }\n[subfunctions."w.users"]\nname = { en = "User growth" }\n',
        encoding="utf-8",
    )
    profiles = load_profiles(tmp_path / "growth.toml")
    for name in ("out.csv", "out.jsonl"):
        source = scored(tmp_path, name)
        counted = tally(source, profiles=profiles)
        assert counted.own == ["growth"] and counted.total.primary["growth"] == 2 and counted.codes["w.users"] == 2
        made = table_report(source, ui="en", profiles=profiles)
        assert re.search(r"Growth team</t[hd]>\s*<td[^>]*>2 \(67%\)</td>\s*<td[^>]*>2 \(67%\)", made)
        assert "User growth" in made and "2 (67%)" in made
    assert "growth" in table_report(tmp_path / "out.csv")


def test_a_mix_is_spread_over_the_codes_of_its_function() -> None:
    mix = {"marketing": 0.5, "operations": 0.0, "brand": 0.0, "growth": 0.5, "other": 0.0}
    assert spread(mix, ["m.pr", "w.users", "w.data"]) == {"m.pr": 0.5, "w.users": 0.25, "w.data": 0.25}

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bulk_fake import FakeFactory
from bulk_tools import read_csv, texts, write_csv

from analyzer.bulk import score_files
from analyzer.bulk.layout import JD_COLUMNS, csv_cell
from analyzer.errors import ColumnError, ModelNotFound, SparkError, TableError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not on this machine"),
    # Spark's own files warn of what it calls in pandas and the standard library.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: pip install 'jd-analyzer[spark]'")
    home = Path(__file__).parent
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    path = os.pathsep.join([str(home), *[p for p in sys.path if p]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            sql.SparkSession.builder.master("local[2]")
            .appName("jd-analyzer tests")
            .config("spark.ui.enabled", "false")
            .config("spark.executorEnv.PYTHONPATH", path)
            .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "7")
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate()
        )
    yield session
    session.stop()


def compared(frame: Any, written: list[dict[str, str]]) -> None:
    rows = sorted((r.asDict() for r in frame.collect()), key=lambda r: r["id"])
    assert len(rows) == len(written)
    for row, line in zip(rows, written, strict=True):
        for column in JD_COLUMNS:
            assert csv_cell(row[column]) == line[column], column


def test_spark_gives_what_the_command_line_gives(spark: Any, tmp_path: Path) -> None:
    from analyzer.bulk.spark import score

    source = write_csv(tmp_path / "in.csv", ["id", "text"], [[n, t] for n, t in enumerate([*texts(40), ""])])
    score_files([source], tmp_path / "out.csv", factory=FakeFactory())
    frame = spark.createDataFrame([(n, t) for n, t in enumerate([*texts(40), ""])], "id long, text string").repartition(3)
    scored = score(frame, text="text", factory=FakeFactory())
    assert scored.columns == ["id", "text", *JD_COLUMNS]
    assert [str(scored.schema[c].dataType) for c in ("id", "jd_brand", "jd_review")] == ["LongType()", "DoubleType()", "BooleanType()"]
    compared(scored, read_csv(tmp_path / "out.csv"))


def test_the_model_is_shipped_with_the_job_and_gives_the_same_numbers(spark: Any, tmp_path: Path) -> None:
    from analyzer.bulk.spark import score
    from analyzer.pipeline.build import find_model

    try:
        home = find_model("zh").parent
    except ModelNotFound:
        pytest.skip("no trained models beside the package")
    source = write_csv(tmp_path / "in.csv", ["id", "text"], [[n, t] for n, t in enumerate(texts(20))])
    score_files([source], tmp_path / "out.csv")
    frame = spark.createDataFrame(list(enumerate(texts(20))), "id long, text string").repartition(2)
    compared(score(frame, text="text", ship=home), read_csv(tmp_path / "out.csv"))


def test_mistakes_are_told_before_anything_runs(spark: Any, tmp_path: Path) -> None:
    from analyzer.bulk.spark import score

    frame = spark.createDataFrame([(1, "a")], "id long, body2 string")
    with pytest.raises(ColumnError, match="name it with text="):
        score(frame, factory=FakeFactory())
    with pytest.raises(SparkError, match="holds no model"):
        score(frame, text="body2", ship=tmp_path)
    for name in ("JD_Status", "jd_status"):
        with pytest.raises(TableError, match=name):
            score(frame.withColumnRenamed("id", name), text="body2", factory=FakeFactory())
    with pytest.raises(ColumnError, match="one name"):
        score(frame.toDF("Body", "body"), text="body", factory=FakeFactory())


def test_a_column_may_have_a_dot_in_its_name(spark: Any) -> None:
    from analyzer.bulk.spark import score

    frame = spark.createDataFrame([(1, texts(1)[0])], "id long, text string").toDF("company.id", "job.`text`")
    scored = score(frame, text="job.`text`", factory=FakeFactory())
    assert scored.columns == ["company.id", "job.`text`", *JD_COLUMNS]
    row = scored.collect()[0]
    assert (row[0], row[1], row["jd_status"]) == (1, texts(1)[0], "ok")

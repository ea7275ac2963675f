"""The same scoring on a Spark cluster: `mapInPandas` over `score_table`.

    >>> from analyzer.bulk.spark import score
    >>> scored = score(spark.read.parquet("hdfs:///postings"), text="description")
    >>> scored.write.parquet("hdfs:///scored")

The executors need jd-analyzer; where they lack its models, `ship=` sends a directory of them with the job.
"""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.bulk.columns import PYTHON, Columns, asked_for, find_columns
from analyzer.bulk.layout import jd_types, renamed
from analyzer.bulk.scoring import Scorer
from analyzer.bulk.worker import AnalyzerFactory, check_prefix, own_functions
from analyzer.errors import ColumnError, SparkError
from analyzer.pipeline.places import own_functions as models_own_functions

if TYPE_CHECKING:
    import pandas as pd

SHIPPED = "jd_models"
_count = itertools.count(1)


@dataclass(frozen=True)
class ShippedFactory(AnalyzerFactory):
    """Finds the models among the files that came with the job."""

    archive: str = SHIPPED
    own: tuple[str, ...] = ()

    def own_functions(self) -> tuple[str, ...]:
        """As the driver found them in the models it sent."""
        return self.own

    def __call__(self) -> Scorer:
        """A new Analyzer over the shipped models. Raises SparkError where they did not arrive."""
        from pyspark import SparkFiles

        home = Path(SparkFiles.get(self.archive))
        if not home.is_dir():
            raise SparkError(
                f"the models did not arrive on this executor as {self.archive!r}; give ship= the directory that holds zh and es"
            )
        return AnalyzerFactory(str(home), self.prior)()


def score(
    df: Any,
    text: str | Sequence[str] = (),
    *,
    title: str | None = None,
    language: str | None = None,
    guess: bool = True,
    prefix: str = "jd_",
    cache: bool = True,
    models: str | None = None,
    ship: str | Path | None = None,
    factory: Callable[[], Scorer] | None = None,
) -> Any:
    """A Spark DataFrame with the `jd_` columns behind its own; see `analyzer.bulk.score_table` for the arguments.

    models: a directory with `zh` and `es` at the same path on every executor; ship: one on the driver, sent with the
    job; neither: the models installed with jd-analyzer on the executors. Nothing runs before an action is called.
    Raises ColumnError, TableError, SparkError.
    """
    header = list(df.columns)
    columns = find_columns(header, asked_for(text, title, language), "the table", guess, PYTHON)
    maker = factory or (_sent(df.sparkSession, Path(ship)) if ship else AnalyzerFactory(models))
    own = own_functions(maker)
    check_prefix(header, prefix, own, PYTHON, cased=False)
    if len({name.casefold() for name in header}) < len(header):
        raise ColumnError("two columns of the table have one name, as Spark reads names; rename one (df.toDF or withColumnRenamed)")
    score_batches = _Batches(columns, prefix, cache, maker, tuple(header))
    # mapInPandas asks for columns by name, and takes a dot in a name for a field of a struct
    plain = df.toDF(*(f"c{n}" for n in range(len(header))))
    return plain.mapInPandas(score_batches, schema=_schema(df.schema, prefix, own))


@dataclass(frozen=True)
class _Batches:
    """What runs on the executors: pandas frames in, scored ones out."""

    columns: Columns
    prefix: str
    cache: bool
    factory: Callable[[], Scorer]
    header: tuple[str, ...]

    def __call__(self, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        from analyzer.bulk.frame import score_table

        for frame in frames:
            frame.columns = list(self.header)  # type: ignore[assignment]
            yield score_table(
                frame,
                self.columns.text,
                title=self.columns.title,
                language=self.columns.language,
                guess=False,
                prefix=self.prefix,
                cache=self.cache,
                factory=self.factory,
            )


def _schema(given: Any, prefix: str, own: Sequence[str]) -> Any:
    """The frame's schema with our columns behind."""
    try:
        from pyspark.sql.types import BooleanType, DoubleType, StringType, StructField, StructType
    except ImportError:
        raise SparkError("Spark's Python package is missing; pip install 'jd-analyzer[spark]'") from None

    kinds = {"string": StringType(), "double": DoubleType(), "boolean": BooleanType()}
    types = jd_types(own)
    ours = [StructField(name, kinds[kind], True) for name, kind in zip(renamed(list(types), prefix), types.values(), strict=True)]
    return StructType([*given.fields, *ours])


def _sent(session: Any, home: Path) -> ShippedFactory:
    """Send a directory of models with the job. Raises SparkError where it holds none."""
    if not any((home / lang / "meta.json").is_file() for lang in ("zh", "es")):
        raise SparkError(f"{home} holds no model zh or es; name the directory that holds them")
    name = f"{SHIPPED}_{next(_count)}"
    # Executors fetch the archive when they first need it, perhaps long after: it stays until this process ends.
    scratch = tempfile.mkdtemp(prefix="jd-analyzer-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    packed = f"{shutil.make_archive(str(Path(scratch) / name), 'zip', home)}#{name}"
    if _is_remote(session):
        session.addArtifact(packed, archive=True)
    else:
        session.sparkContext.addArchive(packed)
    return ShippedFactory(archive=name, own=models_own_functions(home))


def _is_remote(session: Any) -> bool:
    """Whether the session is a Spark Connect client, which has no SparkContext."""
    return "connect" in type(session).__module__

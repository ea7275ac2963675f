"""DataFrames in, DataFrames out: the same scoring for pandas, and for what works on pandas frames (Dask, Spark)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from analyzer.bulk.columns import PYTHON, Columns, asked_for, find_columns
from analyzer.bulk.layout import jd_columns, jd_types, our_cells, renamed
from analyzer.bulk.scoring import Cache, Scorer, posting, remember_lines, score, unswept
from analyzer.bulk.worker import AnalyzerFactory, check_prefix, own_functions
from analyzer.settings import TABLE_LIMITS

if TYPE_CHECKING:
    import pandas as pd

DTYPES = {"string": "string", "double": "float64", "boolean": "boolean"}
"""pandas types of our columns."""


@functools.lru_cache(maxsize=4)
def scorer_of(factory: Callable[[], Scorer]) -> Scorer:
    """The scorer of a factory, made once in a process: models are not loaded again for each piece of a frame."""
    return factory()


def score_table(
    df: pd.DataFrame,
    text: str | int | Sequence[str | int] | None = (),
    *,
    title: str | int | None = None,
    language: str | int | None = None,
    guess: bool = True,
    prefix: str = "jd_",
    cache: bool = True,
    models: str | None = None,
    factory: Callable[[], Scorer] | None = None,
) -> pd.DataFrame:
    """The frame with the `jd_` columns behind its own, rows and index as they were.

    text: column or columns of the posting's text, found by name where plain; title likewise; language: a column that
    says zh or es. guess=False reads no column that is not named. models: directory with the models zh and es. The
    numbers are those of the command line. Raises ColumnError, TableError, ModelNotFound.

        >>> scored = score_table(df, text="description")
        >>> meta = score_table(ddf.head(0), text="description")
        >>> ddf.map_partitions(score_table, text="description", meta=meta)   # Dask
    """
    import pandas as pd

    header = [str(c) for c in df.columns]
    factory = factory or AnalyzerFactory(models)
    own = own_functions(factory)
    check_prefix(header, prefix, own, PYTHON)
    columns = find_columns(header, asked_for(text, title, language), "the table", guess, PYTHON)
    rows = _rows(df, header, columns, factory, cache, own)
    ours = [pd.Series([r[at] for r in rows], index=df.index, dtype=DTYPES[kind]) for at, kind in enumerate(jd_types(own).values())]
    added = pd.concat(ours, axis=1, keys=renamed(jd_columns(own), prefix)) if len(df.index.names) else pd.DataFrame()
    return pd.concat([df, added], axis=1)


def _rows(
    df: pd.DataFrame, header: Sequence[str], columns: Columns, factory: Callable[[], Scorer], cache: bool, own: Sequence[str]
) -> list[list[Any]]:
    """Our cells of all rows."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    if not len(df):
        return []

    def cells(name: str | None) -> list[Any]:
        return [None] * len(df) if name is None else df.iloc[:, header.index(name)].tolist()

    texts = [(t, cells(t)) for t in columns.text]
    titles, languages = cells(columns.title), cells(columns.language)
    items = [posting([(name, values[n]) for name, values in texts], titles[n], languages[n]) for n in range(len(df))]
    kept = Cache(TABLE_LIMITS.cached_texts) if cache else None
    out: list[list[Any]] = []
    scorer = scorer_of(factory)
    remember_lines(scorer, TABLE_LIMITS.cached_lines if cache else 0)
    # Products this small only lose by several threads, and on a busy machine these wait for each other.
    with ThreadpoolController().limit(limits=1):
        for at in range(0, len(items), TABLE_LIMITS.chunk_rows):
            with unswept():
                results = score(scorer, items[at : at + TABLE_LIMITS.chunk_rows], kept, evidence=False)
                out += [our_cells(r, False, own) for r in results]
    return out

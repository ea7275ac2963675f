"""Where the time of scoring goes, stage by stage, in microseconds of processor time a posting."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")


def stages(table: Path, lang: str, rows: int) -> dict[str, float]:
    """Stage → microseconds a posting of a table, each stage run alone over the postings, a batch at a time as the analyzer does."""
    import analyzer
    from analyzer import language
    from analyzer.analyzer import BATCH
    from analyzer.bulk.layout import CsvRows, csv_cell, our_cells
    from analyzer.bulk.scoring import unswept
    from analyzer.reading import Reader
    from analyzer.settings import LIMITS

    jd = analyzer.load()
    nlp = jd.pipeline(lang)
    with table.open(encoding="utf-8", newline="") as stream:
        given = [row for row, _ in zip(csv.DictReader(stream), range(rows), strict=False)]
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        begin = time.process_time()
        out = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - begin
        return out

    list(jd.analyze_many([r["text"] for r in given[:BATCH]]))  # what is made once is made
    language.latin_language("hola")
    results: list[Any] = []
    component: Any = nlp.get_pipe("jd_functions")
    with ThreadpoolController().limit(limits=1), unswept():  # as a worker does: else one stage or another pays for the search for garbage
        for at in range(0, len(given), BATCH):
            texts = [r["text"] for r in given[at : at + BATCH]]
            titles = [r["title"] for r in given[at : at + BATCH]]
            timed("language", lambda: language.find_many(texts, LIMITS, [None] * len(texts)))  # noqa: B023
            pages = timed("tokenizer", lambda: nlp.tokenizer.pages(texts))  # type: ignore[union-attr]  # noqa: B023
            pages.evidence = False
            for name, step in nlp.pipeline:
                timed(name, lambda: step.read(pages))  # type: ignore[attr-defined]  # noqa: B023
            reader = timed("result", lambda: Reader(component, pages, "m", evidence=False))  # noqa: B023
            results += timed("result", lambda: [reader.read(n, title=t, id=None, mixed=False) for n, t in enumerate(titles)])  # noqa: B023
        lines = timed("row", lambda: [[csv_cell(v) for v in our_cells(r, guard=True)] for r in results])
        writer = CsvRows(io.StringIO(), ",")
        timed("CSV out", lambda: [writer.write([*r.values(), *line]) for r, line in zip(given, lines, strict=True)])
    return {name: seconds / len(given) * 1e6 for name, seconds in spent.items()}

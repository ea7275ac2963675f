"""Where the time of scoring goes, stage by stage, in microseconds of processor time a posting."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def _through(component: Any, docs: list[Any]) -> Iterable[Any]:
    return component.pipe(docs, batch_size=64) if hasattr(component, "pipe") else [component(d) for d in docs]


def stages(table: Path, lang: str, rows: int) -> dict[str, float]:
    """Stage → microseconds a posting, each stage run alone over the postings, 64 at a time as the analyzer does."""
    import analyzer
    from analyzer import language
    from analyzer.bulk.layout import csv_cell
    from analyzer.reading import read_doc
    from analyzer.settings import LIMITS

    jd = analyzer.load()
    nlp = jd.pipeline(lang)
    with table.open(encoding="utf-8", newline="") as stream:
        given = [row for row, _ in zip(csv.DictReader(stream), range(rows), strict=False)]
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Iterable[T]]) -> list[T]:
        begin = time.process_time()
        out = list(work())
        spent[name] = spent.get(name, 0.0) + time.process_time() - begin
        return out

    list(jd.analyze_many([r["text"] for r in given[:64]]))  # what is made once is made
    language.latin_language("hola")
    results: list[Any] = []
    for at in range(0, len(given), 64):
        texts = [r["text"] for r in given[at : at + 64]]
        titles = [r["title"] for r in given[at : at + 64]]
        timed("language", lambda texts=texts: [language.find(t, LIMITS) for t in texts])  # type: ignore[misc]
        with nlp.memory_zone():
            docs = timed("tokenizer", lambda texts=texts: [nlp.make_doc(t) for t in texts])  # type: ignore[misc]
            for name, component in nlp.pipeline:
                docs = timed(name, lambda component=component, docs=docs: _through(component, docs))  # type: ignore[misc]
            pairs = list(zip(docs, titles, strict=True))
            results += timed(
                "result",
                lambda pairs=pairs: [read_doc(nlp, d, title=t, id=None, model="m", mixed=False) for d, t in pairs],  # type: ignore[misc]
            )
    lines = timed("row", lambda: [[csv_cell(v) for v in r.to_row().values()] for r in results])
    stream_out = io.StringIO()
    timed("CSV out", lambda: [csv.writer(stream_out).writerow([*r.values(), *line]) for r, line in zip(given, lines, strict=True)])
    return {name: seconds / len(given) * 1e6 for name, seconds in spent.items()}

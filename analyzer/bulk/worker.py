"""What a worker does with a chunk: rows to postings to Analyses to the bytes that go into the output."""

from __future__ import annotations

import functools
import io
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.analysis import Analysis
from analyzer.bulk.columns import COMMAND
from analyzer.bulk.files import Table
from analyzer.bulk.layout import CsvRows, arrow_schema, csv_cell, jd_columns, jd_types, our_cells, plain, renamed, safe, unique
from analyzer.bulk.readers import UNCOMPUTED, UNDECODABLE, Chunk
from analyzer.bulk.records import STRAY
from analyzer.bulk.scoring import Cache, Posting, Scorer, bad, posting, remember_lines, score, unswept, with_reason
from analyzer.bulk.spool import arrow_block, row_line
from analyzer.errors import ModelNotFound, TableError
from analyzer.language import warm

SCORED = (UNDECODABLE, STRAY, UNCOMPUTED)
"""Faults of rows whose text, or another column's, is there all the same: they are scored, and looked at by a person."""


@dataclass(frozen=True)
class AnalyzerFactory:
    """Makes the Analyzer of each worker; see `analyzer.load` for its arguments."""

    models: str | None = None
    prior: tuple[tuple[str, float], ...] = ()

    def __call__(self) -> Scorer:
        """A new Analyzer, all that it opens late opened now: what a start takes is no part of the rate of rows."""
        import analyzer

        warm()
        return analyzer.load(self.models, prior=dict(self.prior) or None)

    def own_functions(self) -> tuple[str, ...]:
        """The functions of a user's own that the models score."""
        from analyzer.pipeline.places import own_functions

        return own_functions(Path(self.models) if self.models else None)

    def fingerprint(self) -> dict[str, str]:
        """Content hashes of the models and what else the scores depend on, so that a changed model is noticed."""
        import hashlib

        import analyzer
        from analyzer.pipeline.build import find_model

        out = {"program": analyzer.__version__, "prior": repr(sorted(self.prior))}
        homes = {}
        for lang in ("zh", "es"):
            try:
                homes[lang] = find_model(lang, Path(self.models) if self.models else None)
            except ModelNotFound:  # who has postings of one language needs one model
                if lang == "es" and not homes:
                    raise
        for lang, home in homes.items():
            digest = hashlib.blake2b(digest_size=16)
            for file in sorted(p for p in home.rglob("*") if p.is_file()):
                digest.update(file.relative_to(home).as_posix().encode() + b"\0")
                digest.update(file.read_bytes())
            out[lang] = digest.hexdigest()
        return out


@dataclass(frozen=True)
class Job:
    """All that the workers need to know. staged: csv, jsonl (the output's bytes themselves), rows or arrow (for `spool`).

    header: the input columns of the output, in order, of all tables. delimiter: of a CSV output. own: the functions of a
    user's own that the models score.
    """

    tables: tuple[Table, ...]
    header: tuple[str, ...]
    staged: str
    factory: Callable[[], Scorer]
    delimiter: str = ","
    prefix: str = "jd_"
    safe_cells: bool = False
    guard: bool = True
    keep_input: bool = True
    details: str | None = None
    cached: int = 0
    lines: int = 0
    own: tuple[str, ...] = ()


@dataclass
class Done:
    """What came of a chunk: bytes for the output and the table of duties, counts, and seconds by stage."""

    number: int
    rows: int
    output: bytes
    details: bytes
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    share: float | None = None


class Worker:
    """Scores chunks of one job; holds one scorer and one cache."""

    def __init__(self, job: Job) -> None:
        """Makes the scorer; raises ModelNotFound, ModelDamaged."""
        self.job = job
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

        self.scorer = job.factory()
        # Made after the scorer, since it knows only of libraries that are loaded.
        self._threads = ThreadpoolController()
        remember_lines(self.scorer, job.lines)
        self.cache = Cache(job.cached) if job.cached else None

    def process(self, chunk: Chunk) -> Done:
        """Score a chunk and lay out its results, computing on one core: there is a worker for each."""
        with self._threads.limit(limits=1), unswept():
            return self._process(chunk)

    def _process(self, chunk: Chunk) -> Done:
        began = time.perf_counter()
        table = self.job.tables[chunk.table]
        rows = Rows(chunk, table)
        hits = self.cache.hits if self.cache else 0
        results = self._score(rows)
        scored = time.perf_counter()
        output = getattr(self, f"_{self.job.staged}")(rows, results)
        details = self._details(rows, results) if self.job.details else b""
        counts = count(results)
        if self.cache:
            counts["cache"] = {"repeated": self.cache.hits - hits}
        ended = time.perf_counter()
        return Done(chunk.number, len(chunk), output, details, counts, {"score": scored - began, "lay out": ended - scored}, chunk.share)

    def _score(self, rows: Rows) -> list[Analysis]:
        items, faults = rows.postings, rows.faults
        whole = [n for n in range(len(items)) if n not in faults or faults[n] in SCORED]
        evidence = self.job.staged == "jsonl" or self.job.details is not None
        results = dict(zip(whole, score(self.scorer, [items[n] for n in whole], self.cache, evidence), strict=True))
        for n, fault in faults.items():
            results[n] = with_reason(results[n], fault) if n in results else bad("bad_row", fault)
        return [results[n] for n in range(len(items))]

    def _csv(self, rows: Rows, results: Sequence[Analysis]) -> bytes:
        stream = io.StringIO(newline="")
        writer = CsvRows(stream, self.job.delimiter)
        for cells, result in zip(rows.cells(self.job.header), results, strict=True):
            given = [c if isinstance(c, str) else csv_cell(c) for c in cells]
            if self.job.safe_cells:
                given = [safe(c) for c in given]
            writer.write(given + [c if isinstance(c, str) else csv_cell(c) for c in our_cells(result, self.job.guard, self.job.own)])
        return stream.getvalue().encode("utf-8", "replace")

    def _jsonl(self, rows: Rows, results: Sequence[Analysis]) -> bytes:
        lines = []
        for n, result in enumerate(results):
            record = {**result.to_dict(), "id": rows.ids[n]}
            for duty, said in zip(result.duties, record.get("duties", ()), strict=True):
                column, start, end = rows.postings[n].place(duty.start, duty.end)
                said.update(column=column, column_start=start, column_end=end)
            line = json.dumps(record, ensure_ascii=False, default=plain)
            if self.job.keep_input:
                # The input's own text, not what was parsed of it: every number stays as it was written.
                line = f'{line[:-1]}, "input": {rows.json(n)}}}'
            lines.append(line + "\n")
        return "".join(lines).encode("utf-8", "replace")

    def _rows(self, rows: Rows, results: Sequence[Analysis]) -> bytes:
        # Without a header (a JSONL's names are known only at its end) cells go by name, else in order.
        given: Sequence[Any] = rows.cells(self.job.header) if self.job.header else rows.named
        lines = []
        for cells, result in zip(given, results, strict=True):
            lines.append(row_line(self._guarded(cells), our_cells(result, self.job.guard, self.job.own)))
        return "".join(lines).encode("utf-8", "replace")

    def _guarded(self, cells: Any) -> Any:
        if not self.job.safe_cells:
            return cells
        if isinstance(cells, dict):
            return {k: safe(v) if isinstance(v, str) else v for k, v in cells.items()}
        return [safe(v) if isinstance(v, str) else v for v in cells]

    def _arrow(self, rows: Rows, results: Sequence[Analysis]) -> bytes:
        import pyarrow as pa

        cells = [our_cells(r, self.job.guard, self.job.own) for r in results]
        schema = arrow_schema(jd_types(self.job.own))
        columns = [pa.array([c[at] for c in cells], type=f.type) for at, f in enumerate(schema)]
        batch = rows.chunk.batch
        names = [*batch.schema.names, *renamed(jd_columns(self.job.own), self.job.prefix)]
        return arrow_block(pa.RecordBatch.from_arrays([*batch.columns, *columns], names=names))

    def _details(self, rows: Rows, results: Sequence[Analysis]) -> bytes:
        lines = []
        for n, result in enumerate(results):
            for duty in result.duties:
                head = {"row": rows.chunk.first + n + 1, "id": rows.ids[n]}
                place = dict(zip(("column", "column_start", "column_end"), rows.postings[n].place(duty.start, duty.end), strict=True))
                steps = [s["step"] for s in result.steps if any(duty.start <= e["start"] and e["end"] <= duty.end for e in s["evidence"])]
                tail = {"steps": steps, "language": result.language, "model": result.model}
                lines.append(json.dumps({**head, **place, **duty.to_dict(), **tail}, ensure_ascii=False, default=plain) + "\n")
        return "".join(lines).encode("utf-8", "replace")


class Rows:
    """The rows of a chunk, whatever their format: postings, ids and cells."""

    def __init__(self, chunk: Chunk, table: Table) -> None:
        """table: the one that the chunk is of."""
        self.chunk, self.table = chunk, table
        self.faults = dict(chunk.faults)
        self._objects: list[dict[str, Any]] = []
        if table.kind == "jsonl":
            self._objects = [self._object(n, line) for n, line in enumerate(chunk.rows)]
        self._columns: dict[str, list[Any]] = {}
        roles = table.columns
        texts = [self.column(t) for t in roles.text]
        empty = [None] * len(chunk)
        titles = self.column(roles.title) if roles.title is not None else empty
        languages = self.column(roles.language) if roles.language is not None else empty
        self.ids: list[Any] = self.column(roles.id) if roles.id is not None else empty
        self.postings: list[Posting] = [
            posting([(name, values[n]) for name, values in zip(roles.text, texts, strict=True)], titles[n], languages[n])
            for n in range(len(chunk))
        ]

    def _object(self, n: int, line: str) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            self.faults[n] = "not_json"
            return {}
        if not isinstance(value, dict):
            self.faults[n] = "not_an_object"
            return {}
        return value

    def column(self, name: str) -> list[Any]:
        """One column's cells; of two of a name the first."""
        if name not in self._columns:
            if self.table.kind == "jsonl":
                found = [o.get(name) for o in self._objects]
            elif self.chunk.batch is not None:
                found = self.chunk.batch.column(self.table.header.index(name)).to_pylist()
            else:
                at = self.table.header.index(name)
                found = [r[at] for r in self.chunk.rows]
            self._columns[name] = found
        return self._columns[name]

    def _lists(self) -> list[list[Any]]:
        """Cells of all rows in the order of the table's own header."""
        if self.chunk.batch is not None:
            return [list(r) for r in zip(*(c.to_pylist() for c in self.chunk.batch.columns), strict=True)]
        return self.chunk.rows

    def cells(self, header: Sequence[str]) -> list[list[Any]]:
        """Cells of all rows in the order of the output's header; empty where this table lacks the column."""
        if self.table.kind == "jsonl":
            return [[o.get(h) for h in header] for o in self._objects]
        if tuple(header) == self.table.header:
            return self._lists()
        places = {name: at for at, name in enumerate(unique(self.table.header))}
        own = [places.get(h) for h in header]
        return [[r[at] if at is not None else None for at in own] for r in self._lists()]

    @functools.cached_property
    def named(self) -> list[dict[str, Any]]:
        """Cells of all rows by name; a line of a JSONL that is no object under `line`."""
        if self.table.kind == "jsonl":
            return [
                o if self.faults.get(n, UNDECODABLE) == UNDECODABLE else {"line": self.chunk.rows[n]} for n, o in enumerate(self._objects)
            ]
        names = unique(self.table.header)
        return [dict(zip(names, r, strict=True)) for r in self._lists()]

    def json(self, n: int) -> str:
        """One row as JSON: a JSONL's line as it was; a line that is not JSON as a string."""
        if self.table.kind == "jsonl":
            line: str = self.chunk.rows[n]
            return json.dumps(line, ensure_ascii=False) if self.faults.get(n) == "not_json" else line
        try:
            return json.dumps(self.named[n], ensure_ascii=False, default=plain, allow_nan=False)
        except ValueError:
            return json.dumps(_finite(self.named[n]), ensure_ascii=False, default=plain)


def _finite(value: Any) -> Any:
    """The value with null for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def count(results: Sequence[Analysis]) -> dict[str, dict[str, int]]:
    """How many of each status, primary function, reason, and title that misleads."""
    return {
        "status": dict(Counter(r.status for r in results)),
        "primary": dict(Counter(r.primary for r in results if r.primary)),
        "reasons": dict(Counter(reason for r in results for reason in r.reasons)),
        "told": {
            "review": sum(1 for r in results if r.review),
            "mismatch": sum(1 for r in results if r.title and r.title.mismatch),
            "titles": sum(1 for r in results if r.title and r.title.function),
        },
    }


def own_functions(factory: Callable[[], Scorer]) -> tuple[str, ...]:
    """The functions of a user's own that a factory's scorers tell; none where it does not say."""
    found = getattr(factory, "own_functions", None)
    return tuple(found()) if found else ()


def check_prefix(
    header: Sequence[str], prefix: str, own: Sequence[str] = (), argument: str = COMMAND, cased: bool = True, where: str = "the table"
) -> None:
    """Raise TableError where the table already has one of our columns: the user's are never overwritten.

    argument: how this user names one; cased: whether names that differ in case alone are two; where: the table's name.
    """
    form = str if cased else str.casefold
    ours = set(map(form, renamed(jd_columns(own), prefix)))
    clash = [h for h in header if form(h) in ours]
    if clash:
        raise TableError(
            f"{where} already has a column {clash[0]!r}, as a scored one has; score the table it was made from, "
            f"take the {prefix}… columns out, or choose another {argument.format('prefix')}"
        )

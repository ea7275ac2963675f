"""A whole run: files in, files out."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from analyzer.bulk import spool
from analyzer.bulk.columns import Columns
from analyzer.bulk.files import Reading, Table, examine, examine_stream, find_sources
from analyzer.bulk.layout import jd_columns, renamed, safe, unique
from analyzer.bulk.pool import cores, scored
from analyzer.bulk.readers import Chunk, read
from analyzer.bulk.scoring import Scorer
from analyzer.bulk.stage import READ_AS, Stage
from analyzer.bulk.streams import Source, with_head
from analyzer.bulk.summary import Summary, write_summary
from analyzer.bulk.targets import check_inputs, find_targets, make_folders, without_outputs
from analyzer.bulk.worker import AnalyzerFactory, Done, Job, check_prefix, own_functions
from analyzer.errors import OutputError, TableError
from analyzer.settings import TABLE_LIMITS, TableLimits


class Factory(Protocol):
    """Makes a scorer in each worker; must be picklable."""

    def __call__(self) -> Scorer:
        """A new scorer."""
        ...

    def fingerprint(self) -> dict[str, str]:
        """All that its scores depend on."""
        ...


@dataclass(frozen=True)
class Options:
    """How the output is to be; see `score_files`."""

    format: str | None = None
    bom: bool = False
    safe_cells: bool = False
    prefix: str = "jd_"
    keep_input: bool = True
    details: str | Path | None = None
    workers: int | None = None
    cache: bool = True
    restart: bool = False
    summary: str | Path | None = None


@dataclass
class Event:
    """Told after each chunk. share: of the input read, 0 to 1, None where it is not known."""

    rows: int
    share: float | None
    counts: Mapping[str, Mapping[str, int]]
    elapsed: float
    scored_now: int


@dataclass
class _Plan:
    sources: list[Source]
    tables: list[Table]
    job: Job
    stage: Stage
    head: bytes
    kind: str
    packed: str | None
    stdin: BinaryIO | None = None
    notes: list[str] = field(default_factory=list)


def score_files(
    inputs: Sequence[str | Path],
    output: str | Path,
    *,
    text: str | Sequence[str] = (),
    title: str | None = None,
    id: str | None = None,
    language: str | None = None,
    reading: Reading | None = None,
    options: Options | None = None,
    factory: Factory | None = None,
    limits: TableLimits = TABLE_LIMITS,
    on_table: Callable[[Table], None] = lambda _: None,
    on_event: Callable[[Event], None] = lambda _: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Score tables of postings into one table with the `jd_` columns added.

    inputs: files or folders, `-` for stdin. output: a path whose name tells the format (csv, tsv, xlsx, parquet,
    jsonl, the text ones also .gz or .zst), or `-` for stdout. text, title, id, language: columns; text and title are
    found by name where plain. factory: makes the scorer of each process. on_table is told what was found of each
    input, on_event how far the run is, on_note what else there is to say beforehand.
    Killed and called again alike, it goes on where it stopped.

    Raises TableError, ColumnError, ResumeError, OutputError, WorkerError, ModelNotFound; KeyboardInterrupt leaves what
    is finished in place to go on from.
    """
    asked = Columns((text,) if isinstance(text, str) else tuple(text), title, id, language)
    reading = reading or Reading()
    if asked != Columns():
        reading = Reading(**{**{k: getattr(reading, k) for k in Reading.__dataclass_fields__}, "columns": asked})
    options, factory = options or Options(), factory or AnalyzerFactory()
    began = time.perf_counter()
    model = factory.fingerprint()
    with ExitStack() as stack:
        plan = _plan(inputs, output, reading, options, factory, limits, stack)
        for note in plan.notes:
            on_note(note)
        for table in plan.tables:
            on_table(table)
        workers = _workers(options.workers, plan, limits)
        summary = Summary(workers=workers)
        stage = stack.enter_context(
            plan.stage.opened(
                _fingerprint(plan, options, model, limits), plan.head, options.restart or not plan.stage.target or plan.stdin is not None
            )
        )
        summary.resumed_rows = stage.progress.rows
        if not stage.complete:
            _go(plan, stage, workers, limits, summary, on_event, began)
            summary.notes += [note for source in plan.sources for note in source.notes]
        stage.finish(lambda: _finished(plan, options, summary))
        _to_stdout(plan)
    summary.rows, summary.counts = stage.progress.rows, stage.progress.counts
    summary.elapsed = time.perf_counter() - began
    summary.outputs = [str(p) for p in (stage.target, stage.details) if p]
    if options.summary:
        write_summary(summary, Path(options.summary))
    return summary


def _plan(
    inputs: Sequence[str | Path],
    output: str | Path,
    reading: Reading,
    options: Options,
    factory: Factory,
    limits: TableLimits,
    stack: ExitStack,
) -> _Plan:
    targets = find_targets(output, options.details, options.summary, options.format)
    target, details = targets.output, targets.details
    if safe(options.prefix) != options.prefix:
        raise TableError(
            f"the prefix {options.prefix!r} would make formulas of our columns' names in a spreadsheet; begin it with a letter"
        )
    found = find_sources(inputs)
    check_inputs(inputs, targets)
    sources, notes = without_outputs(found, targets)
    tables, stdin = _examined(sources, reading, limits, stack)
    header = _header(tables)
    own = own_functions(factory)
    for table in tables:
        check_prefix(table.header, options.prefix, own, where=table.name)
    kind, delimiter = targets.kind, targets.delimiter
    staged = _staged(kind, tables)
    make_folders(targets)
    job = Job(
        tuple(tables),
        tuple(header) if staged in ("csv", "rows") and not any(t.kind == "jsonl" for t in tables) else (),
        staged,
        factory,
        delimiter,
        options.prefix,
        options.safe_cells,
        kind in ("csv", "xlsx"),
        options.keep_input,
        details.suffix if details else None,
        limits.cached_texts if options.cache else 0,
        limits.cached_lines if options.cache else 0,
        own,
    )
    home = _home(target or details, stack)
    named = [safe(h) for h in header] if options.safe_cells else header
    head = spool.csv_head([*named, *renamed(jd_columns(own), options.prefix)], delimiter, options.bom) if staged == "csv" else b""
    if staged == "csv" and not target:
        sys.stdout.buffer.write(head)
        head = b""
    return _Plan(sources, tables, job, Stage(target, details, home), head, kind, targets.packed, stdin, notes)


def _examined(sources: Sequence[Source], reading: Reading, limits: TableLimits, stack: ExitStack) -> tuple[list[Table], BinaryIO | None]:
    """The tables of the sources, and the stream that stdin goes on as, where it is the source."""
    if all(source.path for source in sources):
        return [examine(source, reading, limits) for source in sources], None
    if len(sources) > 1:
        raise TableError("stdin (-) is scored alone; give files, or stdin")
    stream = stack.enter_context(sources[0].open())
    head = stream.read(limits.head_bytes)
    return [examine_stream(head, len(head) < limits.head_bytes, reading)], with_head(head, stream)


def _home(beside: Path | None, stack: ExitStack) -> Path:
    if beside:
        return beside.with_name(beside.name + ".jdpart")
    try:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jd-analyzer-"))) / "stdout.jdpart"
    except OSError as error:
        raise OutputError(
            f"the temporary folder cannot be written ({error.strerror}): make room there, or name another one in the variable TMPDIR"
        ) from None


def _staged(kind: str, tables: Sequence[Table]) -> str:
    """What workers give: the output's own bytes where it can grow line by line, else rows for a spool."""
    if kind == "jsonl":
        return "jsonl"
    if kind == "csv" and not any(t.kind == "jsonl" for t in tables):
        return "csv"
    # Several files' columns are told apart by name.
    apart = len(tables) == 1 or not any(len(set(t.header)) < len(t.header) for t in tables)
    return "arrow" if kind == "parquet" and apart and all(t.kind == "parquet" for t in tables) else "rows"


def _header(tables: Sequence[Table]) -> list[str]:
    """The columns of all tables, in the order they are met; doubled names stay as they are where all tables have the same."""
    if len({t.header for t in tables}) == 1:
        return list(tables[0].header)
    return list(dict.fromkeys(name for t in tables for name in unique(t.header)))


def _workers(asked: int | None, plan: _Plan, limits: TableLimits) -> int:
    if asked is not None:
        return asked
    size = sum(t.size for t in plan.tables)
    return 1 if plan.stdin is None and size < limits.in_process_bytes else cores()


def _fingerprint(plan: _Plan, options: Options, model: Mapping[str, str], limits: TableLimits) -> dict[str, Any]:
    """All that the output's bytes depend on; not how fast they are made."""
    inputs = [{"name": t.name, "content": t.digest, "size": t.size} for t in plan.tables]
    shown = {k: getattr(options, k) for k in ("bom", "safe_cells", "prefix", "keep_input")}
    shown |= {
        "to": plan.kind,
        "packed": plan.packed,
        "staged": plan.job.staged,
        "details": plan.job.details,
        "delimiter": plan.job.delimiter,
    }
    shown |= {"chunk_rows": limits.chunk_rows, "chunk_characters": limits.chunk_characters}
    shown[READ_AS] = [_read_as(t) for t in plan.tables]
    return {"inputs": inputs, "options": shown, "model": dict(model)}


def _read_as(table: Table) -> dict[str, Any]:
    """How a table is read, by names that a refusal to go on can tell."""
    columns = {k: v for k, v in asdict(table.columns).items() if k not in ("guessed", "only")}
    cells = {f"{k} of the input": v for k, v in asdict(table.dialect).items()} if table.dialect else {}
    return {"format": table.kind, **columns, "encoding": table.encoding.name if table.encoding else None, **cells, "sheet": table.sheet}


def _go(
    plan: _Plan, stage: Stage, workers: int, limits: TableLimits, summary: Summary, on_event: Callable[[Event], None], began: float
) -> None:
    direct = plan.job.staged in ("csv", "jsonl")
    timed = _Timed(_chunks(plan, stage.progress.chunks, limits))
    spent = dict.fromkeys(("read", "score", "lay out", "write"), 0.0)
    with closing(cast(Any, scored(plan.job, timed, workers, limits))) as results:
        for done in cast(Iterator[Done], results):
            start = time.perf_counter()
            stage.append(done, direct)
            spent["write"] += time.perf_counter() - start
            for name, seconds in done.seconds.items():
                spent[name] += seconds / max(1, workers)
            summary.scored_now += done.rows
            on_event(Event(stage.progress.rows, done.share, stage.progress.counts, time.perf_counter() - began, summary.scored_now))
    spent["read"] = timed.seconds
    summary.seconds = spent


class _Timed:
    """Chunks, and the seconds their reading took."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks, self.seconds = chunks, 0.0

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        start = time.perf_counter()
        try:
            return next(self._chunks)
        finally:
            self.seconds += time.perf_counter() - start


def _chunks(plan: _Plan, skip: int, limits: TableLimits) -> Iterator[Chunk]:
    """The chunks of all tables, numbered through; the first ones, which are done, are read and left."""
    number = first = before = 0
    whole = sum(t.size for t in plan.tables)
    for at, (source, table) in enumerate(zip(plan.sources, plan.tables, strict=True)):
        begins = first
        for chunk in read(table, at, source, limits, plan.stdin):
            chunk.number, chunk.first = number, begins + chunk.first
            if chunk.share is not None:
                chunk.share = (before + chunk.share * table.size) / whole
            number, first = number + 1, chunk.first + len(chunk)
            if chunk.number >= skip:
                yield chunk
        before += table.size


def _finished(plan: _Plan, options: Options, summary: Summary) -> dict[Path, Path]:
    """Write what can only be written whole; gives each part and where it belongs."""
    stage, job = plan.stage, plan.job
    out: dict[Path, Path] = {}
    part = stage.output_part
    direct = job.staged in ("csv", "jsonl")
    if not direct:
        made = stage.home / "made"
        if job.staged == "arrow":
            spool.write_arrow(part, made, job.own)
        elif plan.kind == "parquet":
            spool.write_parquet(part, made, job.header, job.prefix, job.own)
        elif plan.kind == "xlsx":
            cut = spool.write_xlsx(part, made, job.header, job.prefix, stage.home, job.own, job.safe_cells)
            if cut:
                summary.notes.append(
                    f"{cut} cells were cut at the {spool.EXCEL_CHARACTERS:,} characters Excel holds; CSV and Parquet keep them whole"
                )
        else:
            spool.write_csv(part, made, job.header, job.prefix, job.delimiter, options.bom, job.own, job.safe_cells)
        part = made
    if plan.packed:
        packed = stage.home / "packed"
        spool.compress(part, packed, plan.packed)
        part = packed
    if stage.target:
        out[part] = stage.target
    elif not direct:
        spool.copy_out(part, sys.stdout.buffer)
    if stage.details:
        duties = stage.details_part
        if job.details in (".parquet", ".pq"):
            duties = stage.home / "duties"
            spool.write_details(stage.details_part, duties, plan.job.own)
        out[duties] = stage.details
    return out


def _to_stdout(plan: _Plan) -> None:
    if not plan.stage.target:
        sys.stdout.buffer.flush()

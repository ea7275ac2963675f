"""Scored tables read row by row for the report, whatever their format: our columns, the user's own, the table of duties."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.analysis import FUNCTIONS
from analyzer.errors import ColumnError, TableError
from analyzer.profiles import Profiles
from analyzer.report.cells import flag, share, text
from analyzer.report.duties import Duties, code_shares
from analyzer.report.labels import Labels, find_labels
from analyzer.report.tally import Row, Tally, spread

STATUSES = ("ok", "unsupported_language", "empty", "too_long", "unreadable", "failed", "bad_row")
NEEDED = ("status", "primary", "probability", "functions", *(f"mix_{f}" for f in (*FUNCTIONS, "other")),
          "subfunctions", "title_function", "title_mismatch", "review", "reasons")  # fmt: skip
"""Columns of ours, without their prefix, that the report is made of."""
OF_RECORDS = ("status", "language", "primary", "model")
"""What of a record a table can be broken down by, under the names that a table's columns would have."""


@dataclass(frozen=True)
class Scored:
    """One scored file. columns: names a report may be broken down by; own: functions beside the shipped three."""

    name: str
    source: Any
    table: Any
    prefix: str
    columns: tuple[str, ...]
    theirs: tuple[str, ...]
    own: tuple[str, ...] = ()

    @property
    def records(self) -> bool:
        """Whether it is the JSONL of records."""
        return bool(self.table.kind == "jsonl")

    def said(self, labels: Labels) -> str:
        """One line on what was found, and which columns are read."""
        told: str = self.table.said()
        return told.replace(self.table.columns.said(), labels.said(self.records), 1)


def tally(
    path: Path | Sequence[Path],
    by: Sequence[str] = (),
    details: Path | None = None,
    title: str | None = None,
    prefix: str = "jd_",
    profiles: Profiles | None = None,
    on_table: Callable[[str], None] | None = None,
) -> Tally:
    """Count a scored table (CSV, TSV, XLSX, Parquet or the JSONL of records), or several of the same columns as one.

    by: columns to break it down by; where none is named, those that are plainly department, company, city or month.
    details: the table of duties, which tells shares of codes and the nine steps for a table that lacks them.
    profiles: of the models that scored, where they have functions of a user's own. on_table: is told in one line what
    was found, before the rows are read. Raises TableError, ColumnError.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    if details and len(paths) > 1:
        raise TableError("--details goes with one scored table, whose rows its duties tell by number; give that table alone")
    files = [_opened(p, name, prefix) for p, name in zip(paths, _names(paths), strict=True)]
    columns, theirs = _together(files)
    labels = find_labels(columns, theirs, by, title, files[0].name)
    for file in files:
        if on_table:
            on_table(file.said(labels))
    out = Tally(months=set(labels.months), own=list(dict.fromkeys(f for file in files for f in file.own)), titled=labels.title is not None)
    out.exact = details is not None or files[0].records
    out.title_column = labels.title
    out.by = {column: {} for column in labels.by}
    for file in files:
        duties = Duties(details, file.name) if details and not file.records else None
        rows = 0
        for row in _rows(file, labels, profiles, duties):
            rows += 1
            row.file = file.name if len(files) > 1 else ""
            out.add(row)
        if duties:
            duties.ended(rows)
    out.finish()
    return out


def _names(paths: Sequence[Path]) -> list[str]:
    """What messages and the page call the files: their names, with their folders where names are the same."""
    whole = [p.resolve() for p in paths]
    twice = next((p for p, w in zip(paths, whole, strict=True) if whole.count(w) > 1), None)
    if twice:
        raise TableError(f"{twice} is given twice; its rows would count double")
    names = [p.name for p in paths]
    return [p.name if names.count(p.name) == 1 else str(p) for p in paths]


def _opened(path: Path, name: str, prefix: str) -> Scored:
    """A scored file before its rows are read. Raises ColumnError where it is none."""
    from analyzer.bulk.layout import jd_columns, renamed
    from analyzer.bulk.streams import Source

    source = Source(path, name)
    table = _examined(source, path, prefix)
    if table.kind == "jsonl":
        theirs = _record_fields(source)
        return Scored(name, source, table, prefix, tuple(dict.fromkeys((*theirs, *(f"{prefix}{k}" for k in OF_RECORDS)))), tuple(theirs))
    missing = [f"{prefix}{c}" for c in NEEDED if f"{prefix}{c}" not in table.header]
    if missing:
        raise ColumnError(f"{name} lacks {', '.join(map(repr, missing))}, which `score` wrote; put the columns back, or score again")
    mixed = [h.removeprefix(f"{prefix}mix_") for h in table.header if h.startswith(f"{prefix}mix_")]
    own = tuple(f for f in mixed if f not in (*FUNCTIONS, "other") and f"{prefix}{f}" in table.header)
    ours = set(renamed(jd_columns(own), prefix))
    return Scored(name, source, table, prefix, table.header, tuple(h for h in table.header if h not in ours), own)


def _examined(source: Any, path: Path, prefix: str) -> Any:
    from analyzer.bulk.columns import Columns
    from analyzer.bulk.files import Reading, examine, format_of

    kind, marked = format_of(path), f"{prefix}status"
    for marker in ("status",) if kind == "jsonl" else (marked,) if kind else (marked, "status"):
        try:
            table = examine(source, Reading(Columns((marker,)), guess=False))
        except ColumnError:
            continue
        if marker == ("status" if table.kind == "jsonl" else marked):
            return table
    if kind == "jsonl":
        raise ColumnError(f"{source.name} is no scored file: its lines have no 'status'; make one with `jd-analyzer score`")
    raise ColumnError(
        f"{source.name} is no scored table: it has no column {marked!r}; make one with `jd-analyzer score`, "
        "or name the prefix of its columns with --prefix"
    )


def _record_fields(source: Any) -> list[str]:
    """Names of the input's own fields, from the first records of a JSONL."""
    names: dict[str, None] = {}
    with source.open() as stream:
        for line in itertools.islice(stream, 100):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            given = record.get("input") if isinstance(record, dict) else None
            names.update(dict.fromkeys(given if isinstance(given, dict) else ()))
    return list(names)


def _together(files: Sequence[Scored]) -> tuple[list[str], list[str]]:
    """The columns of all files, and those of them that are the user's. Raises ColumnError where the files are not alike."""
    first = files[0]
    for other in files[1:]:
        if other.records != first.records:
            raise ColumnError(f"{first.name} and {other.name}: a table and a JSONL of records are reported on one by one")
        odd = sorted({*first.columns} ^ {*other.columns})
        if odd and not first.records:
            lacking = other.name if odd[0] in first.columns else first.name
            raise ColumnError(f"{first.name} and {other.name} have not the same columns: {lacking} has no {odd[0]!r}; report on each alone")
    columns = dict.fromkeys(c for f in files for c in f.columns)
    return list(columns), list(dict.fromkeys(c for f in files for c in f.theirs))


def _rows(file: Scored, labels: Labels, profiles: Profiles | None, duties: Duties | None) -> Iterator[Row]:
    from analyzer.bulk.readers import read

    number = 0
    for chunk in read(file.table, 0, file.source):
        if file.records:
            for line in chunk.rows:
                number += 1
                yield _record_row(number, line, file, labels)
            continue
        header = file.table.header
        cells = chunk.batch.to_pylist() if chunk.batch is not None else (dict(zip(header, r, strict=True)) for r in chunk.rows)
        for row in cells:
            number += 1
            made, named = _from_cells(number, row, file, labels)
            made.codes = spread(made.mix, named, profiles)
            yield duties.onto(made, named) if duties else made


def _from_cells(number: int, row: Mapping[str, Any], file: Scored, labels: Labels) -> tuple[Row, list[str]]:
    """A table's row, and the sub-functions it names."""
    prefix = file.prefix

    def cell(name: str) -> Any:
        return row.get(prefix + name)

    def at(name: str) -> str:
        return f"{file.name}: row {number}, column {prefix + name!r}"

    status = text(cell("status"))
    if status not in STATUSES:
        raise _no_status(status, at("status"), file, number)
    known, primary = (*FUNCTIONS, *file.own, "none"), text(cell("primary"))
    if primary not in known and (primary or status == "ok"):
        raise TableError(f"{at('primary')}: {primary[:40]!r} is none of {', '.join(known)}; put back what `score` wrote, or score again")
    made = Row(
        number,
        status,
        primary or None,
        share(cell("probability"), at("probability")),
        tuple(text(cell("functions")).split()),
        {f: share(cell(f"mix_{f}"), at(f"mix_{f}")) or 0.0 for f in (*FUNCTIONS, *file.own, "other")},
        {},
        text(row.get(labels.title)) if labels.title is not None else "",
        text(cell("title_function")) or None,
        flag(cell("title_mismatch"), at("title_mismatch")),
        bool(flag(cell("review"), at("review"))),
        tuple(text(cell("reasons")).split()),
        None,
        text(row.get(labels.id)) if labels.id is not None else "",
        {c: text(row.get(c)) for c in labels.by},
    )
    return made, text(cell("subfunctions")).split()


def _no_status(status: str, where: str, file: Scored, number: int) -> TableError:
    if status == f"{file.prefix}status":
        return TableError(
            f"{file.name}: row {number} is a header line, as where tables were put one behind the other; take it out, "
            "or give the tables one by one: report a.csv b.csv"
        )
    said = f"{status[:40]!r} is no status" if status else "nothing stands there, so the row was not scored"
    return TableError(f"{where}: {said}; put back what `score` wrote, or take the row out")


def _record_row(number: int, line: str, file: Scored, labels: Labels) -> Row:
    """A row of the JSONL of records. Raises TableError, with the file's line, for what is none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{_place(file, number)} is no whole JSON ({error}); it may be cut: write the file again") from None
    if not isinstance(record, dict):
        raise TableError(f"{_place(file, number)} is no object; the JSONL that `score` wrote has a record a line")
    if record.get("status") not in STATUSES or "model" not in record:
        said = "no scored file: line 1 has no 'status' and 'model' that `score` wrote"
        if number == 1:
            raise ColumnError(f"{file.name} is {said}; make one with `jd-analyzer score`")
        raise TableError(f"{_place(file, number)} is no record that `score` wrote; take it out, or score again")
    try:
        return _from_record(number, record, file, labels)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        said = f"{type(error).__name__}: {error}"
        raise TableError(f"{_place(file, number)} is no whole record of `score` ({said[:80]}); score again") from None


def _place(file: Scored, number: int) -> str:
    """The file's line that holds a record; blank lines are none."""
    with file.source.open() as stream:
        lines = (at for at, line in enumerate(stream, 1) if line.strip())
        return f"{file.name}: line {next(itertools.islice(lines, number - 1, None), number)}"


def _from_record(number: int, record: Mapping[str, Any], file: Scored, labels: Labels) -> Row:
    raw = record.get("input")
    given: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    promise, where = record.get("title"), f"{file.name}: row {number}"
    titled = text(given.get(labels.title)) if labels.title is not None else ""
    if promise and (not titled or "title" in labels.guessed):
        titled = text(promise.get("text"))
    primary = record.get("primary")

    def value(column: str) -> str:
        return text(given[column] if column in given else record.get(column.removeprefix(file.prefix)) if column in file.columns else None)

    return Row(
        number,
        record["status"],
        primary,
        share((record.get("probability") or {}).get(primary), where),
        tuple(record.get("functions") or ()),
        {f: share(v, where) or 0.0 for f, v in (record.get("mix") or {}).items()},
        code_shares(record.get("duties") or ()),
        titled,
        promise.get("function") if promise else None,
        bool(promise.get("mismatch")) if promise else None,
        bool(record.get("review")),
        tuple(record.get("reasons") or ()),
        frozenset(s["step"] for s in record.get("steps") or ()),
        text(record.get("id")) or (text(given.get(labels.id)) if labels.id is not None else ""),
        {c: value(c) for c in labels.by},
    )

"""Scored tables read row by row for the report, whatever their format: our columns, the user's own, the table of duties."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.analysis import FUNCTIONS, prefix_of
from analyzer.errors import ColumnError
from analyzer.profiles import Profiles
from analyzer.report.tally import KINDS, Row, Tally, spread


def tally(
    path: Path,
    by: Sequence[str] = (),
    details: Path | None = None,
    title: str | None = None,
    prefix: str = "jd_",
    profiles: Profiles | None = None,
) -> Tally:
    """Count a scored table (CSV, TSV, XLSX, Parquet or the JSONL of records). Raises TableError, ColumnError.

    by: columns to break it down by; where none is named, those that are plainly department, company, city or month.
    details: the table of duties, which tells shares of codes and the nine steps for tables that lack them.
    profiles: of the models that scored, where they have functions of a user's own.
    """
    from analyzer.bulk.columns import Columns, normal
    from analyzer.bulk.files import Reading, examine
    from analyzer.bulk.streams import Source

    source = Source(path)
    marker = _marker(path, prefix)
    try:
        table = examine(source, Reading(Columns((marker,)), guess=False))
    except ColumnError:
        raise ColumnError(f"{path.name} is no scored table: it has no column {marker!r}; make one with `jd-analyzer score`") from None
    records = marker == "status"
    header = list(_record_fields(path)) if records else [h for h in table.header if not h.startswith(prefix)]
    for name in by:
        if name not in header:
            raise ColumnError(f"{path.name} has no column {name!r} (--by); its columns: {', '.join(map(repr, header[:30]))}")
    chosen = list(by) or [h for names in KINDS.values() for h in header if normal(h) in names]
    titled = title or _title_column(header)
    out = Tally()
    out.months = {c for c in chosen if normal(c) in KINDS["month"]}
    duties = _Duties(details) if details else None
    mixed = [h.removeprefix(f"{prefix}mix_") for h in table.header if h.startswith(f"{prefix}mix_")]
    out.own = [] if records else [f for f in mixed if f not in (*FUNCTIONS, "other")]
    for row in _rows(table, source, records, chosen, titled, _Cells(prefix, tuple(out.own), profiles), duties):
        out.add(row)
    for column in chosen:
        out.by.setdefault(column, {})
    return out


def _marker(path: Path, prefix: str) -> str:
    """The column that shows a table to be a scored one."""
    from analyzer.bulk.files import format_of

    if format_of(path) == "jsonl":
        return "status"
    return f"{prefix}status"


def _record_fields(path: Path) -> list[str]:
    """Names of the input's own fields, from the first records of a JSONL."""
    import itertools
    import json

    from analyzer.bulk.streams import Source

    names: dict[str, None] = {}
    with Source(path).open() as stream:
        for line in itertools.islice(stream, 100):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            given = record.get("input") if isinstance(record, dict) else None
            names.update(dict.fromkeys(given if isinstance(given, dict) else ()))
    return list(names)


def _title_column(header: Sequence[str]) -> str | None:
    from analyzer.bulk.columns import TITLE, normal

    forms = {normal(h): h for h in reversed(header)}
    return next((forms[n] for n in TITLE if n in forms), None)


def _rows(
    table: Any, source: Any, records: bool, by: Sequence[str], titled: str | None, ours: _Cells, duties: _Duties | None
) -> Iterator[Row]:
    import json

    from analyzer.bulk.readers import read

    number = 0
    for chunk in read(table, 0, source):
        if records:
            for line in chunk.rows:
                number += 1
                yield _from_record(number, json.loads(line), by, titled)
            continue
        batch = chunk.batch
        cells = batch.to_pylist() if batch is not None else [dict(zip(table.header, r, strict=True)) for r in chunk.rows]
        for row in cells:
            number += 1
            made = _from_cells(number, row, by, titled, ours)
            yield duties.onto(made) if duties else made


def _clean(value: Any) -> str:
    return "" if value is None else unicodedata.normalize("NFKC", str(value)).strip()


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


@dataclass(frozen=True)
class _Cells:
    """Which columns of a table are ours: their prefix, the functions beside the shipped three, and whose profiles name them."""

    prefix: str
    own: tuple[str, ...] = ()
    profiles: Profiles | None = None


def _from_cells(number: int, row: Mapping[str, Any], by: Sequence[str], titled: str | None, ours: _Cells) -> Row:
    def cell(name: str) -> Any:
        value = row.get(ours.prefix + name)
        return None if value == "" else value

    mix = {f: float(cell(f"mix_{f}") or 0.0) for f in (*FUNCTIONS, *ours.own, "other")}
    return Row(
        number,
        str(cell("status") or "unreadable"),
        cell("primary"),
        float(cell("probability")) if cell("probability") is not None else None,
        tuple(str(cell("functions") or "").split()),
        mix,
        spread(mix, str(cell("subfunctions") or "").split(), ours.profiles),
        _clean(row.get(titled)) if titled else "",
        cell("title_function"),
        _true(cell("title_mismatch")),
        _true(cell("review")),
        tuple(str(cell("reasons") or "").split()),
        None,
        "",
        {c: _clean(row.get(c)) for c in by},
    )


def _from_record(number: int, record: Mapping[str, Any], by: Sequence[str], titled: str | None) -> Row:
    raw = record.get("input")
    given: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    promise = record.get("title") or {}
    codes = _code_shares(record.get("duties") or ())
    return Row(
        number,
        str(record.get("status", "unreadable")),
        record.get("primary"),
        (record.get("probability") or {}).get(record.get("primary")),
        tuple(record.get("functions") or ()),
        record.get("mix") or {},
        codes,
        _clean(promise.get("text") or (given.get(titled) if titled else "")),
        promise.get("function"),
        bool(promise.get("mismatch")),
        bool(record.get("review")),
        tuple(record.get("reasons") or ()),
        frozenset(s["step"] for s in record.get("steps") or ()),
        _clean(record.get("id")),
        {c: _clean(given.get(c)) for c in by},
    )


def _code_shares(duties: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    counted: Counter[str] = Counter()
    for duty in duties:
        for part in duty["codes"]:
            if prefix_of(part["code"]) != "g":
                counted[part["code"]] += part["share"]
    total = sum(counted.values())
    return {c: s / total for c, s in counted.items()} if total else {}


class _Duties:
    """The table of duties beside the scored table, both in the order of rows."""

    def __init__(self, path: Path) -> None:
        self._lines = _detail_rows(path)
        self._next: Mapping[str, Any] | None = next(self._lines, None)

    def onto(self, row: Row) -> Row:
        """The row with its codes' exact shares and its steps."""
        mine = []
        while self._next is not None and self._next["row"] <= row.number:
            if self._next["row"] == row.number:
                mine.append(self._next)
            self._next = next(self._lines, None)
        row.codes = _code_shares(mine)
        row.steps = frozenset(s for d in mine for s in d["steps"])
        return row


def _detail_rows(path: Path) -> Iterator[dict[str, Any]]:
    import json

    from analyzer.bulk.files import format_of
    from analyzer.bulk.streams import Source

    if format_of(path) == "jsonl":
        with Source(path).open() as stream:
            for line in stream:
                yield json.loads(line)
        return
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["row", "codes", "steps"]):
            for duty in batch.to_pylist():
                pairs = [c.rpartition("=") for c in duty["codes"].split()]
                yield {
                    "row": duty["row"],
                    "codes": [{"code": c, "share": float(s)} for c, _, s in pairs],
                    "steps": [int(s) for s in duty["steps"].split()],
                }

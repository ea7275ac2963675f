"""The table of duties that `score --details` wrote, read beside the scored table: whose duties are whose is checked row by row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analyzer.analysis import of_a_function, prefix_of
from analyzer.errors import TableError
from analyzer.report.tally import Row

_COLUMNS = ("row", "codes", "steps")
_ADVICE = "give the one that `score --details` wrote (.parquet or .jsonl)"


def code_shares(duties: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Share of each code among duties, general ones left out."""
    counted: Counter[str] = Counter()
    for duty in duties:
        for part in duty["codes"]:
            if prefix_of(part["code"]) != "g":
                counted[part["code"]] += part["share"]
    total = sum(counted.values())
    return {c: s / total for c, s in counted.items()} if total else {}


class Duties:
    """The table of duties beside a scored table, both in the order of rows."""

    def __init__(self, path: Path, table: str) -> None:
        """table: the scored table's name. Raises TableError where `path` is no table of duties."""
        self._name, self._table = path.name, table
        self._lines = _lines(path)
        self._next: Mapping[str, Any] | None = next(self._lines, None)

    def onto(self, row: Row, named: Sequence[str]) -> Row:
        """The row with its codes' exact shares and its steps.

        named: the sub-functions that the table names for it. Raises TableError where the duties are plainly not the row's.
        """
        mine = []
        while self._next is not None and self._next["row"] <= row.number:
            if self._next["row"] < row.number:
                raise self._foreign(f"row {self._next['row']} stands behind a later one there")
            mine.append(self._next)
            self._next = next(self._lines, None)
        row.codes = code_shares(mine)
        row.steps = frozenset(s for d in mine for s in d["steps"])
        scored = {c for c in row.codes if of_a_function(c)}
        if row.status == "ok" and scored != set(named):
            told = f"{' '.join(sorted(scored)) or 'none'}, the table {' '.join(sorted(named)) or 'none'}"
            raise self._foreign(f"row {row.number} has other sub-functions there ({told})")
        if bool(row.codes) != any(row.mix.values()) or (mine and row.status != "ok"):
            raise self._foreign(f"row {row.number} has {'duties' if mine else 'no duties'} there, in the table {self._other(row)}")
        return row

    def ended(self, rows: int) -> None:
        """To be called after the table's last row: raises TableError where duties of further rows are left."""
        if self._next is not None:
            raise self._foreign(f"it goes on to row {self._next['row']}, and the table has {rows} rows")

    def _other(self, row: Row) -> str:
        return f"it has the status {row.status}" if row.status != "ok" else "it has some" if any(row.mix.values()) else "it has none"

    def _foreign(self, why: str) -> TableError:
        return TableError(
            f"{self._name} does not belong to {self._table}: {why}. It was made by another run, or rows were moved or taken out since; "
            "give the one that `score --details` wrote beside this table"
        )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The duties one by one: row, codes with shares, steps."""
    from analyzer.bulk.files import format_of
    from analyzer.bulk.streams import Source

    source = Source(path)
    with source.open() as stream:
        head = stream.read(64).strip()
    if head.startswith(b"PAR1"):
        return _parquet(source)
    if format_of(path) != "parquet" and (head.startswith(b"{") or (not head and format_of(path) == "jsonl")):
        return _jsonl(source)
    raise TableError(f"{path.name} is no table of duties: {_ADVICE}")


def _jsonl(source: Any) -> Iterator[dict[str, Any]]:
    with source.open() as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                duty = json.loads(line)
                yield {
                    "row": int(duty["row"]),
                    "codes": [{"code": str(c["code"]), "share": float(c["share"])} for c in duty["codes"]],
                    "steps": [int(s) for s in duty["steps"]],
                }
            except (ValueError, TypeError, KeyError, RecursionError):
                raise TableError(f"{source.name}: line {number} holds no duty, or is cut: {_ADVICE}") from None


def _parquet(source: Any) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analyzer.bulk.streams import seekable

    count = 0
    try:
        with seekable(source) as path, pq.ParquetFile(path) as file:
            missing = [c for c in _COLUMNS if c not in file.schema_arrow.names]
            if missing:
                raise TableError(f"{source.name} is no table of duties, it has no column {missing[0]!r}: {_ADVICE}")
            for batch in file.iter_batches(columns=list(_COLUMNS)):
                for duty in batch.to_pylist():
                    count += 1
                    pairs = [c.rpartition("=") for c in duty["codes"].split()]
                    yield {
                        "row": int(duty["row"]),
                        "codes": [{"code": c, "share": float(s)} for c, _, s in pairs],
                        "steps": [int(s) for s in duty["steps"].split()],
                    }
    except (pa.ArrowException, OSError, ValueError, TypeError, AttributeError) as error:
        said = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
        raise TableError(f"{source.name}: duty {count + 1} cannot be read ({said}): {_ADVICE}") from None

"""How results are laid out in tables: our columns and their types, cells as CSV, JSON and Arrow hold them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from analyzer.analysis import FUNCTIONS, Analysis, columns

PREFIX = "jd_"
_QUOTE = '"'
JD_COLUMNS = columns()
"""The columns that are added to every table, in order; models with functions of a user's own add theirs behind (`jd_columns`)."""
_NUMBERS = {"jd_probability", *(f"jd_{f}" for f in FUNCTIONS), *(f"jd_mix_{f}" for f in (*FUNCTIONS, "other"))}
_BOOLEANS = {"jd_title_mismatch", "jd_review"}
JD_TYPES: dict[str, str] = {c: "double" if c in _NUMBERS else "boolean" if c in _BOOLEANS else "string" for c in JD_COLUMNS}
"""string, double or boolean of each of our columns; every cell of them may be empty."""
DETAIL_TYPES: dict[str, str] = {
    "row": "long", "id": "string", "column": "string", "column_start": "long", "column_end": "long", "start": "long", "end": "long",
    "text": "string", "function": "string", "code": "string", "codes": "string", "probability": "double",
    **{f"weight_{f}": "double" for f in FUNCTIONS},
    "purpose_start": "long", "purpose_end": "long", "steps": "string", "language": "string", "model": "string",
}  # fmt: skip
"""Columns of the table of duties. row counts from 1; start and end lie in the joined text, column_start and column_end in
the named column."""


def jd_columns(own: Sequence[str] = ()) -> tuple[str, ...]:
    """Our columns in order: of the shipped functions as ever, then those of a user's own."""
    return columns(tuple(own))


def jd_types(own: Sequence[str] = ()) -> dict[str, str]:
    """string, double or boolean of each of `jd_columns`."""
    return {c: JD_TYPES.get(c, "double") for c in jd_columns(own)}


def detail_types(own: Sequence[str] = ()) -> dict[str, str]:
    """The columns of the table of duties, weights for a user's own functions last."""
    return {**DETAIL_TYPES, **{f"weight_{f}": "double" for f in own}}


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: str) -> str:
    """A cell no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def csv_cell(value: Any) -> str:
    """A cell as CSV holds it: empty for None, true/false, numbers with all their digits."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False, default=plain)
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, float) else str(value)


class CsvRows:
    """Writes rows of several text cells as CSV, line ends `\\n`: as csv.writer does but that a row that holds `\\r` is quoted throughout.

    csv.writer looks at every character by itself, which takes as long as laying out all of our cells.
    """

    def __init__(self, stream: IO[str], delimiter: str) -> None:
        """stream: open for text with newline=""."""
        self._write, self._delimiter = stream.write, delimiter

    def write(self, cells: Sequence[str]) -> None:
        """Write one row."""
        delimiter, every = self._delimiter, "\r" in "".join(cells)
        row = [f'"{c.replace(_QUOTE, _QUOTE * 2)}"' if every or delimiter in c or "\n" in c or _QUOTE in c else c for c in cells]
        self._write(delimiter.join(row) + "\n")


def plain(value: Any) -> Any:
    """What JSON cannot hold, as a string: dates, decimals, bytes."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, decimal.Decimal | datetime.timedelta):
        return str(value)
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def our_cells(result: Analysis, guard: bool, own: Sequence[str] = ()) -> list[Any]:
    """The cells of our columns in order; guard: made safe for spreadsheets; own: functions beside the shipped ones."""
    cells = result.cells(own)
    return [safe(c) if isinstance(c, str) else c for c in cells] if guard else cells


def unique(names: Iterable[str]) -> list[str]:
    """Names as keys: a second `a` becomes `a_2`, one without a name `column_3`."""
    given = list(names)
    taken, out = set(given), []
    seen: set[str] = set()
    for at, name in enumerate(given, 1):
        best = name or f"column_{at}"
        count = 2
        while best in seen or (best != name and best in taken):
            best, count = f"{name or 'column_' + str(at)}_{count}", count + 1
        seen.add(best)
        out.append(best)
    return out


def arrow_schema(types: Mapping[str, str]) -> Any:
    """A pyarrow schema of string, double, boolean and long columns."""
    import pyarrow as pa

    kinds = {"string": pa.string(), "double": pa.float64(), "boolean": pa.bool_(), "long": pa.int64()}
    return pa.schema([(name, kinds[kind]) for name, kind in types.items()])


def renamed(names: Sequence[str], prefix: str) -> list[str]:
    """Our columns under another prefix than `jd_`."""
    return [prefix + n.removeprefix(PREFIX) for n in names]

"""Delimiter and quoting of a CSV, found by parsing its head every likely way and keeping the one that fits best."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from analyzer.bulk.records import Records

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
SAMPLE_ROWS = 200


@dataclass(frozen=True)
class Dialect:
    """As the csv module takes them; escape None where quotes inside a cell are doubled."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None

    def options(self) -> dict[str, Any]:
        """Keyword arguments for csv.reader."""
        return {"delimiter": self.delimiter, "quotechar": self.quote, "escapechar": self.escape, "doublequote": self.escape is None}


def find_dialect(head: str, whole: bool, delimiter: str | None = None) -> Dialect:
    """The dialect of a table's head. whole: the head is all there is, so that its last row counts too.

    A table of one column has no delimiter to find; a comma is told.
    """
    csv.field_size_limit(len(head) + 1)
    delimiters = (delimiter,) if delimiter else DELIMITERS
    best, best_fit = Dialect(delimiter or ","), 0.0
    for mark, quote, escape in itertools.product(delimiters, QUOTES, (None, "\\")):
        if (quote not in head and quote != QUOTES[0]) or (escape and escape + quote not in head):
            continue
        dialect = Dialect(mark, quote, escape)
        fit = _fit(head, dialect, whole)
        if fit > best_fit + 1e-9:
            best, best_fit = dialect, fit
    return best


def _fit(head: str, dialect: Dialect, whole: bool) -> float:
    """How well rows agree with the first in their number of cells, times how much cells and quotes make sense."""
    try:
        lines: Iterable[list[str]] = csv.reader(io.StringIO(head, newline=""), **dialect.options())
        if whole and dialect.quote == QUOTES[0]:  # else a quote that never closes would speak for another delimiter
            lines = (cells for cells, _ in Records(io.StringIO(head, newline=""), dialect, len(head) + 1))
        rows = list(itertools.islice(lines, SAMPLE_ROWS))
    except csv.Error:
        return 0.0
    rows = [r for r in rows[: None if whole or len(rows) == SAMPLE_ROWS else -1] if r]
    if not rows or len(rows[0]) < 2:
        return 0.0
    width = len(rows[0])
    agree = Counter(len(r) for r in rows)[width] / len(rows)
    cells = [c for r in rows for c in r]
    # A quote left over inside a cell's ends tells of the wrong quote or escape; names of columns are short.
    stray = sum(1 for c in cells if c[:1] == '"' or c[-1:] == '"' or (dialect.escape is None and '\\"' in c)) / len(cells)
    names = sum(1 for c in rows[0] if c.strip() and len(c) < 60 and "\n" not in c) / width
    return agree * names * (1 - stray) * (1 + 0.01 * min(width, 10))

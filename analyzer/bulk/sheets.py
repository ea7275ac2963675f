"""Which sheet of a workbook holds the table, and where its rows begin."""

from __future__ import annotations

import itertools
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from analyzer.bulk.columns import Columns, check_name, find_columns, listed
from analyzer.errors import ColumnError, TableError

FIRST_ROWS = 50
"""Rows below the header that are looked at, whether they fit under it."""


def open_workbook(stream: BinaryIO | Path, name: str, values: bool = True) -> Any:
    """An openpyxl workbook, read row by row. values: formulas as the values Excel last saw, else as they are written."""
    import warnings

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of styles and extensions, which hold no text
            return openpyxl.load_workbook(stream, read_only=True, data_only=values, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise TableError(f"{name} is no whole XLSX file ({type(error).__name__}); open it in Excel and save it again") from None


_DAMAGED = (SyntaxError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError)
"""What a part of a workbook that is no whole XML raises: a ParseError is a SyntaxError."""


def page_rows(page: Any, name: str) -> Iterator[tuple[Any, ...]]:
    """The cells of all rows of a sheet; name: of the file. Raises TableError where the sheet is damaged."""
    if hasattr(page, "reset_dimensions"):
        page.reset_dimensions()
    number = 0
    try:
        for row in page.iter_rows(values_only=True):
            yield row
            number += 1
    except _DAMAGED as error:
        raise TableError(
            f"{name}: sheet {page.title!r} is damaged after row {number} ({type(error).__name__}); open it in Excel and save it again"
        ) from None


def blank(row: Sequence[Any]) -> bool:
    """Whether no cell of a row holds anything."""
    return all(c is None for c in row)


def find_sheet(path: Path, name: str, sheet: str | None, asked: Columns, guess: bool = True) -> tuple[list[str], str, Columns]:
    """Column names, name and columns of the sheet with the table: the one named; else the first that has any names, or
    where that one lacks the columns the only one that has them. Sheets that begin in their first row go first.

    Raises TableError and ColumnError.
    """
    heads = _heads(path, name, sheet)
    if not heads:
        raise TableError(f"{name} has no sheet with a row of column names" + (f" (looked at {sheet!r})" if sheet else ""))
    found: list[tuple[list[str], str, Columns]] = []
    refused: ColumnError | None = None
    for title, rows in heads.items():
        header = _names(rows[0])
        try:
            columns = find_columns(header, asked, name, guess)
            if columns.only:
                _check_width(rows, name, title)
            check_name(header, columns, name)
        except ColumnError as error:
            refused = refused or error
            continue
        if not refused:
            return header, title, columns
        if not columns.only:
            found.append((header, title, columns))
    if len(found) == 1:
        return found[0]
    message = str(refused).removeprefix(f"{ColumnError.code}: ")
    first, *others = heads
    more = f"; other sheets: {', '.join(map(repr, others))}; name the table's with --sheet" if others else ""
    raise ColumnError(f"{message} [read from sheet {first!r}{more}]") from None


def _heads(path: Path, name: str, sheet: str | None) -> dict[str, list[tuple[Any, ...]]]:
    """The first rows of the sheets that have any."""
    with path.open("rb") as stream:
        book = open_workbook(stream, name)
        try:
            if sheet and sheet not in book.sheetnames:
                raise TableError(f"{name} has no sheet {sheet!r}; it has {', '.join(map(repr, book.sheetnames))}")
            begun: dict[str, list[tuple[Any, ...]]] = {}
            later: dict[str, list[tuple[Any, ...]]] = {}
            for title in [sheet] if sheet else book.sheetnames:
                page = book[title]
                if not hasattr(page, "iter_rows"):  # a chart
                    continue
                try:
                    opening, rows = _opening(page_rows(page, name))
                except TableError:
                    if not begun | later:
                        raise
                    continue  # a table stands before it
                if rows:
                    (later if opening else begun)[title] = rows
            return begun | later
        finally:
            book.close()


def _opening(rows: Iterator[tuple[Any, ...]]) -> tuple[int, list[tuple[Any, ...]]]:
    """How many blank rows a sheet begins with, and the first ones from the first that is not."""
    for number, row in enumerate(rows):
        if not blank(row):
            return number, [row, *itertools.islice(rows, FIRST_ROWS)]
    return 0, []


def _names(row: Sequence[Any]) -> list[str]:
    return ["" if c is None else str(c) for c in row[: _width(row)]]


def _width(row: Sequence[Any]) -> int:
    return max((at for at, c in enumerate(row, 1) if c is not None), default=0)


def _check_width(rows: Sequence[Sequence[Any]], name: str, title: str) -> None:
    """Raise ColumnError where most rows are wider than the first: this is the title of a report, and no names of columns."""
    widths = [_width(row) for row in rows]
    filled = [w for w in widths[1:] if w]
    if 2 * sum(w > widths[0] for w in filled) <= len(filled):
        return
    usual = Counter(filled).most_common(1)[0][0]
    at = next(n for n, w in enumerate(widths) if w >= usual)
    raise ColumnError(
        f"{name}: the first row of sheet {title!r} ({listed(_names(rows[0]))}) holds no names for the columns below it; "
        f"the row that begins {listed(_names(rows[at])[:4])} looks as if it did: take out what stands above it."
    )

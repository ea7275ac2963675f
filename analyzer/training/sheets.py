"""Rows of a CSV, TSV or XLSX file, whatever its encoding and delimiter."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError

MAX_BYTES = 500_000_000
"""A sheet larger than this is refused before it is read."""


def read_sheet(file: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows as mappings by column name, and the header. Raises CorpusError where the file is no table."""
    if file.stat().st_size > MAX_BYTES:
        raise CorpusError(f"{file.name}: larger than {MAX_BYTES} bytes")
    rows = _excel(file) if file.suffix.lower() == ".xlsx" else _separated(file)
    if not rows:
        raise CorpusError(f"{file.name}: the table is empty")
    header = [str(c).strip() if c is not None else "" for c in rows[0]]
    if len({h for h in header if h}) < len([h for h in header if h]):
        twice = next(h for h in header if h and header.count(h) > 1)
        raise CorpusError(f"{file.name}: two columns are called {twice!r}; rename one")
    return [dict(zip(header, row, strict=False)) for row in rows[1:] if any(c not in (None, "") for c in row)], [h for h in header if h]


def _excel(file: Path) -> list[list[Any]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(file, read_only=True, data_only=True)
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise CorpusError(f"{file.name}: not an XLSX workbook ({type(error).__name__})") from None
    return rows


def _separated(file: Path) -> list[list[Any]]:
    text = _decoded(file)
    delimiter = "\t" if file.suffix.lower() == ".tsv" else _delimiter(text)
    csv.field_size_limit(10_000_000)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise CorpusError(f"{file.name}: not a table ({error})") from None


def _delimiter(text: str) -> str:
    """The mark that cuts the header into most columns."""
    header = text.split("\n", 1)[0]
    return max(",;\t|", key=header.count)


def _decoded(file: Path) -> str:
    data = file.read_bytes()
    if b"\0" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise CorpusError(f"{file.name}: not a text file")
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    from charset_normalizer import from_bytes

    best = from_bytes(data[:2_000_000]).best()
    for encoding in (best.encoding if best else "gb18030", "gb18030", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CorpusError(f"{file.name}: the encoding cannot be told; save it as UTF-8")

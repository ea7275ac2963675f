"""Rows of a table in chunks, never the whole of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from analyzer.bulk.dialect import Dialect
from analyzer.bulk.encoding import Marking
from analyzer.bulk.files import Table
from analyzer.bulk.records import STRAY, TOO_LARGE, Records
from analyzer.bulk.sheets import blank, open_workbook, page_rows
from analyzer.bulk.streams import Source, seekable
from analyzer.errors import TableError
from analyzer.settings import TABLE_LIMITS, TableLimits

TOO_SHORT, TOO_LONG, UNDECODABLE = "row_too_short", "row_too_long", "undecodable_bytes"
UNCOMPUTED = "formula_without_value"


@dataclass
class Chunk:
    """Rows that are scored together. rows: cells in the order of the table's header; of a JSONL the lines as they are.

    first: number of the first row in the whole input, from 0; table: which input; faults: row in the chunk → what is
    wrong with it; batch: the Arrow record batch of a Parquet file, instead of rows; share: how much of the input lies
    before its end, 0 to 1, None where that is not known.
    """

    number: int
    first: int
    table: int
    rows: list[Any] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)
    batch: Any = None
    share: float | None = None

    def __len__(self) -> int:
        """Rows."""
        return self.batch.num_rows if self.batch is not None else len(self.rows)


Row = tuple[Any, str | None, int]
"""Cells, what is wrong with the row, characters in it."""


def read(table: Table, number: int, source: Source, limits: TableLimits = TABLE_LIMITS, stream: BinaryIO | None = None) -> Iterator[Chunk]:
    """Chunks of one table, numbered from 0 within it. stream: stdin's bytes, which cannot be opened again.

    Raises TableError for what cannot be read further, saying where.
    """
    if table.kind == "parquet":
        yield from _parquet(table, number, source, limits)
        return
    if table.kind == "xlsx":
        yield from _chunks(_xlsx(table, source), table, number, source, limits)
        return
    rows: Callable[[BinaryIO, Table, Source, TableLimits], Iterator[Row]] = _csv if table.kind == "csv" else _jsonl
    if stream is not None:
        yield from _chunks(rows(stream, table, source, limits), table, number, source, limits)
        return
    with source.open() as opened:
        yield from _chunks(rows(opened, table, source, limits), table, number, source, limits)


def _chunks(rows: Iterable[Row], of: Table, table: int, source: Source, limits: TableLimits) -> Iterator[Chunk]:
    """Group rows; where a chunk ends follows from the rows alone, so that a run begun again cuts them alike."""
    number = first = size = read = 0
    chunk = Chunk(0, 0, table)
    for cells, fault, length in rows:
        if fault:
            chunk.faults[len(chunk.rows)] = fault
        chunk.rows.append(cells)
        size += length
        read += length + (len(cells) if isinstance(cells, list) else 1)  # with a delimiter or line end for each cell
        if len(chunk.rows) >= limits.chunk_rows or size >= limits.chunk_characters:
            chunk.share = _share(of, source, read)
            yield chunk
            number, first, size = number + 1, first + len(chunk.rows), 0
            chunk = Chunk(number, first, table)
    if chunk.rows:
        chunk.share = 1.0 if of.size else None
        yield chunk


def _share(table: Table, source: Source, read: int) -> float | None:
    """How far into the table its reader is, after `read` characters."""
    if not table.encoding:
        return source.share
    return min(0.999, read * table.density / table.size) if table.size else None


def _text(stream: BinaryIO, table: Table) -> tuple[io.TextIOWrapper, Marking]:
    marking = Marking()
    encoding = table.encoding.name if table.encoding else "utf-8"
    return io.TextIOWrapper(stream, encoding=encoding, errors=marking.name, newline="" if table.kind == "csv" else "\n"), marking


class _Damage:
    """Rows with bytes that do not decode. Of a file they were counted and allowed beforehand, of a stream they could not be."""

    def __init__(self, table: Table, marking: Marking) -> None:
        self._table, self._marking = table, marking
        self.rows = self.line = 0

    def fault(self, texts: list[str], number: int, line: int) -> str | None:
        """What is wrong with a row, its number and the line before it. Raises TableError where a stream's encoding is another."""
        if not self._marking.met or not any("\ufffd" in t for t in texts):
            return None
        self.rows, self.line = self.rows + 1, self.line or line + 1
        if not self._table.path and self.rows > max(20, number // 100):
            raise TableError(
                f"{self._table.name} is not {self._table.encoding.name if self._table.encoding else 'utf-8'}: {self.rows} rows do not "
                f"decode, the first in line {self.line}; name its encoding with --encoding (utf-8, gb18030, big5, cp1252, utf-16), "
                "or save the data and give the file's path, so that its encoding is found from all of it"
            )
        return UNDECODABLE

    def said(self) -> list[str]:
        """A line on it, of a stream; of a file it was said beforehand."""
        if self._table.path or not self.rows:
            return []
        told = f"(reason {UNDECODABLE}; rows: {self.rows:,}), the first in line {self.line}"
        return [f"{self._table.name}: bytes that do not decode were read as U+FFFD {told}"]


def _csv(stream: BinaryIO, table: Table, source: Source, limits: TableLimits) -> Iterator[Row]:
    """Rows of a CSV. Cells too many stay together in the last, as they were; cells too few are empty."""
    dialect = table.dialect or Dialect()
    width, delimiter = len(table.header), dialect.delimiter
    text, marking = _text(stream, table)
    damage = _Damage(table, marking)
    if table.separator:
        text.readline()
    records = Records(text, dialect, limits.max_cell_characters, width)
    records.line = int(table.separator)
    strays = _Strays()
    number = 0
    try:
        next((cells for cells, _ in records if cells), None)
        for cells, fault in records:
            if not cells:
                continue
            number += 1
            if fault == STRAY:
                strays.add(number, records.line + 1)
            if len(cells) != width:
                cells, misfit = _fitted(cells, width, delimiter)
                fault = fault if fault == TOO_LARGE else misfit or fault
            fault = fault or damage.fault(cells, number, records.line)
            yield cells, fault, sum(map(len, cells))
        source.notes += strays.said(table.name) + damage.said()
    except csv.Error as error:
        raise TableError(
            f"{table.name}: the row that begins in line {records.line + 1} cannot be read ({error}); a quote there may never close: "
            "correct it, or name the delimiter with --delimiter"
        ) from None
    finally:
        _let_go(text)


@dataclass
class _Strays:
    """Quotes that never close: how many, and the row and line of the first."""

    count: int = 0
    row: int = 0
    line: int = 0

    def add(self, row: int, line: int) -> None:
        if not self.count:
            self.row, self.line = row, line
        self.count += 1

    def said(self, name: str) -> list[str]:
        if not self.count:
            return []
        where = f"the first in row {self.row}, which begins in line {self.line}"
        return [
            f"{name}: quotes that never close were read as characters (reason {STRAY}; rows: {self.count:,}), {where}; close or remove them"
        ]


def _fitted(cells: list[str], width: int, delimiter: str) -> tuple[list[str], str | None]:
    if len(cells) < width:
        return cells + [""] * (width - len(cells)), TOO_SHORT
    if not any(cells[width:]):
        return cells[:width], None  # delimiters at the end of each line, as spreadsheets leave them
    return [*cells[: width - 1], delimiter.join(cells[width - 1 :])], TOO_LONG


def _jsonl(stream: BinaryIO, table: Table, source: Source, limits: TableLimits) -> Iterator[Row]:
    """Lines as they are; they are parsed where they are scored."""
    text, marking = _text(stream, table)
    damage = _Damage(table, marking)
    try:
        for number, line in enumerate(text):
            stripped = line.strip(" \t\r\n")
            if stripped:
                fault = damage.fault([stripped], number + 1, number)
                yield stripped, TOO_LARGE if len(stripped) > limits.max_cell_characters else fault, len(stripped)
        source.notes += damage.said()
    finally:
        _let_go(text)


def _let_go(text: io.TextIOWrapper) -> None:
    """Leave the stream open: whoever opened it closes it."""
    try:
        text.detach()
    except ValueError:
        return


def _xlsx(table: Table, source: Source) -> Iterator[Row]:
    """Rows of a sheet as Python values; rows short at their end are whole, since sheets leave empty cells out."""
    width = len(table.header)
    texts = [table.header.index(t) for t in table.columns.text]
    with seekable(source) as path, path.open("rb") as stream:
        book, formulas = open_workbook(stream, table.name), _Formulas(path, table)
        try:
            page = book[table.sheet]
            whole = page.max_row or 0
            rows = enumerate(page_rows(page, table.name))
            next((at for at, values in rows if not blank(values)), None)  # the names
            for at, values in rows:
                source.share = min(1.0, (at + 1) / whole) if whole > 1 else None
                cells = list(values[:width]) + [None] * (width - len(values))
                extra = [v for v in values[width:] if v is not None]
                fault = TOO_LONG if extra else None
                if not extra and all(c is None for c in cells) and not formulas.without_value(at, texts):
                    continue
                if any(cells[t] is None for t in texts) and formulas.without_value(at, texts):
                    fault = fault or UNCOMPUTED
                if extra:
                    cells[-1] = " ".join(str(v) for v in [cells[-1], *extra] if v is not None)
                yield cells, fault, sum(len(c) for c in cells if isinstance(c, str))
            source.notes += formulas.said()
        finally:
            book.close()
            formulas.close()


class _Formulas:
    """Looks, where a text cell is empty, whether it holds a formula whose value no program has computed yet."""

    def __init__(self, path: Path, table: Table) -> None:
        self._path, self._table = path, table
        self._rows: Iterator[tuple[Any, ...]] | None = None
        self._at, self._row = -1, ()  # type: tuple[int, tuple[Any, ...]]
        self._met: set[int] = set()

    def without_value(self, at: int, columns: list[int]) -> bool:
        """Whether a cell of these columns, of which one has no value, holds one in row `at`, which never goes back."""
        if self._rows is None:  # a second reading of the sheet, which most tables never need
            self._book = open_workbook(self._path, self._table.name, values=False)
            self._rows = page_rows(self._book[self._table.sheet], self._table.name)
        while self._at < at:
            self._row, self._at = next(self._rows, ()), self._at + 1
        found = any(
            str(self._row[c]).startswith("=") or type(self._row[c]).__name__ == "ArrayFormula" for c in columns if c < len(self._row)
        )
        if found:
            self._met.add(at)
        return found

    def said(self) -> list[str]:
        """A line on what was met."""
        if not self._met:
            return []
        return [
            f"{self._table.name}: texts are formulas without a value (reason {UNCOMPUTED}; rows: {len(self._met):,}); "
            "open the file in Excel or LibreOffice, save it, and score it again"
        ]

    def close(self) -> None:
        if self._rows is not None:
            self._book.close()


def _parquet(table: Table, number: int, source: Source, limits: TableLimits) -> Iterator[Chunk]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with seekable(source) as path:
        try:
            first = 0
            with pq.ParquetFile(path) as file:
                whole = file.metadata.num_rows
                for count, batch in enumerate(_even(file.iter_batches(batch_size=limits.chunk_rows), limits)):
                    yield Chunk(count, first, number, batch=batch, share=(first + batch.num_rows) / whole)
                    first += batch.num_rows
                if not whole:  # a table without rows has columns all the same
                    yield Chunk(0, 0, number, batch=pa.RecordBatch.from_pylist([], schema=file.schema_arrow))
        except (pa.ArrowInvalid, OSError) as error:
            raise TableError(
                f"{table.name} cannot be read after row {first} ({str(error).splitlines()[0][:150]}); write it again"
            ) from None


def _even(batches: Iterable[Any], limits: TableLimits) -> Iterator[Any]:
    """Batches no larger than a chunk may be in bytes."""
    for batch in batches:
        pieces = max(1, min(batch.num_rows, -(-batch.nbytes // (4 * limits.chunk_characters))))
        step = -(-batch.num_rows // pieces)
        for at in range(0, batch.num_rows, step or 1):
            yield batch.slice(at, step)

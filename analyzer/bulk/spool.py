"""Results put aside for formats that are written in one go (Parquet, XLSX, a CSV from JSONL, gzip), and their writing at the end.

A spool is what the workers gave, one after another: lines of JSON, or Arrow streams each with its length before it. What
is made of it follows from its bytes alone, so a writing that was cut short is simply done again.
"""

from __future__ import annotations

import datetime
import gzip
import io
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

from analyzer.bulk.layout import CsvRows, arrow_schema, csv_cell, detail_types, jd_columns, jd_types, plain, renamed, safe, unique

TAG = "$jd"
_LENGTH = struct.Struct("<Q")
GROUP_ROWS = 10_000
"""Rows of a Parquet row group."""
EXCEL_ROWS, EXCEL_CHARACTERS = 1_048_576, 32_767
"""Excel's own limits: rows of a sheet, characters of a cell."""
_EXACT = 2**53


def row_line(cells: Any, ours: Sequence[Any]) -> str:
    """One row: the input's cells, in order or by name, and ours."""
    return json.dumps([cells, ours], ensure_ascii=False, default=_tagged) + "\n"


def _tagged(value: Any) -> Any:
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return {TAG: type(value).__name__, "v": value.isoformat()}
    return plain(value)


def _cell(value: Any) -> Any:
    if isinstance(value, dict) and TAG in value:
        if value[TAG] == "time":
            return datetime.time.fromisoformat(value["v"])
        kind = datetime.date if value[TAG] == "date" else datetime.datetime
        return kind.fromisoformat(value["v"])
    return value


def arrow_block(batch: Any) -> bytes:
    """A record batch as an Arrow stream, its length before it."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return _LENGTH.pack(len(data)) + data


def _arrow_blocks(spool: Path) -> Iterator[Any]:
    import pyarrow as pa

    with spool.open("rb") as stream:
        while head := stream.read(_LENGTH.size):
            data = stream.read(_LENGTH.unpack(head)[0])
            yield pa.ipc.open_stream(data)


def _lines(spool: Path) -> Iterator[tuple[Any, list[Any]]]:
    with spool.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            cells, ours = json.loads(line)
            yield cells, ours


class Rowed:
    """A spool of rows: its header and the kinds of cells in each column are found by reading it once."""

    def __init__(self, spool: Path, header: Sequence[str], prefix: str, kinds: bool, own: Sequence[str] = (), guard: bool = False) -> None:
        """header: the input's columns, empty where cells go by name; kinds: whether kinds of cells are to be found.

        guard: make the input's names safe for spreadsheets, as its cells were made.
        """
        self.spool = spool
        self._named = not header
        self._known = dict.fromkeys(header)
        self.kinds: dict[str, set[str]] = {}
        self._keys = list(header)
        if self._named or kinds:
            self._look(kinds)
        # A user's column in the far end of a JSONL may be called like one of ours: then ours gives way.
        names = unique([*self._keys, *renamed(jd_columns(own), prefix)])
        self.header, self.ours = names[: len(self._keys)], names[len(self._keys) :]
        if guard:
            self.header = [safe(n) for n in self.header]

    def _look(self, kinds: bool) -> None:
        found: list[set[str]] = [set() for _ in self._keys]
        at = {} if not self._named else {k: n for n, k in enumerate(self._keys)}
        for cells, _ in _lines(self.spool):
            if self._named:
                for key in cells:
                    if key not in at:
                        at[key] = len(self._keys)
                        self._keys.append(key)
                        found.append(set())
            if kinds:
                for n, value in self._numbered(cells, at):
                    if value is not None:
                        found[n].add(_kind(_cell(value)))
        self.kinds = {str(n): k for n, k in enumerate(found)}

    def _numbered(self, cells: Any, at: Mapping[str, int]) -> Iterator[tuple[int, Any]]:
        if self._named:
            return ((at[k], v) for k, v in cells.items())
        return iter(enumerate(cells))

    def rows(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """Cells of the input, in the order of `header`, and ours."""
        for cells, ours in _lines(self.spool):
            yield [_cell(c) for c in ([cells.get(k) for k in self._keys] if self._named else cells)], ours

    def types(self) -> list[str]:
        """string, double, boolean, long or timestamp of each input column."""
        return [_type(self.kinds.get(str(n), set())) for n in range(len(self.header))]


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if abs(value) <= _EXACT else "big"
    if isinstance(value, datetime.datetime):
        return "zoned" if value.tzinfo else "datetime"
    return type(value).__name__


def _type(kinds: set[str]) -> str:
    for allowed, name in (({"bool"}, "boolean"), ({"int"}, "long"), ({"int", "float"}, "double"), ({"datetime"}, "timestamp")):
        if kinds and kinds <= allowed:
            return name
    return "string"


def write_csv(
    spool: Path, target: Path, header: Sequence[str], prefix: str, delimiter: str, bom: bool, own: Sequence[str] = (), guard: bool = False
) -> None:
    """A CSV from a spool of rows."""
    rowed = Rowed(spool, header, prefix, kinds=False, own=own, guard=guard)
    with target.open("w", encoding="utf-8-sig" if bom else "utf-8", errors="replace", newline="") as stream:
        writer = CsvRows(stream, delimiter)
        writer.write([*rowed.header, *rowed.ours])
        for cells, ours in rowed.rows():
            writer.write([csv_cell(c) for c in (*cells, *ours)])


def write_parquet(spool: Path, target: Path, header: Sequence[str], prefix: str, own: Sequence[str] = ()) -> None:
    """A Parquet file from a spool of rows; a column whose cells are of several kinds becomes text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rowed = Rowed(spool, header, prefix, kinds=True, own=own)
    types = rowed.types()
    fields = [
        pa.field(n, pa.timestamp("us")) if t == "timestamp" else arrow_schema({n: t}).field(0)
        for n, t in zip(rowed.header, types, strict=True)
    ]
    ours = [f.with_name(n) for f, n in zip(arrow_schema(jd_types(own)), rowed.ours, strict=True)]
    schema = pa.schema([*fields, *ours])
    texts = [t == "string" for t in types]
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in _grouped(rowed.rows()):
            table = [[_string(c) if texts[at] else c for at, c in enumerate(cells)] + own for cells, own in group]
            columns = [pa.array([r[at] for r in table], type=f.type) for at, f in enumerate(schema)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def _string(value: Any) -> str | None:
    return None if value is None else csv_cell(value).encode("utf-8", "replace").decode("utf-8")


def _grouped(rows: Iterator[Any]) -> Iterator[list[Any]]:
    import itertools

    while group := list(itertools.islice(rows, GROUP_ROWS)):
        yield group


def write_arrow(spool: Path, target: Path, own: Sequence[str] = ()) -> None:
    """A Parquet file from a spool of Arrow streams; files with other columns get empty cells in those they lack."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, alike = None, True
    given: dict[str, None] = {}
    ours: list[str] = []
    for reader in _arrow_blocks(spool):
        if schema is None or not reader.schema.equals(schema):
            alike = schema is None
            given.update(dict.fromkeys(reader.schema.names[: -len(jd_columns(own))]))
            ours = reader.schema.names[-len(jd_columns(own)) :]
            schema = reader.schema if schema is None else pa.unify_schemas([schema, reader.schema], promote_options="permissive")
    if schema is not None and not alike:  # a single table's own names may be doubled
        schema = pa.schema([schema.field(n) for n in (*given, *ours)], metadata=schema.metadata)
    with pq.ParquetWriter(target, schema or arrow_schema(jd_types(own)), compression="zstd") as writer:
        held: list[Any] = []
        for reader in _arrow_blocks(spool):
            held.append(_fitted(reader.read_all(), schema))
            if sum(t.num_rows for t in held) >= GROUP_ROWS:
                writer.write_table(pa.concat_tables(held).combine_chunks())
                held = []
        if held:
            writer.write_table(pa.concat_tables(held).combine_chunks())


def _fitted(table: Any, schema: Any) -> Any:
    import pyarrow as pa

    if table.schema.equals(schema):
        return table
    columns = [table.column(f.name).cast(f.type) if f.name in table.column_names else pa.nulls(table.num_rows, f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def write_xlsx(
    spool: Path, target: Path, header: Sequence[str], prefix: str, scratch: Path, own: Sequence[str] = (), guard: bool = False
) -> int:
    """A workbook from a spool of rows, texts never formulas; gives how many cells were cut at Excel's 32,767 characters.

    Rows beyond what a sheet holds go on in a second one.
    """
    import xlsxwriter  # type: ignore[import-untyped]
    import xlsxwriter.exceptions  # type: ignore[import-untyped]

    rowed = Rowed(spool, header, prefix, kinds=False, own=own, guard=guard)
    options = {
        "constant_memory": True,
        "tmpdir": str(scratch),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(str(target), options)
    # The same rows give the same bytes: no time of writing in the file.
    book.set_properties({"created": datetime.datetime(2000, 1, 1)})
    date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    bold = book.add_format({"bold": True})
    names = [*rowed.header, *rowed.ours]
    cut, sheet, at, sheets = 0, None, EXCEL_ROWS, 0
    for cells, ours in rowed.rows():
        if at >= EXCEL_ROWS:
            sheets += 1
            sheet = _sheet(book, f"scored {sheets}" if sheets > 1 else "scored", names, bold)
            at = 1
        for column, value in enumerate((*cells, *ours)):
            cut += _excel_cell(sheet, at, column, value, date)
        at += 1
    if sheet is None:
        _sheet(book, "scored", names, bold)
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:  # holds the system's own error: no room, no permission
        raise error.args[0] if error.args and isinstance(error.args[0], OSError) else OSError(str(error)) from None
    return cut


def _sheet(book: Any, name: str, names: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, title in enumerate(names):
        sheet.write_string(0, column, title[:EXCEL_CHARACTERS], bold)
    return sheet


def _excel_cell(sheet: Any, row: int, column: int, value: Any, date: Any) -> int:
    """Write one cell; 1 where it had to be cut."""
    if value is None:
        return 0
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and abs(value) <= _EXACT:
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime.datetime) and value.tzinfo is None and value.year >= 1900:
        sheet.write_datetime(row, column, value, date)
    else:
        text = csv_cell(value).encode("utf-8", "replace").decode("utf-8")
        sheet.write_string(row, column, text[:EXCEL_CHARACTERS])
        return int(len(text) > EXCEL_CHARACTERS)
    return 0


def write_details(spool: Path, target: Path, own: Sequence[str] = ()) -> None:
    """The table of duties as Parquet, from its lines of JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema(detail_types(own))
    with pq.ParquetWriter(target, schema, compression="zstd") as writer, spool.open(encoding="utf-8", newline="\n") as stream:
        for group in _grouped(map(_flat, stream)):
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=schema))


def _flat(line: str) -> dict[str, Any]:
    duty = json.loads(line)
    purpose = duty["purpose"] or {}
    return {
        **{k: duty[k] for k in detail_types() if k in duty and k not in ("id", "codes", "steps")},
        "id": None if duty["id"] is None else str(duty["id"]),
        "codes": " ".join(f"{c['code']}={c['share']}" for c in duty["codes"]),
        **{f"weight_{f}": w for f, w in duty["weights"].items()},
        "purpose_start": purpose.get("start"),
        "purpose_end": purpose.get("end"),
        "steps": " ".join(map(str, duty["steps"])),
    }


def compress(source: Path, target: Path, kind: str) -> None:
    """The file as .gz or .zst; the same content gives the same bytes."""
    import shutil

    import zstandard

    with source.open("rb") as plain_bytes, target.open("wb") as raw:
        if kind == ".gz":
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                shutil.copyfileobj(plain_bytes, packed, 1 << 20)
        else:
            zstandard.ZstdCompressor(level=3).copy_stream(plain_bytes, raw)


def csv_head(names: Sequence[str], delimiter: str, bom: bool) -> bytes:
    """The first line of a CSV."""
    stream = io.StringIO(newline="")
    CsvRows(stream, delimiter).write(names)
    return stream.getvalue().encode("utf-8-sig" if bom else "utf-8", "replace")


def copy_out(source: Path, target: BinaryIO | IO[bytes]) -> None:
    """Copy a finished file to a stream."""
    import shutil

    with source.open("rb") as stream:
        shutil.copyfileobj(stream, target, 1 << 20)

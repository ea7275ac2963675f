"""Which files are to be scored, and what is found of each before the first row: format, encoding, delimiter, columns."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.bulk.columns import Columns, check_name, find_columns
from analyzer.bulk.dialect import Dialect, find_dialect
from analyzer.bulk.encoding import Encoding, Looked, guess, look
from analyzer.bulk.records import Records
from analyzer.bulk.sheets import find_sheet
from analyzer.bulk.streams import Source, seekable
from analyzer.errors import TableError
from analyzer.settings import TABLE_LIMITS, TableLimits

FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx",
           ".parquet": "parquet", ".pq": "parquet",
           ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}  # fmt: skip
PACKED = (".gz", ".zst", ".zstd")
SEPARATOR = re.compile('\ufeff?"?sep=([^"\\w\r\n])"?(?:\r\n|\r|\n)', re.IGNORECASE)
HEAD_LINES = 100
"""Lines of a JSONL looked at for the names of its fields."""


@dataclass(frozen=True)
class Reading:
    """How the user wants tables read; None where it is to be found out."""

    columns: Columns = field(default_factory=Columns)
    guess: bool = True
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Table:
    """What was found of one input. `header`: names of its columns in order, of a JSONL those of its first lines."""

    path: Path | None
    name: str
    kind: str
    header: tuple[str, ...]
    columns: Columns
    digest: str = ""
    size: int = 0
    encoding: Encoding | None = None
    dialect: Dialect | None = None
    sheet: str | None = None
    separator: bool = False
    """Whether a line such as `sep=;`, which Excel writes and understands, stands above the names."""
    density: float = 1.0
    """Bytes of a character of text, in its first part: tells how far into the file a row is."""

    def said(self) -> str:
        """One line on what was found."""
        how = [self.kind.upper()]
        if self.encoding:
            how.append(self.encoding.name)
        if self.dialect:
            how.append({"\t": "tab", ",": "comma", ";": "semicolon"}.get(self.dialect.delimiter, repr(self.dialect.delimiter)))
        if self.sheet:
            how.append(f"sheet {self.sheet!r}")
        said = f"{self.name}: {', '.join(how)}; {self.columns.said()}"
        if self.encoding and self.encoding.damaged:
            where = f"line {self.encoding.line} at byte {self.encoding.byte}"
            said += f"; {self.encoding.damaged} byte sequences are not {self.encoding.name} and read as U+FFFD, the first in {where}"
        return said


def format_of(path: Path) -> str | None:
    """csv, tsv, xlsx, parquet or jsonl by a file's name, .gz and .zst aside; None where the name does not tell."""
    return FORMATS.get(Path(path.stem).suffix.lower() if path.suffix.lower() in PACKED else path.suffix.lower())


def find_sources(inputs: Sequence[str | Path]) -> list[Source]:
    """The files named, those of the folders named in the order of their names, and stdin for `-`.

    Raises TableError for a path that is not there and for a folder without a table.
    """
    out: list[Source] = []
    for item in inputs:
        try:
            out += [Source(None)] if str(item) == "-" else _sources(Path(item))
        except OSError as error:  # a name that is too long, such as a posting pasted for a path
            raise TableError(f"{str(item)[:80]}… cannot be looked at ({error.strerror}); check the path") from None
    return out


def _sources(path: Path) -> list[Source]:
    """A file, or those of a folder."""
    if not path.is_dir():
        if not path.is_file():
            raise TableError(f"{path} is not there; check the path")
        return [Source(path)]
    inside = sorted(p for p in path.rglob("*") if format_of(p) and _meant(p.relative_to(path)) and p.is_file())
    if not inside:
        raise TableError(f"the folder {path} holds no table (CSV, TSV, XLSX, Parquet, JSONL, each also .gz or .zst)")
    return [Source(p, str(p.relative_to(path))) for p in inside]


def _meant(inside: Path) -> bool:
    """Whether a path within a folder is a user's file: not hidden, no lock of Excel's (`~$`), no part of ours."""
    return not any(part.startswith((".", "~$")) for part in inside.parts) and ".jdpart" not in str(inside.parent)


def examine(source: Source, reading: Reading, limits: TableLimits = TABLE_LIMITS) -> Table:
    """Find out all about one file; reads it once, or twice where it is not UTF-8. Raises TableError or ColumnError."""
    kind = reading.format or (format_of(source.path) if source.path else None)
    if reading.sheet and kind not in ("xlsx", None):
        source.notes.append(f"{source.name}: --sheet is for XLSX and was not needed here")
    with source.open() as stream:
        head = stream.read(limits.head_bytes)
        if b"\n" not in head:  # one very long line
            head += stream.readline(limits.max_cell_characters)
        whole = not stream.read(1)
    kind = _by_content(head, kind, source.name)
    text = kind in ("csv", "tsv", "jsonl")
    looked = look(source, reading.encoding, text, limits)
    if text:
        return _text_table(source, kind, head, whole, looked, reading)
    sheet = None
    with seekable(source) as path:
        if kind == "parquet":
            header = parquet_header(path, source.name)
            columns = find_columns(header, reading.columns, source.name, reading.guess)
        else:
            header, sheet, columns = find_sheet(path, source.name, reading.sheet, reading.columns, reading.guess)
    return Table(source.path, source.name, kind, tuple(header), columns, looked.digest, looked.size, sheet=sheet)


def examine_stream(head: bytes, whole: bool, reading: Reading) -> Table:
    """The same for stdin, of which only the head can be looked at beforehand."""
    kind = _by_content(head, reading.format, "stdin")
    if kind not in ("csv", "tsv", "jsonl"):
        raise TableError(f"stdin takes CSV and JSONL, not {kind}; give the file's path")
    looked = Looked(0, "", guess(head, reading.encoding))
    return _text_table(Source(None), kind, head, whole, looked, reading)


def _by_content(head: bytes, kind: str | None, name: str) -> str:
    """The format, where the first bytes tell one whatever the name says."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        if kind != "xlsx" and not any(mark in head for mark in (b"[Content_Types].xml", b"xl/")):
            raise TableError(f"{name} is a ZIP archive; unpack it and name the table inside (.gz and .zst are read as they are)")
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(f"{name} is an old Excel file (.xls) or locked by a password; save it as .xlsx without one")
    if not head.removeprefix(b"\xef\xbb\xbf").strip() or head in (b"\xff\xfe", b"\xfe\xff"):
        raise TableError(f"{name} is empty: a table needs a first row with the names of its columns")
    if kind in ("xlsx", "parquet"):
        raise TableError(f"{name} is not {kind.upper()} inside; is it CSV under another name? Say so with --format csv")
    if kind == "jsonl" and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"["):
        raise TableError(f"{name} is one JSON array; JSONL holds one object a line (jq -c '.[]' makes it so)")
    if kind is None:
        return "jsonl" if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") else "csv"
    return kind


def _text_table(source: Source, kind: str, head: bytes, whole: bool, looked: Looked, reading: Reading) -> Table:
    encoding = looked.encoding or Encoding("utf-8")
    text = decoded_head(head, encoding.name)
    said = None
    if kind == "jsonl":
        header, dialect = jsonl_header(text, whole), None
        if not header:
            raise TableError(f"{source.name} has no JSON object in its first lines; JSONL holds one object a line (jq -c . makes it so)")
    else:
        said = SEPARATOR.match(text)
        text = text[said.end() :] if said else text
        dialect = find_dialect(text, whole, reading.delimiter or (said and said[1]) or ("\t" if kind == "tsv" else None))
        header = next((row for row, _ in Records(io.StringIO(text, newline=""), dialect, len(text) + 1) if row), [])
    columns = find_columns(header, reading.columns, source.name, reading.guess)
    if dialect:
        check_name(header, columns, source.name)
    return Table(
        source.path,
        source.name,
        "csv" if kind == "tsv" else kind,
        tuple(header),
        columns,
        looked.digest,
        looked.size,
        encoding,
        dialect,
        separator=said is not None,
        density=len(head) / max(1, len(text)),
    )


def decoded_head(head: bytes, encoding: str) -> str:
    """The head as text; a character cut by its end is dropped."""
    import codecs

    return codecs.getincrementaldecoder(encoding)("replace").decode(head)


def jsonl_header(text: str, whole: bool) -> list[str]:
    """Names of the fields of the first lines, in the order they are met."""
    lines = text.split("\n")
    names: dict[str, None] = {}
    for line in itertools.islice(lines if whole or len(lines) == 1 else lines[:-1], HEAD_LINES):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            names.update(dict.fromkeys(value))
    return list(names)


def parquet_header(path: Path, name: str) -> list[str]:
    """Column names of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{name} is no whole Parquet file ({str(error).splitlines()[0][:150]}); write it again") from None

"""Bytes of a file or of stdin, gzip and zstd taken off, and how far into it the reading is."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import zstandard

from analyzer.errors import TableError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BLOCK = 1 << 20


class Source:
    """One input: a file, or stdin where `path` is None."""

    def __init__(self, path: Path | None, name: str | None = None) -> None:
        """name: what messages call it; else the file's own."""
        self.path = path
        self.name = name or (path.name if path else "stdin")
        self.share: float | None = None
        """How far it is read, 0 to 1, where its reader knows."""
        self.notes: list[str] = []
        """What its reader has to say once it has read all of it."""

    @property
    def size(self) -> int | None:
        """Bytes on disk, compressed as they are; None for stdin."""
        return self.path.stat().st_size if self.path else None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The decompressed bytes. Raises TableError where the file cannot be opened or is cut short."""
        try:
            raw: BinaryIO = self.path.open("rb") if self.path else cast(BinaryIO, sys.stdin.buffer)
        except OSError as error:
            raise TableError(f"{self.name} cannot be opened ({error.strerror}); check the path and its permissions") from None
        buffered = io.BufferedReader(cast(io.RawIOBase, _Unclosed(raw)), BLOCK)
        try:
            yield cast(BinaryIO, decompressed(buffered))
        except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
            raise TableError(
                f"{self.name}: the compressed data ends early or is damaged near byte {_position(raw)} ({error}); fetch the file again"
            ) from None
        finally:
            if self.path:
                raw.close()


def _position(raw: BinaryIO) -> int:
    try:
        return raw.tell()
    except OSError:  # a pipe
        return 0


class _Unclosed(io.RawIOBase):
    """Lets a BufferedReader go without closing what it reads from (stdin)."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._inner.read1(len(buffer)) if hasattr(self._inner, "read1") else self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def with_head(head: bytes, stream: BinaryIO) -> BinaryIO:
    """A stream whose first bytes were already taken."""
    return cast(BinaryIO, io.BufferedReader(_Chained(head, stream), BLOCK))


class _Chained(io.RawIOBase):
    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = memoryview(head), stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = bytes(self._head[: len(buffer)]) or self._stream.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def decompressed(buffered: io.BufferedReader[Any]) -> io.BufferedIOBase:
    """The stream with gzip or zstd taken off, told by its first bytes, not by its name."""
    head = buffered.peek(4)[:4]
    if head.startswith(GZIP):
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=buffered, mode="rb")), BLOCK)
    if head == ZSTD:
        return io.BufferedReader(_Frames(buffered), BLOCK)
    return buffered


class _Frames(io.RawIOBase):
    """zstd frames one after another; raises EOFError where the data ends inside one, which zstandard itself passes over."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._left, self._ready = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            data = self._left or self._inner.read(BLOCK // 8)
            self._left = b""
            if not data:
                if self._frame:
                    raise EOFError("a zstd frame is not whole")
                return 0
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._ready = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._left, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


@contextmanager
def seekable(source: Source) -> Iterator[Path]:
    """A path with the decompressed bytes, for formats read from their end (Parquet, XLSX): the file itself, or a copy."""
    with source.open() as stream:
        plain = source.path is not None and isinstance(cast(io.BufferedReader, stream).raw, _Unclosed)
        if plain and source.path:
            yield source.path
            return
        handle, name = tempfile.mkstemp(prefix="jd-analyzer-")
        try:
            with os.fdopen(handle, "wb") as copy:
                while block := stream.read(BLOCK):
                    copy.write(block)
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

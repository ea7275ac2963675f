"""The place where output grows until it is whole: `OUTPUT.jdpart/`, with a journal of what is finished.

Each chunk's bytes are appended, then a line goes into the journal with where they end and their checksum; every few seconds
all is synced to the disk. Started again, whatever lies beyond the journal's last whole line is cut off, chunks that were
written after the last sync are checked (a power cut may have lost them), and the run goes on from there. At the end the file
is moved into place in one step, so that OUTPUT is either the old one or the whole new one.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from analyzer.bulk.worker import Done
from analyzer.errors import OutputError, ResumeError

FORMAT = 2
DETAILS_PARTS = ("details", "duties")
"""Names of the parts that are the table of duties; every other one that is moved is the output."""
READ_AS = "read as"
"""The option that holds, for each table, how it is read."""
SYNC_SECONDS = 2.0
"""Between two syncs to the disk. A killed process loses nothing by it; a power cut costs these seconds of work."""


@dataclass
class Progress:
    """What is finished: chunks, rows, ends of the two files, and counts so far."""

    chunks: int = 0
    rows: int = 0
    output: int = 0
    details: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, done: Done) -> None:
        """Take in a chunk."""
        self.chunks += 1
        self.rows += done.rows
        for kind, numbers in done.counts.items():
            known = self.counts.setdefault(kind, {})
            for name, number in numbers.items():
                known[name] = known.get(name, 0) + number


class Stage:
    """One output under way. target None stands for stdout, which gets its bytes at once and cannot be resumed."""

    def __init__(self, target: Path | None, details: Path | None, home: Path) -> None:
        """home: the folder of parts, beside the target so that moving is one step."""
        self.target, self.details, self.home = target, details, home
        self.progress = Progress()
        self.complete = False
        self._files: dict[str, int] = {}
        self._kept = self._synced = 0
        self._synced_at = time.monotonic()
        self._lock = FileLock(str(home) + ".lock")

    @property
    def output_part(self) -> Path:
        """Where the output's bytes, or its spool, lie."""
        return self.home / "output"

    @property
    def details_part(self) -> Path:
        """Where the duties' lines lie."""
        return self.home / "details"

    @contextmanager
    def opened(self, fingerprint: Mapping[str, Any], head: bytes, restart: bool) -> Iterator[Stage]:
        """Begin, or go on where a run like this one stopped. head: the output's first bytes.

        Raises ResumeError where what lies there is of another run, OutputError where nothing can be written.
        """
        with self._told():
            self.home.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                if not Path(self._lock.lock_file).exists():  # it could not be made: nobody holds it
                    raise OutputError(f"{self._name()} cannot be written: no file can be made in {self.home.parent}") from None
                raise OutputError(f"another run is writing {self._name()}; wait for it, or choose another output") from None
        try:
            with self._told():
                if restart:
                    shutil.rmtree(self.home, ignore_errors=True)
                self._begin(fingerprint, head)
            yield self
        finally:
            for descriptor in self._files.values():
                os.close(descriptor)
            self._files = {}
            self._lock.release()
            if not self.home.exists():
                Path(str(self.home) + ".lock").unlink(missing_ok=True)

    def _name(self) -> str:
        return self.target.name if self.target else "the table of duties" if self.details else "stdout"

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        """Errors of the file system as what they mean to the user. name: of the file that is written; else the output's."""
        name = name or self._name()
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            kept = f"; {self.progress.rows} rows are finished and kept in {self.home.name}" if self.progress.rows else ""
            again = ", then give the same command again to go on"
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise OutputError(f"the disk is full while {name} is written{kept}; make room{again}") from None
            raise OutputError(f"{name} cannot be written ({error.strerror}){kept}; put that right{again}") from None

    def _begin(self, fingerprint: Mapping[str, Any], head: bytes) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        journal = self.home / "journal.jsonl"
        lines = _whole_lines(journal)
        if len(lines) > 1:  # with nothing finished there is nothing to lose
            _compare(lines[0], fingerprint, self._name(), self.home)
            last = self._last(lines[1:], head)
            self.complete = bool(lines[-1].get("complete"))
            if last:
                self.progress = Progress(last["chunks"], last["rows"], last["output"], last["details"], last["counts"])
        if self.complete:
            return
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        for name, path in (("output", self.output_part), ("details", self.details_part), ("journal", journal)):
            self._files[name] = os.open(path, flags, 0o666)
        if not self.progress.chunks:
            self._cut("journal", 0)
            self._write("journal", _line({"format": FORMAT, "fingerprint": fingerprint}))
            self._cut("output", 0)
            self._cut("details", 0)
            self._write("output", head)
            self.progress.output = len(head)
            return
        self._cut("output", self.progress.output)
        self._cut("details", self.progress.details)
        self._cut("journal", sum(len(_line(n)) for n in lines[: 1 + self._kept]))
        self._synced = min(self._kept, int(lines[self._kept]["synced"]))

    def _last(self, lines: list[dict[str, Any]], head: bytes) -> dict[str, Any] | None:
        """The last chunk whose bytes are all there, and those of all before it."""
        chunks = [n for n in lines if "chunks" in n]
        if not (lines and lines[-1].get("complete")):
            chunks = chunks[: self._whole(chunks, head)]
        self._kept = len(chunks)
        return chunks[-1] if chunks else None

    def _whole(self, chunks: list[dict[str, Any]], head: bytes) -> int:
        """How many chunks are on the disk as the journal says; those synced are taken for so, the rest are checked."""
        sure = int(chunks[-1]["synced"]) if chunks else 0
        with ExitStack() as stack:
            parts = [stack.enter_context(p.open("rb")) if p.is_file() else io.BytesIO() for p in (self.output_part, self.details_part)]
            if parts[0].read(len(head)) != head:
                return 0
            ends = [len(head), 0] if not sure else [int(chunks[sure - 1][k]) for k in ("output", "details")]
            if any(part.seek(0, os.SEEK_END) < end for part, end in zip(parts, ends, strict=True)):
                return 0
            for at in range(sure, len(chunks)):
                for part, begin, key, known in zip(parts, ends, ("output", "details"), chunks[at]["crc"], strict=True):
                    part.seek(begin)
                    size = int(chunks[at][key]) - begin
                    data = part.read(size)
                    if len(data) != size or zlib.crc32(data) != known:
                        return at
                ends = [int(chunks[at][k]) for k in ("output", "details")]
        return len(chunks)

    def _cut(self, name: str, end: int) -> None:
        os.ftruncate(self._files[name], end)
        os.lseek(self._files[name], end, os.SEEK_SET)

    def _write(self, name: str, data: bytes) -> None:
        write_all(self._files[name], data)

    def append(self, done: Done, direct: bool) -> None:
        """Put a chunk behind the last one. direct: to stdout, at once. Raises OutputError, with nothing lost of what was finished."""
        with self._told():
            if direct and not self.target:
                sys.stdout.buffer.write(done.output)
                sys.stdout.buffer.flush()
            else:
                self._write("output", done.output)
                self.progress.output += len(done.output)
            self._write("details", done.details)
            self.progress.details += len(done.details)
            self.progress.add(done)
            p = self.progress
            crc = [zlib.crc32(done.output), zlib.crc32(done.details)]
            line = {"chunks": p.chunks, "rows": p.rows, "output": p.output, "details": p.details, "counts": p.counts}
            self._write("journal", _line({**line, "crc": crc, "synced": self._synced}))
            if time.monotonic() - self._synced_at >= SYNC_SECONDS:
                for name in ("output", "details", "journal"):
                    os.fsync(self._files[name])
                self._synced, self._synced_at = p.chunks, time.monotonic()

    def finish(self, make: Callable[[], Mapping[Path, Path]]) -> None:
        """Turn the parts into the files asked for and move them into place. make: writes them, gives part → target."""
        with self._told():
            if not self.complete:
                moves = {part.name: str(target.absolute()) for part, target in make().items()}
                for part in moves:
                    _sync(self.home / part)
                self._write("journal", _line({"complete": True, "moves": moves}))
                os.fsync(self._files["journal"])
            else:
                moves = self._moves(_whole_lines(self.home / "journal.jsonl")[-1]["moves"])
            for descriptor in self._files.values():
                os.close(descriptor)
            self._files = {}
        for part, target in moves.items():
            if (self.home / part).exists():
                with self._told(Path(target).name):
                    _move(self.home / part, Path(target))
        shutil.rmtree(self.home, ignore_errors=True)

    def _moves(self, known: Mapping[str, str]) -> dict[str, str]:
        """Where the parts of a finished run belong: to the names of this call, which may be other ones than the run began with.

        Raises ResumeError where a part has gone to another name before.
        """
        out = {}
        for part, before in known.items():
            now = str(cast(Path, self.details if part in DETAILS_PARTS else self.target).absolute())
            if now != before and not (self.home / part).exists():
                raise ResumeError(
                    f"{self.home.name} holds a finished run that has written {before} already, not {now}; "
                    "name that one to go on, or begin anew with --restart"
                )
            out[part] = now
        return out


def _move(part: Path, target: Path) -> None:
    """Put a finished file in its place in one step, through a link where the place is one; on another file system a copy of it."""
    target = target.resolve() if target.is_symlink() else target
    try:
        part.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = target.with_name(target.name + ".jdcopy")
        try:
            shutil.copyfile(part, copy)
            _sync(copy)
            copy.replace(target)
        except OSError:
            copy.unlink(missing_ok=True)
            raise
        _sync(target.parent)
        part.unlink()
    _sync(target.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of the data, however little the system takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _line(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _whole_lines(journal: Path) -> list[dict[str, Any]]:
    """The journal's lines; one that was cut short by a stop, and all after it, is left out."""
    if not journal.is_file():
        return []
    out = []
    for line in journal.read_bytes().split(b"\n")[:-1]:
        try:
            out.append(json.loads(line))
        except ValueError:
            break
    return out


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # folders cannot be opened on Windows
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def _compare(first: Mapping[str, Any], fingerprint: Mapping[str, Any], name: str, home: Path) -> None:
    """Raise ResumeError, saying what differs, unless the unfinished run was like this one."""
    known, now, same = first.get("fingerprint", {}), json.loads(_line(fingerprint)), first.get("format") == FORMAT
    if same and known == now:
        return
    parts = (
        ["another version of this program began it"]
        if not same
        else [_difference(key, known.get(key), now.get(key)) for key in sorted({*known, *now}) if known.get(key) != now.get(key)]
    )
    raise ResumeError(
        f"{home.name} holds an unfinished run for {name} that does not fit this one: {'; '.join(parts)}. "
        "Put that back to go on, or begin anew with --restart (what was finished is then thrown away)"
    )


def _difference(key: str, old: Any, new: Any) -> str:
    if key == "inputs":
        before, after = {i["name"]: i for i in old or []}, {i["name"]: i for i in new or []}
        changed = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
        return f"the input changed ({', '.join(changed[:3])})" if changed else "the inputs come in another order"
    if key == "model":
        changed = sorted(k for k in {*(old or {}), *(new or {})} if (old or {}).get(k) != (new or {}).get(k))
        return f"the model changed ({', '.join(changed)})"
    if key == "options":
        return "other options (" + "; ".join(_options(old or {}, new or {})) + ")"
    return f"another {key}"


def _options(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two sets of options, each named once with its value before and now."""
    for key in sorted({*old, *new}):
        before, now = old.get(key), new.get(key)
        if before == now:
            continue
        if key != READ_AS:
            yield f"{key}: {_said(before)} before, now {_said(now)}"
            continue
        pairs: Iterator[tuple[dict[str, Any], dict[str, Any]]] = zip_longest(before or [], now or [], fillvalue={})
        yield from dict.fromkeys(line for pair in pairs for line in _options(*pair))


def _said(value: Any) -> str:
    if value is None or value == [] or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(_said, value)) if isinstance(value, list) else repr(value) if isinstance(value, str) else str(value)

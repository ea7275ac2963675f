"""The encoding of a table: told by its mark, else the detector's candidates, and always confirmed by decoding all of it."""

from __future__ import annotations

import codecs
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from analyzer.bulk.latin import LATIN, likely_latin
from analyzer.bulk.streams import BLOCK, Source
from analyzer.errors import TableError
from analyzer.settings import TABLE_LIMITS, TableLimits

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CANDIDATES = ("gb18030", "big5hkscs", "big5", "cp950", "cp1252", "mac_roman")
"""What exports of Chinese and Spanish HR systems are found in, beside UTF-8; GB18030 reads GBK and GB2312 too."""
WIDE = ("utf_16_le", "utf_16_be")
"""Only where there are NUL bytes, which the commas and line ends of a table in UTF-16 bring."""
_names = itertools.count()


@dataclass(frozen=True)
class Encoding:
    """name: for Python's codecs; damaged: byte sequences that do not decode, in `lines` lines; line, byte: where the first of them is."""

    name: str
    damaged: int = 0
    line: int = 0
    byte: int = 0
    lines: int = 0


@dataclass(frozen=True)
class Looked:
    """What one pass over a file gives: its size and content hash (decompressed), and its encoding, None for binary formats."""

    size: int
    digest: str
    encoding: Encoding | None


class _Checker:
    """Decodes blocks and notes what fails, without keeping the text."""

    def __init__(self, name: str) -> None:
        self.name, self.count, self.line, self.byte = name, 0, 0, 0
        self.whole, self.bad, self._last = 0, 0, 0  # lines, those with damage, the last of these
        self._read, self._at, self._handler = 0, (0, 0), f"jd_count_{next(_names)}"
        codecs.register_error(self._handler, self._note)  # type: ignore[arg-type]
        self._decoder = codecs.getincrementaldecoder(name)(self._handler)

    def _note(self, error: UnicodeDecodeError) -> tuple[str, int]:
        at, lines = self._at
        lines += error.object.count(b"\n", at, error.start)
        self._at = error.start, lines
        line = self.whole + lines + 1
        if not self.count:
            self.byte = self._read - len(error.object) + error.start
            self.line = line
        if line != self._last:
            self.bad, self._last = self.bad + 1, line
        self.count += 1
        return "\ufffd", max(error.end, error.start + 1)

    def feed(self, block: bytes, final: bool = False) -> None:
        self._read += len(block)
        self._at = 0, 0
        self._decoder.decode(block, final)
        self.whole += block.count(b"\n")

    def found(self) -> Encoding:
        return Encoding(self.name, self.count, self.line, self.byte, self.bad)


class Marking:
    """Decodes with U+FFFD for what does not decode, and knows whether there was any. Its `name` is an error handler for codecs."""

    def __init__(self) -> None:
        self.name, self.met = f"jd_mark_{next(_names)}", False
        codecs.register_error(self.name, self._mark)  # type: ignore[arg-type]

    def _mark(self, error: UnicodeDecodeError) -> tuple[str, int]:
        self.met = True
        return "\ufffd", max(error.end, error.start + 1)


def blocks(source: Source) -> Iterator[bytes]:
    """The decompressed bytes, a mebibyte at a time."""
    with source.open() as stream:
        while block := stream.read(BLOCK):
            yield block


def look(source: Source, given: str | None = None, text: bool = True, limits: TableLimits = TABLE_LIMITS) -> Looked:
    """Read the whole file once or twice: hash it, and find the encoding that decodes it.

    given: the user's word, which is checked but not doubted. Raises TableError where nothing decodes it, naming line
    and byte.
    """
    digest, size, head = hashlib.blake2b(digest_size=16), 0, b""
    checker: _Checker | None = None
    for block in blocks(source):
        if not size:
            head = block[: limits.head_bytes]
            checker = _Checker(given_name(given) if given else _mark(head) or "utf-8") if text else None
        size += len(block)
        digest.update(block)
        if checker and checker.count <= size:
            checker.feed(block)
    if not checker:
        return Looked(size, digest.hexdigest(), Encoding("utf-8") if text else None)
    checker.feed(b"", final=True)
    first = checker.found()
    sure = True
    if first.damaged and not given and not _mark(head):
        first, sure = _detected(source, first, limits)
    _refuse(source.name, first, size, checker.whole if sure else 0, given is not None, limits)
    return Looked(size, digest.hexdigest(), first)


def guess(head: bytes, given: str | None = None) -> Encoding:
    """The encoding of a stream that can be read but once, by its first bytes."""
    if given or _mark(head):
        return Encoding(given_name(given) if given else _mark(head) or "utf-8")
    checker = _Checker("utf-8")
    checker.feed(head)
    if not checker.count:
        return Encoding("utf-8")
    return Encoding(next(iter(_candidates(head)), "utf-8"))


def given_name(name: str) -> str:
    """The codec of an encoding's name; raises TableError for one that Python does not know."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise TableError(
            f"no encoding is called {name!r}; name one of utf-8, gb18030, big5, cp1252, utf-16, or another that Python knows"
        ) from None
    return "gb18030" if found in ("gbk", "gb2312") else found


def _mark(head: bytes) -> str | None:
    return next((name for mark, name in MARKS if head.startswith(mark)), None)


def _candidates(head: bytes) -> list[str]:
    """Encodings the detector finds likely, the likeliest first; given lines with other than ASCII, since those decide."""
    telling = b"\n".join(line for line in head.split(b"\n") if any(b > 127 for b in line)) or head
    wide = b"\0" in head
    found = [match.encoding for match in from_bytes(head if wide else telling, cp_isolation=list(WIDE if wide else CANDIDATES))]
    if wide:
        return found
    latin, sure = likely_latin(telling)
    if latin and (sure or not found or found[0] in LATIN):
        return latin + [name for name in found if name not in LATIN]
    return found


def _detected(source: Source, utf8: Encoding, limits: TableLimits) -> tuple[Encoding, bool]:
    """The likeliest encoding in which the whole file decodes; else the one with the least damage. And whether it is surely that."""
    tried = [utf8]
    telling = _telling_head(source, utf8.byte, limits)
    few = _few(telling)
    for name in _candidates(telling):
        checker = _Checker(name)
        for block in blocks(source):
            checker.feed(block)
        checker.feed(b"", final=True)
        tried.append(checker.found())
        if not checker.count and not few:
            return tried[-1], True
    return (utf8, True) if few else (min(tried, key=lambda e: e.damaged), False)


def _few(telling: bytes) -> bool:
    """Whether the text is UTF-8 with a few bytes broken, or a few lines of another encoding among lines of UTF-8.

    Its sequences of several bytes are far more often right than wrong, or its lines are: hardly a line of any other
    encoding is UTF-8 by accident.
    """
    text = telling.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for c in text if c > "\x7f") - wrong
    lines = [line for line in text.split("\n") if not line.isascii()]
    return right > 10 * max(wrong, 1) or 2 * sum("\ufffd" in line for line in lines) < len(lines)


def _telling_head(source: Source, byte: int, limits: TableLimits) -> bytes:
    """Bytes around the first that is not UTF-8, which the file's head may not reach."""
    skip, kept = max(0, byte - limits.head_bytes // 2), b""
    at = 0
    for block in blocks(source):
        kept += block[max(0, skip - at) :]
        at += len(block)
        if len(kept) >= limits.head_bytes:
            break
    return kept[: limits.head_bytes].partition(b"\n")[2] if skip else kept[: limits.head_bytes]


def _refuse(name: str, found: Encoding, size: int, lines: int, given: bool, limits: TableLimits) -> None:
    """Raise TableError where the encoding fits too little of the file; the rows of the rest are marked.

    lines: how many the file has, 0 where the encoding is but the best of several that do not fit.
    """
    if found.damaged <= max(20, limits.max_damage * size):
        return
    # One cell of another encoding has many sequences, so that lines count; where the user named it, all but a wrong word is taken.
    if 2 * found.lines <= lines and (given or found.lines <= max(20, limits.max_damage * 10 * lines)):
        return
    raise TableError(
        f"{name} cannot be read as {found.name}: {found.damaged} byte sequences in {found.lines} lines do not decode, "
        f"the first in line {found.line} at byte {found.byte}; "
        "name its encoding with --encoding (utf-8, gb18030, big5, cp1252, utf-16), or export it again as UTF-8"
    )

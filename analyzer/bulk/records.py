"""Records of a CSV, one after another. A quote that never closes is taken for a character, so that it swallows no rows."""

from __future__ import annotations

import bisect
import csv
import functools
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.bulk.dialect import Dialect

STRAY, TOO_LARGE = "stray_quote", "cell_too_long"
STAND_IN = "\udfff"
"""Put for a quote that is a character, while its line is read again; no decoder gives it."""
LOOSE = 1_000_000
"""Characters of a record that is not well formed; where it is longer, a quote in it does not close."""
MANY = 8
"""Stray quotes of one record that are looked for one by one; where there are more, the rest of their line goes at once."""


class Records:
    """An iterator over (cells, fault) of the records in `lines`, which keep their ends.

    A record that is well formed goes through as the csv module reads it. One that a quote keeps open to the end of the
    table, or over `limit` characters, is read again with that quote as a character, and so are the lines after it: fault
    STRAY. So is one in which a quote joins lines that are rows of `width` cells each. A cell longer than the limit without
    any such quote is fault TOO_LARGE. `line` is the number of the lines before the record last given.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, limit: int, width: int | None = None) -> None:
        """width: cells of a row, where it is known."""
        self._lines, self._dialect, self._limit, self._width = _Lines(lines), dialect, limit, width
        self._reader = csv.reader(self._lines, strict=True, **dialect.options())
        self.line = 0
        csv.field_size_limit(limit)

    def __iter__(self) -> Records:
        return self

    def __next__(self) -> tuple[list[str], str | None]:
        """Raises csv.Error for a record that cannot be read either way."""
        self.line += len(self._lines.taken)
        self._lines.taken.clear()
        try:
            return next(self._reader), None
        except csv.Error:
            return self._mended()

    def _mended(self) -> tuple[list[str], str | None]:
        """Reads no further than it must: what a strict reader took up to the fault mostly shows a quote that joins rows."""
        lines, quote = self._lines, self._dialect.quote
        cells: list[str] | None = None
        for strays in itertools.count():
            text = "".join(lines.taken)
            at = _stray(text, self._dialect)
            if at is None or not self._joined(text, at):
                cells = self._loosely()
                text = "".join(lines.taken)
                at = _stray(text, self._dialect)
                if at is None or not (cells is None or lines.ended or self._joined(text, at)):
                    break
            end = at + 1 if strays < MANY else _line_end(text, at)
            lines.again(text[:at] + text[at:end].replace(quote, STAND_IN) + text[end:])
            try:
                return _with_quotes(next(self._reader), quote), STRAY
            except csv.Error:
                continue
        if cells is None:
            return self._large(text), TOO_LARGE
        return (_with_quotes(cells, quote), STRAY) if strays else (cells, None)

    def _loosely(self) -> list[str] | None:
        """The record as the csv module reads what is not well formed; None where it, or a cell of it, is over its limit."""
        self._lines.again()
        try:
            return next(csv.reader(_few(self._lines), **self._dialect.options()))
        except (csv.Error, _TooLong):
            return None

    def _large(self, text: str) -> list[str]:
        self._lines.again()
        csv.field_size_limit(len(text) + self._limit)
        try:
            cells = next(csv.reader(self._lines, **self._dialect.options()))
        finally:
            csv.field_size_limit(self._limit)
        return _with_quotes(cells, self._dialect.quote)

    def _joined(self, text: str, at: int) -> bool:
        """Whether the quote at this place joins rows: with it as a character, each of the lines is one, or the beginning of one."""
        if self._width is None or self._width < 2:
            return False
        begins = list(itertools.accumulate(map(len, self._lines.taken), initial=0))
        own = bisect.bisect_right(begins, at)
        row = [text[begins[n] : begins[n + 1]] for n in range(own)]
        row[-1] = row[-1][: at - begins[own - 1]] + STAND_IN + row[-1][at - begins[own - 1] + 1 :]
        try:
            cells = next(csv.reader(row, **self._dialect.options()))
            return len(cells) == self._width and all(map(self._row_like, self._lines.taken[own:]))
        except csv.Error:  # a cell over the limit
            return False

    def _row_like(self, line: str) -> bool:
        cells = next(csv.reader([line], **self._dialect.options()))
        return len(cells) == self._width or (2 <= len(cells) <= (self._width or 0) and _stray(line, self._dialect) is not None)


class _Lines:
    """Lines that can be had again. taken: those of the record under way; ended: there were no more while it was under way."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, None)
        if line is None:
            self.ended = bool(self.taken)
            raise StopIteration
        self.taken.append(line)
        return line

    def again(self, text: str | None = None) -> None:
        """Give the lines taken once more; text: what they are now, each as long as it was."""
        if text is not None:
            ends = list(itertools.accumulate(map(len, self.taken), initial=0))
            self.taken = [text[begin:end] for begin, end in itertools.pairwise(ends)]
        self._again.extendleft(reversed(self.taken))
        self.taken, self.ended = [], False


class _TooLong(Exception):
    """A record that is not well formed goes on and on."""


def _few(lines: _Lines) -> Iterator[str]:
    """Lines of one record that is not well formed, up to a limit: else each of a table's faults would read the rest of it again."""
    size = 0
    for line in lines:
        size += len(line)
        yield line
        if size > LOOSE:
            raise _TooLong


def _with_quotes(cells: list[str], quote: str) -> list[str]:
    return [c.replace(STAND_IN, quote) for c in cells]


def _line_end(text: str, at: int) -> int:
    return next((m.end() for m in re.compile(r"[\r\n]").finditer(text, at)), len(text))


def _stray(text: str, dialect: Dialect) -> int | None:
    """Where a record's first quote stands that does not close, or closes in a later line within a cell; None where none does."""
    quoted, plain, blanks = _patterns(dialect)
    at = 0
    while True:
        if text.startswith(dialect.quote, at):
            cell = quoted.match(text, at)
            if not cell:
                return at
            behind = blanks.match(text, cell.end())
            end = behind.end() if behind else cell.end()
            following = text[end : end + 1]
            if following not in ("", dialect.delimiter, "\n", "\r") and ("\n" in cell.group() or "\r" in cell.group()):
                return at
            at = cell.end()
        rest = plain.match(text, at)
        at = rest.end() if rest else at
        if text[at : at + 1] != dialect.delimiter:
            return None
        at += 1


@functools.cache
def _patterns(dialect: Dialect) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A cell in quotes, the rest of one without, and the blanks that may stand between a closing quote and the delimiter."""
    quote, mark = re.escape(dialect.quote), re.escape(dialect.delimiter)
    if dialect.escape:
        escape = re.escape(dialect.escape)
        quoted = rf"{quote}[^{quote}{escape}]*+(?:{escape}.[^{quote}{escape}]*+)*+{quote}"
        plain = rf"[^{mark}\r\n{escape}]*+(?:{escape}.[^{mark}\r\n{escape}]*+)*+"
    else:
        quoted, plain = rf"{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}", rf"[^{mark}\r\n]*+"
    blanks = " *" if dialect.delimiter == "\t" else r"[ \t]*"
    return re.compile(quoted, re.DOTALL), re.compile(plain, re.DOTALL), re.compile(blanks)

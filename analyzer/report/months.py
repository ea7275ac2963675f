"""Months out of the dates that a column holds, read alike in all of its rows."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

_NAMES = (
    ("enero", "january"), ("febrero", "february"), ("marzo", "march"), ("abril", "april"), ("mayo", "may"), ("junio", "june"),
    ("julio", "july"), ("agosto", "august"), ("septiembre", "setiembre", "september"), ("octubre", "october"),
    ("noviembre", "november"), ("diciembre", "december"),
)  # fmt: skip
_LEAST = 3
"""Letters of a month's name that are enough: ene, sept., Mar."""
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2})|年(\d{1,2})月?)(?!\d)")
_TOGETHER = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_NAMED = re.compile(r"(?:(\d{1,2})[\s/-]*(?:de\s+)?)?([a-z]{3,10})\.?[\s/,-]*(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?:del?\s+)?(\d{4})")
_ALONE = re.compile(r"0?([1-9]|1[0-2])月份?")


def month(value: str) -> str:
    """`2026-03` of a text that tells a month plainly; another value as it is, also one like 01/02/2026, which `Order` tells."""
    text = value.strip()
    if found := _YEAR_FIRST.match(text):
        return _told(found[1], found[2] or found[3], value)
    if found := _TOGETHER.fullmatch(text):
        return _told(found[1], found[2], value) if int(found[3] or 1) in range(1, 32) else value
    if found := _MONTH_YEAR.fullmatch(text):
        return _told(found[2], found[1], value)
    if found := _ALONE.fullmatch(text):
        return f"{found[1]}月"
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    if (found := _NAMED.match(folded)) and (number := _numbers().get(found[2])):
        return _told(found[4], number, value)
    return value


def _told(year: str, number: str | int, value: str) -> str:
    return f"{year}-{int(number):02d}" if 1 <= int(number) <= 12 else value


@functools.cache
def _numbers() -> dict[str, int]:
    """The number of the month that a name, or its beginning, stands for; `may` is May in both languages."""
    return {name[:end]: n for n, names in enumerate(_NAMES, 1) for name in names for end in range(_LEAST, len(name) + 1)}


def day_first(values: Iterable[str]) -> bool | None:
    """Whether the day comes first in a column's dates like 01/02/2026: yes, where none says otherwise; None where they contradict.

    A number over 12 in the first place can only be a day, and likewise in the second.
    """
    first = second = False
    for value in values:
        if found := _DAY_MONTH.match(value.strip()):
            first |= int(found[1]) > 12
            second |= int(found[3]) > 12
    return None if first and second else not second


def date_of(value: str) -> str:
    """The date of a value like `01/02/2026 10:30`, without its time; another value's month, or itself."""
    found = _DAY_MONTH.match(value.strip())
    return found[0] if found else month(value)


def ordered_month(value: str, day: bool | None) -> str:
    """The month of what `date_of` gave, where the column's order is known."""
    found = _DAY_MONTH.fullmatch(value)
    if not found or day is None:
        return value
    number, other = (found[3], found[1]) if day else (found[1], found[3])
    return _told(found[4], number, value) if 1 <= int(other) <= 31 else value


def in_time(value: str) -> tuple[int, int, str]:
    """Sorts months by time: those of a year, then those without one, then what is no month."""
    if found := re.fullmatch(r"(\d{4})-(\d\d)", value):
        return 0, int(found[1]) * 12 + int(found[2]), ""
    if found := _ALONE.fullmatch(value.removesuffix("月份").removesuffix("月") + "月"):
        return 1, int(found[1]), ""
    return 2, 0, value

"""Single cells of scored tables as they come back from spreadsheets: numbers, flags, the user's own texts."""

from __future__ import annotations

import math
import re
from typing import Any

from analyzer.errors import TableError

_TRUE = frozenset({"true", "1", "1.0", "yes", "verdadero", "sí", "si", "wahr", "vrai", "vero", "verdadeiro", "是", "真", "√"})
_FALSE = frozenset({"false", "0", "0.0", "no", "falso", "falsch", "faux", "否", "假", "×"})
"""What spreadsheets in several languages make of true and false."""
_NUMBER = re.compile(r"[+-]?\d*[.,]?\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_SLACK = 1e-6
"""How far a share may lie beyond 0 and 1: the last digits that leave the program."""


def blank(value: Any) -> bool:
    """Whether a cell holds nothing: also what pandas writes where nothing was."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value.strip())


def text(value: Any) -> str:
    """A cell as text without blanks around it; whole numbers without a decimal point."""
    if blank(value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def share(value: Any, where: str) -> float | None:
    """A share or probability, with a decimal point or comma; None of an empty cell. where: how messages name the cell."""
    if blank(value):
        return None
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = float(value.strip().replace(",", "."))
    if number is None:
        raise TableError(f"{where}: {str(value)[:40]!r} is no number; put back what `score` wrote, or score the table again")
    if not -_SLACK <= number <= 1 + _SLACK:
        raise TableError(
            f"{where}: {str(value)[:40]!r} is no share between 0 and 1; was a decimal point lost in a spreadsheet? "
            "Put back what `score` wrote, or score the table again"
        )
    return number


def flag(value: Any, where: str) -> bool | None:
    """A cell of true or false in the spellings of spreadsheets; None of an empty one."""
    if isinstance(value, bool):
        return value
    if blank(value):
        return None
    said = text(value).casefold()
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    raise TableError(f"{where}: {str(value)[:40]!r} is neither true nor false; put back what `score` wrote, or score the table again")

"""Which one-byte encoding of the Latin script a text is in: told by whether its letters lie in words and its signs beside them.

All three decode nearly any bytes, so that decoding confirms none of them, and detectors take one for another.
"""

from __future__ import annotations

import re

LATIN = ("cp1252", "mac_roman", "cp850")
"""Of Windows, of old Macs, of DOS and Excel's "CSV (MS-DOS)"; where they fit alike the first is taken."""
SMALL, LARGE = "áéíóúüñàèòçï", "ÁÉÍÓÚÜÑÀÈÒÇÏ"
OPENING, CLOSING, LOOSE = "¿¡“‘«", "”’»…ºª", "–—•·€"
LOOKED_AT = 65_536
OTHER = re.compile(r"[^\x00-\x7f]")


def likely_latin(data: bytes) -> tuple[list[str], bool]:
    """The encodings in which the text looks like Spanish, the likeliest first, and whether it does so beyond doubt."""
    scores = {name: fit(data[:LOOKED_AT].decode(name, "replace")) for name in LATIN}
    likely = sorted((name for name in LATIN if scores[name] > 0), key=lambda name: -scores[name])
    return likely, bool(likely) and scores[likely[0]] > 0.9


def fit(text: str) -> float:
    """From -1 to 1: how many of the characters beyond ASCII stand where Spanish has them, less those that stand elsewhere."""
    padded, score, count = f" {text} ", 0, 0
    for match in OTHER.finditer(padded):
        at = match.start()
        score += _fits(padded[at - 1], padded[at], padded[at + 1])
        count += 1
    return score / max(1, count)


def _fits(before: str, char: str, after: str) -> int:
    """1 where a character fits between its neighbours, -1 where it does not, 0 where nothing can be said."""
    letter_before, letter_after = before.isalpha(), after.isalpha()
    if char in SMALL:
        return 1 if (letter_before and not before.isupper()) or after.islower() else 0 if not letter_after else -1
    if char in LARGE:
        return -1 if before.islower() else 1 if letter_before or letter_after else 0
    if char in OPENING:
        return 1 if not letter_before and (letter_after or after.isdigit() or after in OPENING) else -1
    if char in CLOSING:
        return 1 if not before.isspace() and (not letter_after or char == "’") else -1
    if char in LOOSE:
        return -1 if letter_before or (letter_after and char not in "•·") else 1
    return -1 if letter_before or letter_after else 0

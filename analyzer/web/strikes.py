"""Striking duties out of a posting: the text that is left, and the way back to the user's own offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 100
"""Strikes in one request."""
_STRIKE = re.compile(r"([0-9]{1,7})-([0-9]{1,7})")


def read_strikes(values: Iterable[str], length: int) -> list[tuple[int, int]]:
    """Spans (start, end) in code points, ascending and apart, of values such as `12-40`; what fits no text is left out."""
    spans = []
    for value in list(values)[:MOST]:
        found = _STRIKE.fullmatch(value.strip())
        if found and int(found[1]) < int(found[2]) <= length:
            spans.append((int(found[1]), int(found[2])))
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


@dataclass(frozen=True)
class Struck:
    """A text less some spans. `cuts`: (place in the text that is left, start, end in the original)."""

    text: str
    cuts: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, text: str, spans: Iterable[tuple[int, int]]) -> Struck:
        """Cut the spans (ascending, apart) out."""
        kept, cuts, at, length = [], [], 0, 0
        for start, end in spans:
            kept.append(text[at:start])
            length += start - at
            cuts.append((length, start, end))
            at = end
        kept.append(text[at:])
        return cls("".join(kept), tuple(cuts))

    def original(self, start: int, end: int) -> tuple[int, int]:
        """A span of the text that is left, in the original's offsets."""
        before = sum(e - s for place, s, e in self.cuts if place <= start)
        inside = sum(e - s for place, s, e in self.cuts if place < end)
        return start + before, end + max(inside, before)

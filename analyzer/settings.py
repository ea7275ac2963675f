"""Named limits. Every one can be raised by the caller; none is hidden in the code that applies it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one posting may be."""

    max_characters: int = 200_000
    """A posting longer than this is `too_long`. Real postings end at about 10,000 characters."""
    max_segments: int = 5_000
    """Segments analysed in one posting; a text with more is `too_long`."""
    min_letters: int = 4
    """A text with fewer letters than this is `empty`."""
    max_unreadable: float = 0.3
    """Share of control, private-use, unassigned and replacement characters over which a text is `unreadable`."""
    max_file_bytes: int = 20_000_000
    """A document (DOCX, PDF, HTML, text) larger than this is refused."""


LIMITS = Limits()

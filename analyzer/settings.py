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
    max_unpacked_bytes: int = 200_000_000
    """A DOCX whose parts unpack to more than this is refused: a small archive can hold gigabytes."""
    max_pages: int = 300
    """A PDF with more pages than this is refused: a posting has a few."""


LIMITS = Limits()


@dataclass(frozen=True)
class TableLimits:
    """How tables are read and scored; the numbers of rows change no result."""

    chunk_rows: int = 500
    """Rows scored and written together: what a stop loses at most, for each worker."""
    chunk_characters: int = 2_000_000
    """A chunk ends early at this many characters, so that memory stays flat whatever the rows hold."""
    max_cell_characters: int = 10_000_000
    """A cell in quotes over several lines that is longer is taken for a quote that never closes; another one's row has no result."""
    head_bytes: int = 262_144
    """Looked at to find delimiter and quoting, and by the encoding detector."""
    max_damage: float = 0.001
    """Share of a file's bytes that may fail to decode; they are replaced by U+FFFD, counted and told. Over it, refused."""
    cached_texts: int = 4_096
    """Results of repeated texts kept by each worker; the least recently used goes first."""
    cached_lines: int = 16_384
    """Different lines of which each worker keeps what was found, as portals repeat them; the least recently used goes first."""
    chunks_ahead: int = 2
    """Chunks waiting for each worker, beside the one it scores."""
    worker_restarts: int = 2
    """How often dead workers are replaced before the run gives up, keeping what is finished."""
    in_process_bytes: int = 1_000_000
    """Tables smaller than this are scored in the calling process: workers would take longer to start than to score."""


TABLE_LIMITS = TableLimits()

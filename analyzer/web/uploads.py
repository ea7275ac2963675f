"""Uploaded files: what they are by their content, and zip bombs refused before anything is unpacked."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from analyzer.web.problems import Problem

MOST_ENTRIES = 2_000
"""Entries of a zip container (XLSX, DOCX); real ones have some dozens."""
_RATIO_FROM = 1_000_000
"""Unpacked sizes below this are harmless whatever the ratio."""
_ENTITY = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip container does."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def check_zip(path: Path, most_bytes: int, most_ratio: int) -> None:
    """Raises Problem (422) where a zip container says it unpacks to too much, or holds XML with entities. Other files pass.

    Python's zipfile never unpacks more than an entry's stated size, so what is stated is what counts.
    """
    if not is_zip(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(e.file_size for e in entries)
            size = max(1, path.stat().st_size)
            if len(entries) > MOST_ENTRIES or unpacked > most_bytes or (unpacked > _RATIO_FROM and unpacked > most_ratio * size):
                raise Problem(
                    422,
                    "zip_bomb",
                    f"The file unpacks to {unpacked} bytes in {len(entries)} entries, which is refused. Save it anew, or as CSV.",
                )
            if any(e.flag_bits & 1 for e in entries):
                raise Problem(422, "encrypted", "The file is encrypted. Save it without a password.")
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        if _ENTITY.search(part.read(4096)):
                            raise Problem(422, "zip_bomb", "The file declares XML entities, which is refused. Save it anew.")
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        raise Problem(422, "damaged", "The file is damaged. Open it and save it anew.") from None


def safe_name(name: str | None, fallback: str) -> str:
    """A file's name without folders and anything but letters, digits, dots, dashes; for messages and downloads."""
    last = re.split(r"[\\/]", name or "")[-1]
    return re.sub(r"[^\w.\- ]", "_", last)[:80].strip(" .") or fallback

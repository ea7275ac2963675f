"""The mark of a text: by it a text is known again without being kept."""

from __future__ import annotations

import hashlib


def mark_of(text: str) -> str:
    """Sixteen hexadecimal digits, the same for the same characters only."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

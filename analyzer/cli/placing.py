"""A file that appears in its place only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def placed(output: Path) -> Iterator[TextIO]:
    """A file to write, put at `output`, through a link where that is one, if nothing goes wrong. Raises OSError."""
    if output.exists() and not output.is_file():  # a device or a pipe has nothing beside it
        with output.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            yield file
        return
    place = output.resolve()
    part = place.with_name(f".jd-{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            yield file
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)

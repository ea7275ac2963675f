"""Progress of a run: a bar on a terminal, lines of JSON for programs, or nothing. All of it goes to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from analyzer.bulk.run import Event

EVERY = 1.0
"""Seconds between two lines of JSON."""


class Shown(Protocol):
    """What shows progress; used with `with`."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End."""
        ...

    def __call__(self, event: Event) -> None:
        """Show how far the run is."""
        ...


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to end."""

    def __call__(self, event: Event) -> None:
        """Nothing."""


class JsonLines(Silent):
    """A line of JSON a second: rows, share (0 to 1), rows_per_second, seconds_left, status, primary."""

    def __init__(self) -> None:
        """Nothing is written before the first second."""
        self._last = 0.0

    def __call__(self, event: Event) -> None:
        """Write a line, where a second has gone by or the input is read."""
        now = time.monotonic()
        if now - self._last >= EVERY or event.share == 1.0:
            self._last = now
            sys.stderr.write(json.dumps(facts(event)) + "\n")
            sys.stderr.flush()


class Bar(Silent):
    """A Rich bar: rows, rows a second, time left, counts by primary function and by status."""

    def __init__(self) -> None:
        """The bar begins to show with `with`."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            SpinnerColumn(), BarColumn(20), TaskProgressColumn(), TextColumn("{task.description}"),
            TimeRemainingColumn(elapsed_when_finished=True), TextColumn("[dim]{task.fields[counts]}"),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("starting", total=None, counts="")

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take the bar away; the summary follows."""
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Move the bar."""
        known = facts(event)
        said = f"{event.rows:,} rows, {known['rows_per_second']:,.0f}/s"
        counts = _told(event.counts)
        if event.share is None:
            self._progress.update(self._task, description=said, counts=counts)
        else:
            self._progress.update(self._task, description=said, counts=counts, total=1.0, completed=event.share)


def facts(event: Event) -> dict[str, Any]:
    """An event for JSON. seconds_left follows from the share of the input's bytes that is read; null where that is not known."""
    left = None
    if event.share:
        left = round(event.elapsed * (1 - event.share) / event.share, 1)
    rate = event.scored_now / event.elapsed if event.elapsed else 0.0
    return {
        "rows": event.rows,
        "share": None if event.share is None else round(event.share, 4),
        "rows_per_second": round(rate, 1),
        "seconds_left": left,
        "status": dict(event.counts.get("status", {})),
        "primary": dict(event.counts.get("primary", {})),
    }


def _told(counts: Mapping[str, Mapping[str, int]]) -> str:
    primary = dict(counts.get("primary", {}))
    bad = {k: v for k, v in counts.get("status", {}).items() if k != "ok"}
    return " ".join(f"{name} {number:,}" for name, number in [*sorted(primary.items()), *sorted(bad.items())])


def shown(how: str, quiet: bool) -> Shown:
    """What the user asked for. how: auto (a bar on a terminal, else nothing), bar, json or none."""
    if how == "json":
        return JsonLines()
    if how == "none" or quiet or (how == "auto" and not sys.stderr.isatty()):
        return Silent()
    return Bar()

"""Ctrl-C in a long run: the first one stops it in good order and says so at once, a second one ends it there and then."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT = 130
"""What shells give for a program that was ended by Ctrl-C."""


@contextmanager
def stoppable(quiet: bool) -> Iterator[None]:
    """Within, Ctrl-C raises KeyboardInterrupt; a second one ends the process with 130, without waiting for anything.

    What is finished stays to be gone on from, as after a kill; workers see that their parent is gone and end too. After an
    interrupt Ctrl-C has no more effect, so that the program's end, which takes a moment, still gives 130.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    heard = 0

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal heard
        heard += 1
        if heard > 1:
            os._exit(EXIT)
        if not quiet:
            _say(b"stopping ... (Ctrl-C again ends it at once; what is finished is kept either way)\n")
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN if heard else signal.default_int_handler)


def _say(line: bytes) -> None:
    """Write past Python's streams, which may be in the midst of a line; on a terminal over the bar, which is drawn again below."""
    try:
        if sys.__stderr__ is not None:
            descriptor = sys.__stderr__.fileno()
            os.write(descriptor, b"\r\x1b[2K" + line if os.isatty(descriptor) else line)
    except (OSError, ValueError):  # no one listens
        return

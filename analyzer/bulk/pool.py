"""Chunks scored in this process or in worker processes, in order, with few of them in memory at a time."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from analyzer import errors
from analyzer.bulk.readers import Chunk
from analyzer.bulk.worker import Done, Job, Worker
from analyzer.errors import AnalyzerError, WorkerError
from analyzer.settings import TABLE_LIMITS, TableLimits


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scored(job: Job, chunks: Iterator[Chunk], workers: int, limits: TableLimits = TABLE_LIMITS) -> Iterator[Done]:
    """What came of each chunk, in order. workers: processes; 0 or 1 for this one.

    Raises WorkerError where workers die again and again; what was given before stands.
    """
    if workers <= 1:
        worker = Worker(job)
        yield from map(worker.process, chunks)
        return
    yield from _Pool(job, workers, limits).run(chunks)


class _Pool:
    def __init__(self, job: Job, workers: int, limits: TableLimits) -> None:
        self.job, self.workers, self.limits = job, workers, limits
        self.line: Connection
        self.executor = self._new()
        self.restarts = 0

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        _hush_tracker()
        theirs, self.line = context.Pipe(duplex=False)
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin, initargs=(self.job, theirs))

    def _submit(self, chunk: Chunk) -> Future[Done | _Failure]:
        with _interrupts_put_off():
            return self.executor.submit(_process, chunk)

    def run(self, chunks: Iterator[Chunk]) -> Iterator[Done]:
        ahead = self.workers * (1 + self.limits.chunks_ahead)
        pending: deque[tuple[Chunk, Future[Done | _Failure]]] = deque()
        ended = False
        try:
            while True:
                for chunk in itertools.islice(chunks, ahead - len(pending)):
                    pending.append((chunk, self._try_submit(chunk)))
                if not pending:
                    ended = True
                    return
                try:
                    done = pending[0][1].result()
                except BrokenProcessPool:
                    pending = self._again(pending)
                    continue
                pending.popleft()
                if isinstance(done, _Failure):
                    raise done.error()
                yield done
        finally:
            if not ended:  # of a run that is stopped nobody needs what the workers have in hand
                self.line.close()
            self.executor.shutdown(wait=True, cancel_futures=True)
            self.line.close()

    def _try_submit(self, chunk: Chunk) -> Future[Done | _Failure]:
        try:
            return self._submit(chunk)
        except BrokenProcessPool as error:  # a worker died since: found again where the result is waited for
            future: Future[Done | _Failure] = Future()
            future.set_exception(error)
            return future

    def _again(self, pending: deque[tuple[Chunk, Future[Done | _Failure]]]) -> deque[tuple[Chunk, Future[Done | _Failure]]]:
        """New workers for all that is not done. Raises WorkerError once they have died too often."""
        self.line.close()
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.restarts += 1
        first = pending[0][0].first + 1
        if self.restarts > self.limits.worker_restarts:
            raise WorkerError(
                f"a worker process was ended from outside, {self.restarts} times (out of memory, most often), at or after row {first}; "
                "what is finished is kept: give the same command again to go on, with fewer --workers if memory is short"
            )
        self.executor = self._new()
        return deque((chunk, self._try_submit(chunk)) for chunk, _ in pending)


def _hush_tracker() -> None:
    """Have Python's process that takes away the semaphores of a killed run do so without a warning: there is nothing to be done."""
    if os.name != "posix":
        return
    from multiprocessing import resource_tracker

    option = "ignore::UserWarning:multiprocessing.resource_tracker"
    sys.warnoptions.append(option)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(option)


@contextmanager
def _interrupts_put_off() -> Iterator[None]:
    """Processes begun in here do not hear Ctrl-C, which a terminal sends to all; here it is heard a moment later.

    So no process is left half begun, and the parent ends all of them in good order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    masked = hasattr(signal, "pthread_sigmask")
    if masked:  # inherited by a new process, as a handler is not
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if masked:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


@dataclass(frozen=True)
class _Failure:
    """An error of ours on its way to the parent, by name and message."""

    kind: str
    message: str

    def error(self) -> AnalyzerError:
        found = getattr(errors, self.kind, WorkerError)
        made: AnalyzerError = found(self.message)
        return made


_job: Job | None = None
_worker: Worker | None = None


def _begin(job: Job, line: Connection) -> None:
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(line,), daemon=True).start()


class _Work:
    """Whether this worker has a chunk in hand: only then can it end at once. Halfway through a result it would leave the parent reading."""

    def __init__(self) -> None:
        self._lock, self._under_way = threading.Lock(), False

    def __enter__(self) -> None:
        with self._lock:
            self._under_way = True

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._under_way = False

    def end(self) -> None:
        """End this process if it is at work."""
        with self._lock:  # so long no result is sent
            if self._under_way:
                os._exit(1)


_work = _Work()
_POLL = 0.02
"""Seconds between two looks at whether a worker that is to end has a new chunk in hand; one that has none is ended by its pool."""


def _end_with_parent(line: Connection) -> None:
    """End this process when the parent closes its end of the line, or is gone: workers hold nothing that could be lost."""
    parent = multiprocessing.parent_process()
    alive = [parent.sentinel] if parent else []
    try:
        wait([line, *alive])
        while not wait(alive, _POLL):
            _work.end()
    finally:
        os._exit(1)


def _process(chunk: Chunk) -> Done | _Failure:
    with _work:
        return _done(chunk)


def _done(chunk: Chunk) -> Done | _Failure:
    global _worker
    try:
        if _worker is None:
            if _job is None:
                raise WorkerError("a worker process was begun without a job")
            _worker = Worker(_job)
        return _worker.process(chunk)
    except AnalyzerError as error:
        return _Failure(type(error).__name__, str(error).removeprefix(f"{error.code}: "))
    except MemoryError:
        return _Failure(
            "WorkerError", f"out of memory at or after row {chunk.first + 1}; what is finished is kept: go on with fewer --workers"
        )

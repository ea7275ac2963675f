"""Worker processes that load the models once and score off the event loop.

Every worker has its own pipe, so a worker that dies or hangs costs the request it was on and no other: requests
that were grouped with it are given to another worker, one by one. Waiting is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from analyzer.web.problems import Problem, busy
from analyzer.web.settings import WebSettings
from analyzer.web.worker import GROUPED, serve

log = logging.getLogger("analyzer.web")


class WorkerDied(Exception):
    """The worker ended, or was ended, while at work."""


@dataclass(eq=False)
class Task:
    """One call of a function of `worker.py`."""

    name: str
    payload: Any
    seconds: float
    future: asyncio.Future[Any]
    alone: bool = False
    taken: bool = False
    """A worker has it."""


@dataclass
class Figures:
    """What the pool counted."""

    deaths: int = 0
    timeouts: int = 0
    refused: int = 0
    done: int = 0


class Worker:
    """One process and the pipe to it. Blocking: used from threads."""

    def __init__(self, models: str) -> None:
        """Start the process."""
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(theirs, models), daemon=True, name="jd-web-worker")
        self.process.start()
        theirs.close()
        self.tasks = 0

    def wait_ready(self, seconds: float) -> None:
        """Wait until the models are loaded; raises WorkerDied."""
        try:
            if not self.pipe.poll(seconds):
                raise WorkerDied("not ready in time")
            said = self.pipe.recv()
        except (EOFError, OSError):
            raise WorkerDied("ended while loading") from None
        if said != "ready":
            raise WorkerDied(str(said))

    def call(self, name: str, payloads: list[Any], seconds: float) -> list[tuple[str, Any]]:
        """Results of the payloads, each ("ok", value) or ("problem", arguments); raises WorkerDied or TimeoutError."""
        try:
            self.pipe.send((name, payloads))
            if not self.pipe.poll(seconds):
                raise TimeoutError
            return self.pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise WorkerDied(name) from None

    def end(self, gently: bool) -> None:
        """Let the process end, or end it."""
        if gently:
            with contextlib.suppress(OSError):
                self.pipe.send(None)
            self.process.join(2)
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5)
        self.pipe.close()


class Pool:
    """`settings.workers` workers and one bounded queue; a second, patient queue for the chunks of jobs."""

    def __init__(self, settings: WebSettings) -> None:
        """Nothing is started before `start`."""
        self.settings = settings
        self.figures = Figures()
        self.workers: list[Worker | None] = [None] * settings.workers
        self.waiting: deque[Task] = deque()
        self.patient: deque[Task] = deque()
        self.running = 0
        self.failure: str | None = None
        self._wake = asyncio.Condition()
        self._stopping = False
        self._threads = ThreadPoolExecutor(settings.workers, "jd-web-pipe")
        self._loops: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> int:
        """Workers that have their models loaded."""
        return sum(1 for w in self.workers if w is not None)

    async def start(self) -> None:
        """Start the workers; returns at once, `ready` tells when they are."""
        self._loops = [asyncio.create_task(self._work(n)) for n in range(self.settings.workers)]

    async def run(self, name: str, payload: Any, *, patient: bool = False, seconds: float | None = None) -> Any:
        """Call a function of `worker.py` with a payload. Raises Problem (503 where the queue is full, or the worker died).

        A patient call works on files. Cancelled, it ends when the worker has let go of them (or after `stop_seconds`), so
        that whoever cancels may remove them.
        """
        if self._stopping:
            raise busy(self.settings.retry_seconds, "stopping", "The server is stopping.")
        if not patient and len(self.waiting) >= self.settings.max_queue:
            self.figures.refused += 1
            raise busy(self.settings.retry_seconds)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = Task(name, payload, seconds or self.settings.request_seconds, future)
        (self.patient if patient else self.waiting).append(task)
        async with self._wake:
            if patient:
                self._wake.notify_all()
            else:
                self._wake.notify()
        if not patient:
            return await future
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if task.taken:
                await asyncio.wait([future], timeout=self.settings.stop_seconds)
            future.cancel()
            raise

    async def stop(self) -> None:
        """Refuse new tasks, let running and waiting ones finish, end the workers."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.stop_seconds):
                while self.waiting or self.running:
                    await asyncio.sleep(0.02)
        for task in (*self.waiting, *self.patient):
            if not task.future.done():
                task.future.set_exception(busy(self.settings.retry_seconds, "stopping", "The server is stopping."))
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for worker in self.workers:
            if worker is not None:
                await asyncio.to_thread(worker.end, True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _take(self, number: int) -> list[Task]:
        """The next task, with others of its kind that can be done together; people's requests go before the chunks of jobs."""
        async with self._wake:
            while True:
                for queue in (self.waiting, self.patient):
                    # one worker, where there are more, stays free for people
                    if queue is self.patient and number == 0 and self.settings.workers > 1:
                        continue
                    while queue and queue[0].future.done():
                        queue.popleft()
                    if queue:
                        return self._group(queue)
                await self._wake.wait()

    def _group(self, queue: deque[Task]) -> list[Task]:
        first = queue.popleft()
        group = [first]
        if first.name in GROUPED and not first.alone:
            while queue and len(group) < self.settings.group and queue[0].name == first.name and not queue[0].alone:
                task = queue.popleft()
                if not task.future.done():
                    group.append(task)
        return group

    async def _work(self, number: int) -> None:
        while True:
            worker = self.workers[number]
            if worker is None or worker.tasks >= self.settings.recycle_after:
                if worker is not None:
                    self.workers[number] = None
                    await asyncio.to_thread(worker.end, True)
                worker = await self._opened(number)
            group = await self._take(number)
            for task in group:
                task.taken = True
            self.running += 1
            try:
                await self._do(number, worker, group)
            finally:
                self.running -= 1

    async def _opened(self, number: int) -> Worker:
        """A new worker with its models loaded; tried again, ever more slowly, while that fails."""
        pause = 0.5
        while True:
            worker = await asyncio.to_thread(Worker, self.settings.models)
            try:
                await asyncio.to_thread(worker.wait_ready, 60.0)
                self.workers[number], self.failure = worker, None
                return worker
            except WorkerDied as died:
                self.failure = str(died)
                log.error("a worker did not start: %s", died)
                await asyncio.to_thread(worker.end, False)
            except asyncio.CancelledError:
                worker.end(False)
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)

    async def _do(self, number: int, worker: Worker, group: list[Task]) -> None:
        loop = asyncio.get_running_loop()
        worker.tasks += len(group)
        try:
            call = loop.run_in_executor(
                self._threads, worker.call, group[0].name, [t.payload for t in group], max(t.seconds for t in group)
            )
            results = await call
        except (WorkerDied, TimeoutError) as error:
            late = isinstance(error, TimeoutError)
            self.figures.deaths += 1
            self.figures.timeouts += late
            self.workers[number] = None
            log.warning("a worker %s; a new one is started", "took too long and was ended" if late else "died")
            await asyncio.to_thread(worker.end, False)
            await self._give_back(group, late)
            return
        except asyncio.CancelledError:
            worker.end(False)
            self.workers[number] = None
            self._fail(group, busy(self.settings.retry_seconds, "stopping", "The server is stopping."))
            raise
        for task, (kind, value) in zip(group, results, strict=True):
            self.figures.done += 1
            if not task.future.done():
                if kind == "ok":
                    task.future.set_result(value)
                else:
                    task.future.set_exception(Problem(**value))

    async def _give_back(self, group: list[Task], late: bool) -> None:
        if len(group) > 1:
            for task in reversed(group):
                task.alone = True
                self.waiting.appendleft(task)
            async with self._wake:
                self._wake.notify_all()
        elif late:
            self._fail(
                group,
                busy(self.settings.retry_seconds, "too_slow", "The posting took too long to read and was given up. Send a shorter one."),
            )
        else:
            self._fail(
                group,
                busy(self.settings.retry_seconds, "worker_died", "The process at work on this request ended. Send the request again."),
            )

    @staticmethod
    def _fail(group: list[Task], problem: Problem) -> None:
        for task in group:
            if not task.future.done():
                task.future.set_exception(problem)

"""Jobs: tables scored chunk by chunk in the workers, with progress, cancelling and results. Files are private and removed."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from analyzer.web import tables
from analyzer.web.pool import Pool
from analyzer.web.problems import Problem
from analyzer.web.settings import WebSettings

log = logging.getLogger("analyzer.web")
READ, RUNNING, DONE, CANCELLED, FAILED = "read", "running", "done", "cancelled", "failed"


@dataclass
class Job:
    """One uploaded table. `state`: read (columns not chosen yet), running, done, cancelled, failed."""

    id: str
    folder: Path
    name: str
    info: dict[str, Any]
    state: str = READ
    done: int = 0
    columns: dict[str, str | None] = field(default_factory=dict)
    summaries: list[dict[str, Any]] = field(default_factory=list)
    why: str = ""
    touched: float = field(default_factory=time.monotonic)
    task: asyncio.Task[None] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return int(self.info["rows"])

    def to_dict(self) -> dict[str, Any]:
        """The job as the API tells it: nothing of the texts."""
        return {
            "id": self.id,
            "state": self.state,
            "rows": self.rows,
            "done": self.done,
            "broken": self.info["broken"],
            "header": self.info["header"],
            "columns": self.columns or self.info["guess"],
            "summary": tables.add_up(self.summaries),
            "detail": self.why or None,
        }


class Jobs:
    """The jobs of a running server and the folder they lie in (mode 0700, removed at the end)."""

    def __init__(self, settings: WebSettings, pool: Pool) -> None:
        """Nothing is made before `start`."""
        self.settings, self.pool = settings, pool
        self.jobs: dict[str, Job] = {}
        self.opening = 0
        self.root: Path | None = None
        self._cleaner: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make the folder, and clean up from time to time."""
        self.root = Path(tempfile.mkdtemp(prefix="jd-web-"))
        self._cleaner = asyncio.create_task(self._clean())

    async def stop(self) -> None:
        """Cancel what runs and remove every file."""
        if self._cleaner:
            self._cleaner.cancel()
        for job in list(self.jobs.values()):
            await self.remove(job)
        if self.root:
            await asyncio.to_thread(shutil.rmtree, self.root, True)

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(min(30.0, self.settings.job_keep_seconds, self.settings.preview_seconds))
            for job in list(self.jobs.values()):
                keep = self.settings.preview_seconds if job.state == READ else self.settings.job_keep_seconds
                if job.state != RUNNING and time.monotonic() - job.touched > keep:
                    await self.remove(job)

    def folder(self) -> Path:
        """A new private folder for an upload."""
        if self.root is None:
            raise RuntimeError("the jobs were not started")
        return Path(tempfile.mkdtemp(dir=self.root))

    async def _make_room(self) -> None:
        """Where too many jobs are kept, the ended one nobody asked for longest gives way. Raises Problem (429) where there is none."""
        idle = [j for j in self.jobs.values() if j.state != RUNNING and time.monotonic() - j.touched > self.settings.give_way_seconds]
        if idle and len(self.jobs) + self.opening >= self.settings.max_jobs:
            await self.remove(min(idle, key=lambda j: j.touched))
        if len(self.jobs) + self.opening < self.settings.max_jobs:
            return
        retry = {"Retry-After": "30"}
        raise Problem(
            429,
            "too_many_jobs",
            f"{self.settings.max_jobs} jobs are kept already. Delete one, or wait for one to end.",
            retry,
            limit=self.settings.max_jobs,
        )

    async def open(self, upload: Any, name: str) -> Job:
        """Take an uploaded file (an object with async read) and read it in a worker. Raises Problem."""
        await self._make_room()
        self.opening += 1
        folder = self.folder()
        try:
            await save(upload, folder / "upload")
            limits = tables.TableLimits(
                self.settings.max_rows, self.settings.max_columns, self.settings.max_unpacked_bytes, self.settings.max_unpack_ratio
            )
            payload = {"folder": str(folder), "name": name, "limits": asdict(limits)}
            info = await self.pool.run("table_open", payload, patient=True, seconds=self.settings.chunk_seconds)
            (folder / "upload").unlink(missing_ok=True)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder, True)
            raise
        finally:
            self.opening -= 1
        job = Job(secrets.token_urlsafe(16), folder, name, info)
        self.jobs[job.id] = job
        return job

    def get(self, key: str) -> Job:
        """A job by its id. Raises Problem (404)."""
        job = self.jobs.get(key)
        if job is None:
            raise Problem(404, "not_found", "There is no such job (any more). Files are deleted an hour after a job ended.")
        job.touched = time.monotonic()
        return job

    def begin(self, job: Job, columns: Mapping[str, str | None]) -> None:
        """Start scoring with the chosen columns. Raises Problem (409 where it began already, 422 for an unknown column)."""
        if job.state != READ:
            raise Problem(409, "begun", f"The job is {job.state} already.")
        for key, name in columns.items():
            if name is not None and name not in job.info["header"]:
                raise Problem(422, "unknown_column", f"The table has no column for {key!r} of that name. Choose one of its header.")
        if not columns.get("text"):
            raise Problem(422, "unknown_column", "Name the column that holds the text.")
        job.columns = dict(columns)
        job.state = RUNNING
        job.task = asyncio.create_task(self._run(job))

    async def _run(self, job: Job) -> None:
        try:
            for first in range(0, job.rows, self.settings.chunk_rows):
                payload = {"folder": str(job.folder), "first": first, "count": self.settings.chunk_rows, "columns": job.columns}
                summary = await self._chunk(payload)
                job.summaries.append(summary)
                job.done += summary["rows"]
            job.state = DONE
        except asyncio.CancelledError:
            job.state = CANCELLED
        except Problem as problem:
            job.state, job.why = FAILED, problem.detail
        except Exception as error:
            log.error("a job failed: %s", type(error).__name__)
            job.state, job.why = FAILED, "Something went wrong on our side."
        finally:
            job.touched = time.monotonic()

    async def _chunk(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Score a chunk; once more where the worker died over it, since chunks leave nothing half done."""
        for last in (False, True):
            try:
                return await self.pool.run("table_chunk", payload, patient=True, seconds=self.settings.chunk_seconds)
            except Problem as problem:
                if last or problem.key != "worker_died":
                    raise
        raise AssertionError

    async def cancel(self, job: Job) -> None:
        """Stop a running job; what was scored stays."""
        if job.task and not job.task.done():
            job.task.cancel()
            await asyncio.gather(job.task, return_exceptions=True)
            if job.state == RUNNING:  # cancelled before its first step
                job.state = CANCELLED
        elif job.state == READ:
            job.state = CANCELLED

    async def remove(self, job: Job) -> None:
        """Stop a job and remove its files."""
        await self.cancel(job)
        self.jobs.pop(job.id, None)
        await asyncio.to_thread(shutil.rmtree, job.folder, True)

    async def result(self, job: Job, form: str, ui: str) -> Path:
        """The result as a file. Raises Problem (409 while there is none)."""
        if form not in tables.FORMATS:
            raise Problem(422, "unknown_format", f"The result comes as {', '.join(tables.FORMATS)}.")
        if job.state in (READ, RUNNING) or (job.state != DONE and not job.done):
            raise Problem(409, "not_ready", f"The job is {job.state} and has no result to download.", {"Retry-After": "1"})
        async with job.lock:
            path = job.folder / f"result.{form}"
            if form == "html" or not path.exists():
                (job.folder / "summary.json").write_text(json.dumps(tables.add_up(job.summaries)), encoding="utf-8")
                payload = {"folder": str(job.folder), "format": form, "ui": ui}
                await self.pool.run("table_result", payload, patient=True, seconds=self.settings.chunk_seconds)
        return path


async def save(upload: Any, path: Path) -> None:
    """Copy an upload to a new private file."""
    path.touch(mode=0o600)
    with path.open("wb") as out:
        while block := await upload.read(1 << 18):
            out.write(block)

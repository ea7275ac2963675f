from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from bulk_fake import FakeFactory, FakeScorer
from bulk_tools import read_csv, texts, write_csv
from test_bulk_resume import child

from analyzer.analysis import Analysis
from analyzer.bulk.pool import _Work
from analyzer.bulk.run import Options, score_files
from analyzer.bulk.scoring import Cache, posting, score
from analyzer.errors import ModelDamaged, WorkerError
from analyzer.settings import TABLE_LIMITS

LIMITS = replace(TABLE_LIMITS, chunk_rows=5)


@dataclass(frozen=True)
class DeadlyFactory(FakeFactory):
    """Its workers die at a certain text: each time, or where a flag file says they have not yet.

    journal: of the run; they die only when all that comes before the text is finished, whichever worker has it.
    """

    flag: str = ""
    journal: str = ""

    def __call__(self) -> FakeScorer:
        return Deadly(self.flag, self.journal)


class Deadly(FakeScorer):
    def __init__(self, flag: str, journal: str) -> None:
        super().__init__()
        self.flag, self.journal = flag, journal

    def analyze_many(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        for item in items:
            if item["text"].endswith("n.º 31") and not (self.flag and Path(self.flag).exists()):
                if self.flag:
                    Path(self.flag).touch()
                while self.journal and len(Path(self.journal).read_bytes().splitlines()) < 7:  # its head, and six chunks
                    time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGKILL)
            yield from super().analyze_many([item])


@dataclass(frozen=True)
class BrokenFactory(FakeFactory):
    def __call__(self) -> FakeScorer:
        raise ModelDamaged("zh/meta.json is not whole")


def table(folder: Path, rows: int = 60) -> Path:
    return write_csv(folder / "in.csv", ["id", "text"], [[n, t] for n, t in enumerate(texts(rows))])


@pytest.mark.slow
def test_workers_give_what_one_process_gives_in_order(tmp_path: Path) -> None:
    source = table(tmp_path, 200)
    for workers in (0, 2):
        score_files([source], tmp_path / f"{workers}.csv", factory=FakeFactory(), limits=LIMITS, options=Options(workers=workers))
    assert (tmp_path / "2.csv").read_bytes() == (tmp_path / "0.csv").read_bytes()
    assert [r["id"] for r in read_csv(tmp_path / "2.csv")] == [str(n) for n in range(200)]


@pytest.mark.slow
def test_a_worker_that_dies_once_is_replaced(tmp_path: Path) -> None:
    source = table(tmp_path)
    score_files([source], tmp_path / "whole.csv", factory=FakeFactory(), limits=LIMITS)
    factory = DeadlyFactory(flag=str(tmp_path / "flag"))
    score_files([source], tmp_path / "out.csv", factory=factory, limits=LIMITS, options=Options(workers=2))
    assert (tmp_path / "flag").exists()
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.slow
def test_workers_that_die_again_and_again_end_the_run_with_what_is_finished_kept(tmp_path: Path) -> None:
    source = table(tmp_path)
    limits = replace(LIMITS, worker_restarts=1)
    factory = DeadlyFactory(journal=str(tmp_path / "out.csv.jdpart" / "journal.jsonl"))
    with pytest.raises(WorkerError, match=r"JD-505: a worker process was ended .* row 31; what is finished is kept.*--workers"):
        score_files([source], tmp_path / "out.csv", factory=factory, limits=limits, options=Options(workers=2))
    assert not (tmp_path / "out.csv").exists()
    summary = score_files([source], tmp_path / "out.csv", factory=FakeFactory(), limits=limits)
    assert (summary.resumed_rows, summary.rows) == (30, 60)


@pytest.mark.slow
def test_an_error_of_ours_keeps_its_code_on_the_way_from_a_worker(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match=r"^JD-102: zh/meta\.json is not whole$"):
        score_files([table(tmp_path)], tmp_path / "out.csv", factory=BrokenFactory(), limits=LIMITS, options=Options(workers=2))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for left processes in /proc")
def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    process = child({"inputs": [str(table(tmp_path, 500))], "output": str(tmp_path / "out.csv"), "workers": 2, "pause": 0.05})
    assert process.stdout and process.stdout.readline() == b"ready\n"
    deadline = time.monotonic() + 30
    while len(workers := _children(process.pid)) < 2 or not (tmp_path / "out.csv.jdpart" / "journal.jsonl").exists():
        assert time.monotonic() < deadline, workers
        time.sleep(0.05)
    time.sleep(1.0)
    process.kill()
    _, errors = process.communicate()
    assert errors == b""  # Python's own process that takes away what is left says nothing of it
    while left := [p for p in workers if _runs(p)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def _children(parent: int) -> list[int]:
    out = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            out.append(int(stat.parent.name))
    return out


SCRIPT = """
import signal
import sys
import time
from bulk_child import main
from analyzer.cli.stopping import stoppable
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs in the background ignores it
    try:
        with stoppable(False):
            try:
                main()
            except KeyboardInterrupt:
                time.sleep(LINGER)
                raise
    except KeyboardInterrupt:
        sys.exit(130)
"""


def begun(folder: Path, linger: float = 0.0) -> tuple[subprocess.Popen[bytes], Path]:
    """A run with two workers, some chunks of which are finished, and its journal. linger: seconds that its end takes."""
    (folder / "go.py").write_text(SCRIPT.replace("LINGER", str(linger)), encoding="utf-8")
    given = {"inputs": [str(table(folder, 6000))], "output": str(folder / "out.csv"), "workers": 2, "pause": 0.01, "chunk_rows": 100}
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(folder / "go.py"), json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    journal = folder / "out.csv.jdpart" / "journal.jsonl"
    deadline = time.monotonic() + 30
    while not journal.exists() or journal.read_bytes().count(b"\n") < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process, journal


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to a process group")
def test_a_worker_ends_at_once_only_with_a_chunk_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("analyzer.bulk.pool.os._exit", ended.append)
    work = _Work()
    work.end()
    assert not ended, "perhaps a result is on its way"
    with work:
        work.end()
    assert ended == [1]
    work.end()
    assert ended == [1]


def test_ctrl_c_ends_all_in_good_order(tmp_path: Path) -> None:
    process, journal = begun(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends Ctrl-C to the workers too
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors.decode()
    assert b"Traceback" not in errors, errors.decode()
    assert errors.startswith(b"stopping ...")
    rows = json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])["rows"]
    assert 0 < rows < 6000


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to a process group")
@pytest.mark.parametrize(("linger", "gap"), [(60.0, 0.3), (0.0, 0.0), (0.0, 0.05), (0.0, 0.2)])
def test_ctrl_c_again_ends_it_at_once(tmp_path: Path, linger: float, gap: float) -> None:
    process, journal = begun(tmp_path, linger)
    workers = _children(process.pid) if Path("/proc").is_dir() else []
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(gap)
    _, errors = process.communicate(timeout=15)
    assert process.returncode == 130, errors.decode()
    assert b"Traceback" not in errors, errors.decode()
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])["rows"] > 0
    deadline = time.monotonic() + 10
    while any(_runs(p) for p in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_repeated_texts_are_scored_once() -> None:
    scorer, cache = FakeScorer(), Cache(10)
    items = [posting([("text", t)]) for t in ("负责运营", "b b b b", "负责运营", "负责运营")]
    first = score(scorer, items, cache)
    second = score(scorer, items[::-1], cache)
    assert scorer.seen == ["负责运营", "b b b b"]
    assert cache.hits == 6
    assert first == second[::-1] == score(FakeScorer(), items, None)
    other = posting([("text", "负责运营")], title="品牌经理")
    score(scorer, [other], cache)
    assert len(scorer.seen) == 3


def test_the_cache_forgets_the_least_recently_used() -> None:
    scorer, cache = FakeScorer(), Cache(2)
    a, b, c = (posting([("text", t)]) for t in ("aaaa", "bbbb", "cccc"))
    for item in (a, b, a, c, a, b):
        score(scorer, [item], cache)
    assert scorer.seen == ["aaaa", "bbbb", "cccc", "bbbb"]


class Failing(FakeScorer):
    def analyze_many(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        for item in items:
            if "boom" in item["text"]:
                raise ZeroDivisionError
            yield from super().analyze_many([item])


def test_a_posting_that_breaks_the_scorer_costs_the_others_nothing() -> None:
    results = score(Failing(), [posting([("text", t)]) for t in ("aaaa", "boom", "cccc")])
    assert [r.status for r in results] == ["ok", "failed", "ok"]
    assert results[1].reasons == ("internal_ZeroDivisionError",)

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bulk_fake import FakeFactory
from bulk_tools import read_csv, texts, write_csv

from analyzer.bulk import stage as stages
from analyzer.bulk.run import Options, score_files
from analyzer.errors import OutputError, ResumeError
from analyzer.settings import TABLE_LIMITS

LIMITS = replace(TABLE_LIMITS, chunk_rows=5)
CHILD = Path(__file__).with_name("bulk_child.py")


def table(folder: Path, rows: int = 60) -> Path:
    return write_csv(folder / "in.csv", ["id", "title", "text"], [[n, "运营", t] for n, t in enumerate(texts(rows))])


def child(given: dict[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def killed(given: dict[str, Any], wait: float) -> bool:
    """Run and kill after `wait` seconds; whether it was still running."""
    process = child(given)
    assert process.stdout and process.stdout.readline() == b"ready\n", process.stderr and process.stderr.read()
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode != 0


def outcome(given: dict[str, Any]) -> list[bytes]:
    return [Path(given[k]).read_bytes() for k in ("output", "details") if given.get(k)]


RUNS = [
    {"output": "out.csv", "details": "duties.jsonl", "kills": 8},
    {"output": "out.jsonl", "details": "duties.parquet", "kills": 6},
    {"output": "out.xlsx", "kills": 4},
    {"output": "out.parquet", "kills": 4},
    {"output": "out.csv", "workers": 2, "details": "duties.jsonl", "kills": 4},
]


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS, ids=lambda r: f"{r['output']}-{r.get('workers', 0)}")
def test_killed_at_random_moments_it_goes_on_and_gives_the_same_bytes(tmp_path: Path, run: dict[str, Any]) -> None:
    source = table(tmp_path)
    plain = {"inputs": [str(source)], "id": "id", "workers": run.get("workers", 0), "pause": 0.005}
    whole, broken = (
        {**plain, **{k: str(tmp_path / kind / run[k]) for k in ("output", "details") if k in run}} for kind in ("whole", "broken")
    )
    process = child(whole)
    assert process.stdout
    process.stdout.readline()
    begin = time.monotonic()
    assert process.wait(60) == 0
    span = time.monotonic() - begin
    process.communicate()
    chance = random.Random(run["output"])
    done = 0
    for _ in range(run["kills"] * 6):
        if done == run["kills"]:
            break
        if killed(broken, chance.uniform(0.0, 0.9 * span)):
            done += 1
        else:  # it came to its end before: begin anew, so that every kill meets a run under way
            assert outcome(broken) == outcome(whole)
            for key in ("output", "details"):
                if key in broken:
                    Path(broken[key]).unlink()
    assert done == run["kills"]
    last = child(broken)
    _, errors = last.communicate(timeout=60)
    assert last.returncode == 0, errors.decode()
    assert outcome(broken) == outcome(whole)
    assert sorted(p.name for p in (tmp_path / "broken").iterdir()) == sorted(p.name for p in (tmp_path / "whole").iterdir())


def test_stopped_at_every_write_it_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = table(tmp_path, 23)
    score_files([source], tmp_path / "whole.csv", factory=FakeFactory(), limits=LIMITS)
    write, target = stages.write_all, tmp_path / "out.csv"
    stops = 0
    for limit in range(1, 200):
        left = [limit]

        def short(descriptor: int, data: bytes, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                write(descriptor, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
            write(descriptor, data)

        monkeypatch.setattr(stages, "write_all", short)
        try:
            score_files([source], target, factory=FakeFactory(), limits=LIMITS)
        except OutputError as error:
            stops += 1
            assert "JD-504: the disk is full while out.csv is written" in str(error)
            assert "give the same command again to go on" in str(error)
            assert not target.exists()
            continue
        break
    # 1 header line of the journal, 1 head, then output, details, journal for 5 chunks, and the last line.
    assert stops >= 5
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def interrupted(source: Path, target: Path, chunks: int = 2, **given: Any) -> None:
    """Stop a run after some chunks, as Ctrl-C does."""
    count = 0

    def stop(_: object) -> None:
        nonlocal count
        count += 1
        if count == chunks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_files([source], target, factory=given.pop("factory", FakeFactory()), limits=LIMITS, on_event=stop, **given)


def test_it_goes_on_from_the_last_finished_chunk(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    interrupted(source, target, 3)
    assert not target.exists()
    summary = score_files([source], target, factory=FakeFactory(), limits=LIMITS)
    assert (summary.resumed_rows, summary.scored_now, summary.rows) == (15, 45, 60)
    assert summary.counts["status"] == {"ok": 60}
    assert sum(summary.counts["primary"].values()) == 60
    assert len(read_csv(target)) == 60
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_column_found_or_named_is_the_same_run(tmp_path: Path) -> None:
    source, target = write_csv(tmp_path / "in.csv", ["Trabajo"], [[t] for t in texts(30)]), tmp_path / "out.csv"
    interrupted(source, target)
    assert score_files([source], target, text="Trabajo", factory=FakeFactory(), limits=LIMITS).resumed_rows == 10


def test_a_changed_input_model_or_option_is_refused(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    interrupted(source, target)
    before = (tmp_path / "out.csv.jdpart" / "output").read_bytes()
    with pytest.raises(ResumeError, match=r"JD-503: .* the model changed \(fake\).*--restart"):
        score_files([source], target, factory=FakeFactory(version="2"), limits=LIMITS)
    with pytest.raises(ResumeError, match=r"other options \(safe_cells: off before, now on\)"):
        score_files([source], target, factory=FakeFactory(), limits=LIMITS, options=Options(safe_cells=True))
    with pytest.raises(ResumeError, match=r"other options \(text: 'text' before, now 'title'; title: 'title' before, now none\)\. Put"):
        score_files([source], target, factory=FakeFactory(), limits=LIMITS, text="title")
    with pytest.raises(ResumeError, match=r"other options \(id: none before, now 'id'\)\. Put"):
        score_files([source], target, factory=FakeFactory(), limits=LIMITS, id="id")
    with pytest.raises(ResumeError, match=r"other options \(details: none before, now '\.jsonl'; prefix: 'jd_' before, now 'x_'\)\. Put"):
        options = Options(prefix="x_", details=tmp_path / "d.jsonl")
        score_files([source], target, factory=FakeFactory(), limits=LIMITS, options=options)
    original = source.read_bytes()
    source.write_bytes(original.replace("复购".encode(), "回购".encode(), 1))
    with pytest.raises(ResumeError, match=r"the input changed \(in.csv\)"):
        score_files([source], target, factory=FakeFactory(), limits=LIMITS)
    assert (tmp_path / "out.csv.jdpart" / "output").read_bytes() == before
    score_files([source], target, factory=FakeFactory(), limits=LIMITS, options=Options(restart=True))
    assert read_csv(target)[0]["text"] == texts(1)[0].replace("复购", "回购")
    source.write_bytes(original)
    # Workers, cache and progress are no part of what is compared.
    interrupted(source, target)
    summary = score_files([source], target, factory=FakeFactory(), limits=LIMITS, options=Options(workers=0, cache=False))
    assert summary.resumed_rows == 10


def test_a_run_that_finished_nothing_stands_in_nobodys_way(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    (tmp_path / "out.csv.jdpart").mkdir()
    (tmp_path / "out.csv.jdpart" / "journal.jsonl").write_text('{"format": 1, "fingerprint": {"model": {"fake": "0"}}}\n', encoding="utf-8")
    assert score_files([source], target, factory=FakeFactory(), limits=LIMITS).rows == 60


def test_a_run_of_another_version_is_refused_as_that(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    interrupted(source, target)
    journal = tmp_path / "out.csv.jdpart" / "journal.jsonl"
    journal.write_text(journal.read_text(encoding="utf-8").replace('"format": 2', '"format": 1'), encoding="utf-8")
    with pytest.raises(ResumeError, match=r"does not fit this one: another version of this program began it\. .*--restart"):
        score_files([source], target, factory=FakeFactory(), limits=LIMITS)


def test_torn_journal_lines_and_surplus_bytes_are_cut_off(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    score_files([source], tmp_path / "whole.csv", factory=FakeFactory(), limits=LIMITS)
    interrupted(source, target, 4)
    home = tmp_path / "out.csv.jdpart"
    with (home / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"chunks": 99, "ro')
    with (home / "output").open("ab") as output:
        output.write(b"half a row")
    assert score_files([source], target, factory=FakeFactory(), limits=LIMITS).resumed_rows == 20
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    target.unlink()
    interrupted(source, target, 4)
    os.truncate(home / "output", (home / "output").stat().st_size - 3)  # the journal got to the disk, the output did not
    assert score_files([source], target, factory=FakeFactory(), limits=LIMITS).resumed_rows == 15
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("sync", [0.0, 1000.0])
def test_what_a_power_cut_lost_is_scored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: float) -> None:
    monkeypatch.setattr(stages, "SYNC_SECONDS", sync)
    source, target = table(tmp_path), tmp_path / "out.csv"
    score_files([source], tmp_path / "whole.csv", factory=FakeFactory(), limits=LIMITS, options=Options(details=tmp_path / "whole.jsonl"))
    for part, at, left in (("output", 2, 10), ("details", 1, 5), ("output", 0, 0)):
        interrupted(source, target, 4, options=Options(details=tmp_path / "d.jsonl"))
        home = tmp_path / "out.csv.jdpart"
        chunks = [json.loads(line) for line in (home / "journal.jsonl").read_text(encoding="utf-8").splitlines()[1:]]
        begin = chunks[at - 1][part] if at else 0
        if sync:  # what was never synced may be zeros after a power cut, though the journal tells of it
            with (home / part).open("r+b") as stream:
                stream.seek(begin)
                stream.write(bytes(20))
        summary = score_files([source], target, factory=FakeFactory(), limits=LIMITS, options=Options(details=tmp_path / "d.jsonl"))
        assert summary.resumed_rows == (left if sync else 20)
        assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
        assert (tmp_path / "d.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_two_runs_do_not_write_one_output(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"

    def other(_: object) -> None:
        with pytest.raises(OutputError, match=r"another run is writing out\.csv"):
            score_files([source], target, factory=FakeFactory(), limits=LIMITS)

    assert score_files([source], target, factory=FakeFactory(), limits=LIMITS, on_event=other).rows == 60


def test_an_old_output_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    source, target = table(tmp_path), tmp_path / "out.csv"
    target.write_text("old", encoding="utf-8")
    interrupted(source, target)
    assert target.read_text(encoding="utf-8") == "old"
    score_files([source], target, factory=FakeFactory(), limits=LIMITS)
    assert len(read_csv(target)) == 60


def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    source = table(tmp_path)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match=r"JD-504: out\.csv cannot be written"):
        score_files([source], tmp_path / "file" / "out.csv", factory=FakeFactory(), limits=LIMITS)

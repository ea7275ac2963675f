"""The desk: what is saved is on the disk, whole, and a later start goes on from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from desk_tools import entry, pile

from analyzer.errors import CorpusError, InputError, OutputError
from analyzer.training.desk import Desk, Labels
from analyzer.training.labelled import read_labelled


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_model_s_reading_is_filled_in(tmp_path: Path) -> None:
    desk = Desk(pile(), tmp_path / "out.jsonl")
    assert desk.labels(0) == Labels([("C", []), ("D", ["m.pr"]), ("D", ["o.store"])])
    assert desk.labels(0).judged() == ("marketing", ["marketing", "operations"])
    assert (desk.done, desk.next_open(), desk.is_done(0)) == (0, 0, False)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_save_is_what_train_reads(tmp_path: Path) -> None:
    desk = Desk(pile(), tmp_path / "out.jsonl")
    desk.save(0, Labels([("C", []), ("D", ["m.pr", "b.creative"]), ("R", [])]))
    desk.save(2, Labels([("D", ["b.strategy"]), ("R", [])], primary="marketing", functions=["brand"]))
    read = read_labelled([tmp_path / "out.jsonl"])
    assert not read.problems
    first, second = read.postings
    assert [(s["zone"], s["codes"]) for s in first["segments"]] == [("C", []), ("D", ["m.pr", "b.creative"]), ("R", [])]
    assert (first["title"], first["id"], first["language"]) == ("Puesto 1", "p1", "es")
    assert (second["primary"], second["functions"]) == ("marketing", ["brand", "marketing"])


def test_a_later_start_goes_on_and_shows_what_was_said(tmp_path: Path) -> None:
    said = Labels([("D", ["b.strategy"]), ("R", [])], primary="none", functions=[])
    Desk(pile(), tmp_path / "out.jsonl").save(2, said)
    again = Desk(pile()[::-1], tmp_path / "out.jsonl")
    assert (again.done, again.next_open(), again.is_done(0)) == (1, 1, True)
    assert again.labels(0) == said
    again.save(1, again.labels(1))
    again.save(2, again.labels(2))
    assert again.next_open() is None and again.done == 3


def test_a_second_save_takes_the_first_one_s_place_and_other_records_stay(tmp_path: Path) -> None:
    other = {"id": "x", "text": "Otra oferta de otro día", "primary": "none", "segments": [], "note": "¡hola!"}
    (tmp_path / "out.jsonl").write_text(json.dumps(other) + "\n", encoding="utf-8")
    desk = Desk(pile(), tmp_path / "out.jsonl")
    desk.save(1, desk.labels(1))
    desk.save(1, Labels([("H", []), ("D", ["o.activity"]), ("X", [])]))
    found = lines(tmp_path / "out.jsonl")
    assert len(found) == 2 and found[0] == other
    assert found[1]["primary"] == "operations"
    assert desk.done == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.jsonl"]


def test_what_is_not_changed_keeps_its_phrases(tmp_path: Path) -> None:
    desk = Desk(pile(), tmp_path / "out.jsonl")
    made = desk.save(2, desk.labels(2))
    made["segments"][0]["cases"] = ["craft"]
    (tmp_path / "out.jsonl").write_text(json.dumps(made), encoding="utf-8")
    again = Desk(pile(), tmp_path / "out.jsonl")
    assert again.save(2, again.labels(2))["segments"][0]["cases"] == ["craft"]
    assert "cases" not in again.save(2, Labels([("D", ["b.visual"]), ("R", [])]))["segments"][0]


@pytest.mark.parametrize(
    "labels",
    [
        Labels([("C", [])]),
        Labels([("C", []), ("D", []), ("R", [])]),
        Labels([("C", []), ("Q", []), ("R", [])]),
        Labels([("C", []), ("D", ["o.nothing"]), ("R", [])]),
        Labels([("C", []), ("D", ["m.pr"]), ("R", [])], primary="sales"),
        Labels([("C", []), ("D", ["m.pr"]), ("R", [])], functions=["sales"]),
    ],
)
def test_labels_outside_the_scheme_are_refused(tmp_path: Path, labels: Labels) -> None:
    with pytest.raises(CorpusError):
        Desk(pile(), tmp_path / "out.jsonl").save(0, labels)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_that_is_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text('{"text": "a"}\nmy notes\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"notes\.jsonl, line 2"):
        Desk(pile(), tmp_path / "notes.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match="UTF-8"):
        Desk(pile(), tmp_path / "bytes.jsonl")
    with pytest.raises(InputError, match=r"\.jsonl"):
        Desk(pile(), tmp_path / "postings.csv")


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    with Desk(pile(), tmp_path / "new" / "out.jsonl").opened(), pytest.raises(OutputError, match="another run"):
        Desk(pile(), tmp_path / "new" / "out.jsonl").opened().__enter__()
    with Desk(pile(), tmp_path / "new" / "out.jsonl").opened() as desk:
        desk.save(0, desk.labels(0))
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["out.jsonl"]


def test_a_save_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(pile(), tmp_path / "out.jsonl")
    desk.save(0, desk.labels(0))
    before = (tmp_path / "out.jsonl").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        desk.save(1, desk.labels(1))
    assert (tmp_path / "out.jsonl").read_bytes() == before and not desk.is_done(1)
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_killed_process_leaves_whole_records(tmp_path: Path) -> None:
    """Saves as fast as it can and is killed in the midst of it."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from desk_tools import pile; from analyzer.training.desk import Desk; "
        "from pathlib import Path; d = Desk(pile(), Path(sys.argv[1]))\n"
        "d.save(0, d.labels(0)); print('saved', flush=True)\n"
        "while True:\n    [d.save(n, d.labels(n)) for n in range(3)]"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "out.jsonl"), str(Path(__file__).parent)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None and process.stdout.readline().strip() == b"saved"
        process.kill()
    assert not read_labelled([tmp_path / "out.jsonl"]).problems
    assert Desk(pile(), tmp_path / "out.jsonl").done >= 1


def test_texts_that_are_no_good_unicode_are_kept(tmp_path: Path) -> None:
    odd = entry([("D", "m.pr", "Redactar notas \ud83d de prensa")], "odd")
    desk = Desk([odd], tmp_path / "out.jsonl")
    desk.save(0, desk.labels(0))
    assert Desk([odd], tmp_path / "out.jsonl").is_done(0)
    assert lines(tmp_path / "out.jsonl")[0]["text"] == odd.text

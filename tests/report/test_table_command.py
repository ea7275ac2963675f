"""`jd-analyzer report` as a user meets it: where the page goes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_tables import row, run, write


def test_the_table_that_is_read_is_never_overwritten(tmp_path: Path) -> None:
    table, duties = write(tmp_path / "s.csv", [row()]), tmp_path / "d.jsonl"
    duties.write_text('{"row": 1, "codes": [{"code": "m.pr", "share": 1.0}], "steps": []}\n', encoding="utf-8")
    (tmp_path / "link.csv").hardlink_to(table)
    before = table.read_bytes(), duties.read_bytes()
    for output in (table, tmp_path / "link.csv", duties, tmp_path / "." / "s.csv"):
        done = run(table, "-o", output, "--details", duties)
        assert done.exit_code == 2, done.output
        assert "JD-502" in done.stderr and "same file" in done.stderr
    assert before == (table.read_bytes(), duties.read_bytes())


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, page = write(tmp_path / "s.csv", [row()]), tmp_path / "r.html"
    page.write_text("the page of yesterday", encoding="utf-8")

    def full(self: Path, target: object) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        done = run(table, "-o", page)
    assert (done.exit_code, done.stderr.count("JD-504")) == (1, 1)
    assert page.read_text(encoding="utf-8") == "the page of yesterday"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "s.csv"]
    assert run(table, "-o", page).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "s.csv"]


def test_the_page_goes_to_stdout_and_to_what_is_no_plain_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write(tmp_path / "s.csv", [row()])
    monkeypatch.chdir(tmp_path)
    done = run(table, "-o", "-")
    assert done.exit_code == 0 and done.stdout.startswith("<!doctype html>")
    assert not (tmp_path / "-").exists()
    assert run(table, "-o", "/dev/null").exit_code == 0 and not Path("/dev/null").is_file()
    assert run(table, "-o", tmp_path).exit_code == 1
    (tmp_path / "real.html").touch()
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    assert run(table, "-o", tmp_path / "link.html").exit_code == 0
    assert (tmp_path / "link.html").is_symlink() and (tmp_path / "real.html").stat().st_size > 1000

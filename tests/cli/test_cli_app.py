"""The command line as a whole, and its commands `profiles` and `version`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import analyzer
from analyzer.cli import app, complain
from analyzer.profiles import load_profiles

HEAVY = ("spacy", "numpy", "pandas", "sklearn", "pyarrow", "jinja2", "lxml", "docx", "pypdf", "starlette")


def test_help_lists_the_commands() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("analyze", "profiles", "version"):
        assert command in result.stdout
        said = CliRunner().invoke(app, [command, "--help"])
        assert said.exit_code == 0
        assert "Usage" in said.stdout


def test_help_brings_in_nothing_heavy() -> None:
    code = f"import sys, analyzer.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_wrong_command() -> None:
    assert CliRunner().invoke(app, ["analise"]).exit_code == 2


def test_version() -> None:
    assert analyzer.__version__ in CliRunner().invoke(app, ["version"]).stdout
    assert CliRunner().invoke(app, ["--version"]).stdout == f"jd-analyzer {analyzer.__version__}\n"


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "analyzer", "--version"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == f"jd-analyzer {analyzer.__version__}\n"


def test_complaints_are_safe(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\x1b[2Jb\u202e")
    assert capsys.readouterr().err == "a␛[2Jb[U+202E]\n"


def test_profiles_as_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    result = CliRunner().invoke(app, ["profiles", "--language", "es"])
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "Operaciones (o.*)" in result.stdout
    assert "o.newmedia" in result.stdout
    assert load_profiles().steps[1].name.es in result.stdout


def test_profiles_as_json_with_a_file_of_the_users_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[subfunctions."m.podcast"]\nname = { en = "Podcasts" }\nterms = { es = ["podcast"] }\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["profiles", "--format", "json", "--file", str(mine)])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["subfunctions"]["m.podcast"]["name"]["en"] == "Podcasts"
    assert list(found["functions"]) == ["marketing", "operations", "brand"]
    assert len(found["steps"]) == 9
    assert "retrained" in found["notes"][0]
    shown = CliRunner().invoke(app, ["profiles", "--file", str(mine), "--language", "en"]).stdout
    assert "Podcasts *" in shown
    assert "! m.podcast" in shown


def test_profiles_of_a_wrong_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("[nothing]\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["profiles", "--file", str(mine)])
    assert result.exit_code == 2
    assert "JD-201" in result.stderr

"""The commands as a person types them: what they print, what they write, how they end."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli import app

Posting = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]


def call(*words: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.fixture
def table(tmp_path: Path, others: list[Posting]) -> Path:
    """A table as a company has it, with labels of its own."""
    own = {"marketing": "Mercadeo", "operations": "Operaciones", "brand": "Marca", "none": "Otro"}
    with (tmp_path / "ours.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["Título", "Descripción", "Área"])
        rows.writerows([p["title"], p["text"], own[p["primary"]]] for p in others)
    return tmp_path / "ours.csv"


@pytest.fixture
def corpus(tmp_path: Path, few: list[Posting]) -> Path:
    """A corpus of forty postings."""
    lines = (json.dumps({k: v for k, v in p.items() if k != "where"}, ensure_ascii=False) for p in few)
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "corpus.jsonl"


MAPS = ("--map", "Mercadeo=marketing", "--map", "Otro=none", "--map", "Operaciones=operations", "--label-column", "Área")


@pytest.mark.parametrize(
    "words", ["train", "evaluate", "compare", "models", "models install", "label", "label suggest", "label review", "label curve"]
)
def test_help_shows_examples(words: str) -> None:
    found = call(*words.split(), "--help")
    assert found.exit_code == 0 and "Example" in found.output and f"jd-analyzer {words.split()[0]}" in found.output


def test_train_then_evaluate_and_compare(table: Path, tmp_path: Path, corpus: Path, small: Path) -> None:
    made = call("train", table, "-o", tmp_path / "mine", "--corpus", corpus, "--weight", 1, "--quick", *MAPS)
    assert made.exit_code == 0, made.output
    assert "out of fold: primary_macro_f1" in made.output and "learned from 65 postings" in made.output
    assert (tmp_path / "mine" / "es" / "README.md").is_file()
    judged = call("evaluate", tmp_path / "mine", table, "--json", "--train", corpus, *MAPS)
    assert judged.exit_code == 0, judged.output
    found = json.loads(judged.stdout)["es"]
    assert found["postings"] == 25 and 0 < found["figures"]["primary_macro_f1"] <= 1
    assert set(found["baselines"]) == {"majority", "title words", "keyword counts", "TF-IDF + logistic regression"}
    assert "learned from this very text" in judged.stderr
    compared = call("compare", small, tmp_path / "mine", table, *MAPS)
    assert compared.exit_code in (0, 3, 4), compared.output
    assert "McNemar" in compared.stdout and "the second model learned from 25" in compared.stderr


def test_compare_with_itself_keeps_the_old_one(table: Path, small: Path) -> None:
    found = call("compare", small, small / "es", table, *MAPS)
    assert found.exit_code == 3 and "Keep the first model" in found.stdout and "0 postings changed" in found.stdout
    assert call("compare", small, small, table, "--no-worse", *MAPS).exit_code == 0


def test_a_floor_that_is_not_reached_ends_with_1(table: Path, small: Path) -> None:
    found = call("evaluate", small, table, "--min", "primary_accuracy=1.01", *MAPS)
    assert found.exit_code == 1 and "is under 1.01" in found.stderr
    assert call("evaluate", small, table, "--min", "beauty=1", *MAPS).exit_code == 2


def test_bad_data_are_told_with_their_rows_and_nothing_is_trained(table: Path, tmp_path: Path, corpus: Path) -> None:
    found = call("train", table, "-o", tmp_path / "mine", "--label-column", "Área", "--check", "--corpus", corpus)
    assert found.exit_code == 2
    assert "ours.csv, row " in found.stderr and "'Mercadeo'" in found.stderr and "--skip-bad" in found.stderr
    assert "Traceback" not in found.output and not (tmp_path / "mine").exists()
    assert call("train", table, "--check", "--corpus", corpus, *MAPS).exit_code == 0
    assert call("train", table, "--check", "--skip-bad", "--corpus", corpus, "--label-column", "Área").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "absent.csv"], "no such file"),
        (["train", "{table}", "--map", "x"], "your label=ours"),
        (["train", "{table}", "--language", "fr"], "zh or es"),
        (["train", "{table}", "--text-column", "Nada"], "no column 'Nada'"),
        (["evaluate", "{here}", "{table}", *MAPS], "no model in this directory"),
        (["models", "info", "{here}"], "holds no model"),
        (["label", "suggest", "absent.csv"], "no such file"),
        (["label", "correct", "{table}", "--duty", "x"], "3=o.user"),
    ],
)
def test_mistakes_get_a_message_and_2(table: Path, tmp_path: Path, words: list[str], said: str) -> None:
    found = call(*(w.format(table=table, here=tmp_path) for w in words))
    assert found.exit_code == 2 and said in found.stderr and "JD-" in found.stderr and "Traceback" not in found.output


def test_models_list_info_verify_install(small: Path, tmp_path: Path) -> None:
    assert "primary_macro_f1" in call("models", "list", small).stdout
    told = json.loads(call("models", "info", small / "es", "--json").stdout)
    assert told["language"] == "es" and told["seed"] == 0
    assert call("models", "verify", small).exit_code == 0
    assert call("models", "install", small, "--to", tmp_path / "m").exit_code == 0
    again = call("models", "install", small, "--to", tmp_path / "m")
    assert again.exit_code == 2 and "--replace" in again.stderr
    (tmp_path / "m" / "es" / "evil.py").write_text("", encoding="utf-8")
    found = call("models", "verify", tmp_path / "m")
    assert found.exit_code == 1 and "evil.py is no part of a model" in found.stderr
    assert "evil.py" in call("models", "list", tmp_path / "m").stdout
    assert call("models", "list", tmp_path / "nothing").exit_code == 1


def test_label_commands(table: Path, small: Path, tmp_path: Path) -> None:
    columns = ("--text-column", "Descripción", "--models", small)
    found = call("label", "suggest", table, "-n", 5, "-o", tmp_path / "next.csv", *columns)
    assert found.exit_code == 0, found.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "next.csv").read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 5 and {r["label"] for r in rows} == {""}
    found = call("label", "review", table, "-n", 3, "--json", "--models", small, *MAPS)
    assert found.exit_code == 0 and len(json.loads(found.stdout)) == 3
    found = call("label", "export", table, "--to", "label-studio", "-o", tmp_path / "tasks.json", "-n", 4, *columns)
    assert found.exit_code == 0 and len(json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))) == 4
    assert (tmp_path / "tasks.xml").is_file()
    assert call("label", "export", table, "--to", "fax", *columns).exit_code == 2
    posting = tmp_path / "one.txt"
    shutil.copy(ROOT / "examples" / "es.txt", posting)
    for _ in range(2):
        found = call("label", "correct", posting, "--duty", "1=o.user", "-o", tmp_path / "c.jsonl", "--models", small, "--title", "CRM")
        assert found.exit_code == 0, found.output
    lines = (tmp_path / "c.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and json.loads(lines[0])["title"] == "CRM"

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from written import simple

from analyzer.cli import app
from analyzer.errors import CorpusError
from analyzer.training.corpus import read
from analyzer.training.exchange import write_jsonl
from analyzer.training.rules import Rules, load_rules
from analyzer.training.splits import make_splits, postings_hash, read_splits, split_problems, write_splits

CORPUS = Path(__file__).parents[2] / "corpus"
WORDS = [
    *("pan", "queso", "vino", "sal", "aceite", "harina", "miel", "leche", "trigo", "cacao"),
    *("arroz", "uva", "higo", "nuez", "coco", "lima", "menta", "avena", "ajo", "maíz"),
]
RULES = Rules(sectors={"es": {w: w for w in WORDS}})


def _name(*numbers: int) -> str:
    """A made-up name, another for other numbers, so that no two postings are alike."""
    return hashlib.sha256(repr(numbers).encode()).hexdigest()[:6].translate(str.maketrans("0123456789", "ghijklmnop"))


def _postings() -> list[dict[str, Any]]:
    """Sixty postings of six batches; each word is an industry of three, every tenth company is shared by two batches."""
    out = []
    for n in range(60):
        word = WORDS[n % 20]
        line = f"Vender {word} a {' '.join(_name(n, k) for k in range(8))}"
        company = f"tienda {n % 30}" if n % 10 == 0 else f"casa {n}"
        fields = {"batch": f"es-{n // 10}", "industry": word, "company": company, "country": ["CL", "CL", "ES", "MX", "AR"][n % 5]}
        out.append(simple(f"es-{n:03}", [("n.sales", line)], **fields))
    return out


def test_nothing_leaks() -> None:
    postings = _postings()
    splits = make_splits(postings, RULES)
    assert list(split_problems(postings, splits, RULES)) == []
    folds = splits["languages"]["es"]["folds"]
    assert sorted(id for f in folds for id in f["test"]) == sorted(p["id"] for p in postings)
    company = {p["id"]: p["company"] for p in postings}
    batch = {p["id"]: p["batch"] for p in postings}
    for fold in folds:
        assert not {company[i] for i in fold["test"]} & {company[i] for i in fold["train"]}
        assert not {batch[i] for i in fold["test"]} & {batch[i] for i in fold["train"]}
        assert len(fold["train"]) > 20
        assert not set(fold["held_out"]["postings"]) & set(fold["train"])


def test_the_same_postings_in_any_order_give_the_same_folds(tmp_path: Path) -> None:
    postings = _postings()
    first, second = make_splits(postings, RULES), make_splits(postings[::-1], RULES)
    assert first == second
    write_splits(first, tmp_path / "splits.json")
    assert read_splits(tmp_path / "splits.json") == first


def test_the_hash_tells_a_changed_label() -> None:
    postings = _postings()
    changed = copy.deepcopy(postings)
    changed[7]["segments"][0]["codes"] = ["n.other"]
    assert postings_hash(postings) != postings_hash(changed)
    assert "hash" in next(split_problems(changed, make_splits(postings, RULES), RULES))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f, p: f[0]["train"].append(f[0]["test"][0]), "are in both parts"),
        (lambda f, p: f[0]["train"].append(f[0]["held_out"]["postings"][0]), "held-out"),
        (lambda f, p: f[0]["test"].pop(), "are in no test part"),
        (lambda f, p: f[1]["test"].append(f[0]["test"][0]), "in several"),
    ],
)
def test_spoilt_folds_are_told(spoil: Any, said: str) -> None:
    postings = _postings()
    splits = make_splits(postings, RULES)
    spoil(splits["languages"]["es"]["folds"], postings)
    assert any(said in m for m in split_problems(postings, splits, RULES))


def test_a_company_or_a_near_copy_on_both_sides_is_told() -> None:
    postings = _postings()
    splits = make_splits(postings, RULES)
    fold = splits["languages"]["es"]["folds"][0]
    by_id = {p["id"]: p for p in postings}
    by_id[fold["train"][0]]["company"] = by_id[fold["test"][0]]["company"]
    assert any("share a company" in m for m in split_problems(postings, splits, RULES))
    postings = _postings()
    by_id = {p["id"]: p for p in postings}
    by_id[fold["train"][0]]["text"] = by_id[fold["test"][0]]["text"] + " y más"
    assert any("much of their text" in m for m in split_problems(postings, splits, RULES))


def test_too_few_batches_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot make 5 folds"):
        make_splits(_postings()[:20], RULES)
    with pytest.raises(CorpusError, match=r"corpus split"):
        read_splits(tmp_path / "splits.json")
    (tmp_path / "splits.json").write_text('{"languages": {"es": {}}}', encoding="utf-8")
    with pytest.raises(CorpusError, match="not whole"):
        read_splits(tmp_path / "splits.json")


def test_the_projects_folds_leak_nothing() -> None:
    postings = read([CORPUS / "zh", CORPUS / "es"])
    splits = read_splits(CORPUS / "splits.json")
    assert list(split_problems(postings, splits, load_rules(CORPUS))) == []
    zh = splits["languages"]["zh"]
    hant = {p["id"] for p in postings if p.get("script") == "hant"}
    assert len(hant & set(zh["apart"])) >= 15
    assert all(f["held_out"]["sector"] for language in splits["languages"].values() for f in language["folds"])
    assert all(f["held_out"]["country"] for f in splits["languages"]["es"]["folds"])


def test_the_split_command(tmp_path: Path) -> None:
    run = CliRunner().invoke
    write_jsonl(tmp_path / "own.jsonl", _postings())
    assert run(app, ["corpus", "split", str(tmp_path), "--check"]).exit_code == 2
    assert run(app, ["corpus", "split", str(tmp_path)]).exit_code == 0
    assert run(app, ["corpus", "split", str(tmp_path), "--check"]).exit_code == 0
    write_jsonl(tmp_path / "own.jsonl", _postings()[:-1])
    assert run(app, ["corpus", "split", str(tmp_path), "--check"]).exit_code == 1

"""Retraining: own postings on top of the corpus or alone, their secrets, their profiles, the same bytes twice."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training_data import QUICK, as_whole
from typer.testing import CliRunner

from analyzer.analyzer import Analyzer
from analyzer.cli import app
from analyzer.errors import CorpusError
from analyzer.pipeline.build import open_model
from analyzer.pipeline.manifest import verify
from analyzer.profiles import load_profiles
from analyzer.training import models
from analyzer.training.deliver import deliver
from analyzer.training.expect import expect, with_families
from analyzer.training.groups import grouped
from analyzer.training.labelled import Options, bare, read_labelled
from analyzer.training.retrain import Plan, base_model, curve, run
from analyzer.web.words import ExplainingAnalyzer
from analyzer.web.worker import page as page_of

Posting = dict[str, Any]
SECRET, MAIL = "Zarquonalia", "marisol.zarquon@acme-secreta.es"


def contents(directory: Path) -> dict[str, bytes]:
    return {f.relative_to(directory).as_posix(): f.read_bytes() for f in sorted(directory.rglob("*")) if f.is_file()}


def secretive(postings: list[Posting]) -> list[Posting]:
    """Own postings that all hold a secret word and an address, in a duty and at the end."""
    out = []
    for p in postings:
        text = p["text"].replace("\n", f"\nImpulsar el proyecto {SECRET} con la marca.\n", 1) + f"\nEnvía tu CV a {MAIL} ({SECRET})."
        out.append({**p, "text": text})
    return out


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory, small: Path, few: list[Posting], others: list[Posting]) -> tuple[Path, Any]:
    """A model of the corpus with own postings on top, labelled as a whole, all of them holding a secret."""
    plan = Plan("es", few, secretive(as_whole(others)), weight=2, recipe=QUICK, shipped=small / "es")
    trained = run(plan)
    place = tmp_path_factory.mktemp("mine")
    deliver(trained, plan, place / "es")
    return place, trained


def test_the_same_data_give_the_same_bytes(
    mine: tuple[Path, Any], small: Path, few: list[Posting], others: list[Posting], tmp_path: Path
) -> None:
    plan = Plan("es", few, secretive(as_whole(others)), weight=2, recipe=QUICK, shipped=small / "es")
    deliver(run(plan), plan, tmp_path / "es")
    first, second = contents(mine[0] / "es"), contents(tmp_path / "es")
    assert first.keys() == second.keys() and {"README.md", "calibration.png"} <= first.keys()
    assert [n for n in first if first[n] != second[n]] == []


def test_no_file_of_the_model_holds_the_secret_word_or_the_address(mine: tuple[Path, Any]) -> None:
    found = contents(mine[0] / "es")
    assert len(found) > 12
    for name, content in found.items():
        text = content.decode("utf-8", "ignore").lower()
        for secret in (SECRET.lower(), SECRET.lower()[:7], "marisol", "acme", MAIL):
            assert secret not in text, f"{name} holds {secret}"
    words = (mine[0] / "es" / "jd_functions" / "vocabulary.txt").read_text(encoding="utf-8")
    assert "w:marca\n" in words


def test_alone_keeps_no_secret_either(few: list[Posting], others: list[Posting], tmp_path: Path) -> None:
    own = secretive([{k: v for k, v in p.items() if k != "company"} for p in others])
    plan = Plan("es", few, own, alone=True, recipe=QUICK)
    trained = run(plan)
    deliver(trained, plan, tmp_path / "es")
    assert len(trained.postings) == len(others) and all(p["own"] for p in trained.postings)
    for name, content in contents(tmp_path / "es").items():
        assert SECRET.lower()[:7] not in content.decode("utf-8", "ignore").lower(), name
    words = (tmp_path / "es" / "jd_functions" / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    assert len(words) > 300  # the corpus's words may be kept though one source wrote them
    assert verify(tmp_path / "es")["jd"]["corpus"]["postings"] == 0


def test_the_model_knows_its_making_and_serves(mine: tuple[Path, Any], others: list[Posting]) -> None:
    jd = verify(mine[0] / "es")["jd"]
    assert {**jd["own"], "weights_tried": sorted(jd["own"]["weights_tried"])} == {
        "postings": 25,
        "weight": 2,
        "text_weight": 0,
        "weights_tried": ["duties 0, texts 0", "duties 2, texts 0"],
        "expectation": True,
    }
    assert jd["corpus"]["postings"] == 40 and jd["postings"] == 65
    assert jd["profiles"] == load_profiles().hash()
    assert len(jd["seen"]) == 65
    result = Analyzer(models=mine[0]).analyze(others[0]["text"], language="es")
    assert result.ok and result.model == f"es-1.0.0+{jd['hash']}"


def test_the_card_tells_what_it_should_and_quotes_no_own_posting(mine: tuple[Path, Any], others: list[Posting]) -> None:
    card = (mine[0] / "es" / "README.md").read_text(encoding="utf-8")
    for heading in (
        "Intended use",
        "Data and splits",
        "Figures",
        "Calibration",
        "Confusion",
        "Failures",
        "Beside the shipped model",
        "Limits",
        "Files",
    ):
        assert f"## {heading}" in card
    assert "not people" in card and "25 own ones" in card
    assert not any(p["id"] in card for p in others)
    picture = (mine[0] / "es" / "calibration.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and b"Software" not in picture and len(picture) > 5000


def test_expectation_makes_the_duties_give_the_label(small: Path, others: list[Posting]) -> None:
    base = open_model(small / "es")
    wanted = [{**p, "primary": "brand", "functions": ["brand"]} for p in as_whole(others[:12])]
    made, plain = expect(base, wanted), expect(base, wanted, constrained=False)
    from analyzer.training.derive import derive

    reached = [p for p in made if p["reached"]]
    assert len(reached) >= 6
    assert {derive(p["segments"])[0] for p in reached} == {"brand"}
    assert sum(derive(p["segments"])[0] == "brand" for p in plain) < len(reached)
    for p in made:
        assert [s["start"] for s in p["segments"]] == sorted(s["start"] for s in p["segments"])
        assert all((s["zone"] == "D") == bool(s["codes"]) for s in p["segments"])


def test_duties_of_another_function_get_a_family(small: Path, others: list[Posting]) -> None:
    base = open_model(small / "es")
    posting = next(p for p in others if any(c.startswith("n.") for s in p["segments"] for c in s["codes"]))
    bare = [{**s, "codes": ["n" if c.startswith("n.") else c for c in s["codes"]]} for s in posting["segments"]]
    made = with_families(base, {**posting, "segments": bare})
    assert "n" not in {c for s in made["segments"] for c in s["codes"]}
    assert [[c[0] for c in s["codes"]] for s in made["segments"]] == [[c[0] for c in s["codes"]] for s in bare]


def test_a_label_too_far_from_the_duties_is_not_forced_on_them(small: Path, others: list[Posting], monkeypatch: pytest.MonkeyPatch) -> None:
    base = open_model(small / "es")
    wanted = [{**p, "primary": "brand", "functions": ["brand"]} for p in as_whole(others[:12])]
    monkeypatch.setattr("analyzer.training.expect.FARTHEST", 0.0)
    made, plain = expect(base, wanted), expect(base, wanted, constrained=False)
    kept = [(m, p) for m, p in zip(made, plain, strict=True) if not m["reached"]]
    assert kept
    assert all(m["segments"] == p["segments"] and m["primary"] == "brand" for m, p in kept)


def test_own_profiles_train_and_show(few: list[Posting], others: list[Posting], tmp_path: Path) -> None:
    profile = tmp_path / "own.toml"
    profile.write_text('[subfunctions."m.trade"]\nname = { en = "Trade marketing", es = "Trade marketing" }\n'
                       '[functions.marketing]\nname = { es = "Mercadeo" }\n', encoding="utf-8")  # fmt: skip
    profiles = load_profiles(profile)
    own = [
        {**p, "segments": [{**s, "codes": ["m.trade" if c == "m.channel" else c for c in s["codes"]]} for s in p["segments"]]}
        for p in others
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(json.dumps({k: v for k, v in p.items() if k != "where"}) for p in own), encoding="utf-8")
    read = read_labelled([tmp_path / "own.jsonl"], Options(profiles=profiles))
    assert not read.problems
    plan = Plan("es", few, read.postings, weight=1, recipe=QUICK, profiles=profiles, profile_files=(profile,))
    deliver(run(plan), plan, tmp_path / "m" / "es")
    nlp = open_model(tmp_path / "m" / "es")
    codes = nlp.get_pipe("jd_functions").duty.codes  # type: ignore[attr-defined]
    assert "m.trade" in codes
    told = models.info(tmp_path / "m" / "es")
    assert told["profiles"] == profiles.hash() != load_profiles().hash()
    assert told["own_codes"] == {"m.trade": "Trade marketing"}
    kept = models.profiles_of(tmp_path / "m" / "es")
    assert kept.hash() == profiles.hash() and kept.name("marketing", "es") == "Mercadeo"
    jd = Analyzer(models=tmp_path / "m")
    assert jd.profiles("es").hash() == profiles.hash() and jd.profiles(None).hash() == load_profiles().hash()
    results = list(jd.analyze_many([{"text": p["text"], "language": "es"} for p in read.postings]))
    assert any(d.code == "m.trade" and d.function == "marketing" for r in results for d in r.duties)
    text = next(p["text"] for p, r in zip(read.postings, results, strict=True) if any(d.code == "m.trade" for d in r.duties))
    _shows_own_names(text, tmp_path)


def _shows_own_names(text: str, place: Path) -> None:
    """Terminal, page of a file, the web page with its choices, and the report of a table."""
    (place / "one.txt").write_text(text, encoding="utf-8")
    with (place / "table.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["text"], [text]])
    own = ("--models", str(place / "m"), "--ui", "es")

    def call(*words: str) -> str:
        found = CliRunner().invoke(app, [*words], env={"COLUMNS": "140", "NO_COLOR": "1"})
        assert found.exit_code == 0, found.output
        return found.output

    told = call("analyze", str(place / "one.txt"), *own, "--language", "es")
    assert "Mercadeo" in told and "Trade marketing" in told
    call("analyze", str(place / "one.txt"), *own, "--language", "es", "-o", str(place / "one.html"))
    call("score", str(place / "table.csv"), "--models", str(place / "m"), "-o", str(place / "scored.csv"), "--text", "text")
    call("report", str(place / "scored.csv"), *own, "-o", str(place / "report.html"))
    for name in ("one.html", "report.html"):
        page = (place / name).read_text(encoding="utf-8")
        assert "Mercadeo" in page and "Trade marketing" in page, name
    payload = {"text": text, "title": "", "ui": "es", "strikes": [], "prefix": "", "format": "html", "language": "es"}
    (shown,) = page_of(ExplainingAnalyzer(str(place / "m")), [payload])
    assert "Mercadeo" in shown["body"] and '<option value="m.trade">Trade marketing</option>' in shown["body"]


def test_the_own_postings_are_judged_out_of_fold(mine: tuple[Path, Any], others: list[Posting]) -> None:
    trained = mine[1]
    assert [p["id"] for p in trained.judged] == [p["id"] for p in others]
    assert [r.id for r in trained.results] == [p["id"] for p in others] and all(r.ok for r in trained.results)
    assert len(trained.postings) == 65
    figures = verify(mine[0] / "es")["jd"]["metrics"]
    right = sum(r.primary == p["primary"] for r, p in zip(trained.results, trained.judged, strict=True))
    assert figures["primary_accuracy"]["value"] == pytest.approx(right / 25, abs=1e-4)


def test_a_score_of_a_retrained_model_is_the_sum_over_its_duties_and_the_rest(mine: tuple[Path, Any], few: list[Posting]) -> None:
    results = list(Analyzer(models=mine[0]).analyze_many([{"text": p["text"], "language": "es"} for p in few[:12]]))
    assert sum(len(r.duties) for r in results) > 20
    for r in results:
        for f, raw in r.raw.items():
            assert raw == pytest.approx(sum(d.weights[f] for d in r.duties) + r.rest[f], abs=1e-6)


def test_a_recipe_that_went_through_json_is_the_same_recipe(small: Path, few: list[Posting]) -> None:
    plan = Plan("es", few, recipe=QUICK, shipped=small / "es")
    corpus = grouped([bare(p) for p in few])
    assert base_model(plan, corpus, pytest.fail).meta["jd"]["hash"] == verify(small / "es")["jd"]["hash"]
    messages: list[str] = []
    base_model(replace(plan, recipe=replace(QUICK, text_scale=0.31)), corpus, messages.append)
    assert "first a model of the corpus alone" in messages[0]


def test_too_little_says_so(few: list[Posting], others: list[Posting]) -> None:
    with pytest.raises(CorpusError, match="leave out --alone"):
        run(Plan("es", few, as_whole(others[:5]), alone=True, recipe=QUICK))
    with pytest.raises(CorpusError, match="at least"):
        run(Plan("es", few[:8], recipe=QUICK))


def test_the_curve_goes_from_no_own_postings_to_all(small: Path, few: list[Posting], others: list[Posting]) -> None:
    plan = Plan("es", few, others[:12], recipe=QUICK, shipped=small / "es")
    points = curve(plan, (0.0, 1.0))
    assert [n for n, _, _ in points] == [0, 9]
    assert all(0 < a <= 1 and 0 < x < 3 for _, a, x in points)

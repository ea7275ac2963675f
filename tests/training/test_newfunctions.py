"""A function of the user's own: learned from postings labelled with it, and told by the model like the shipped ones."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from growing import CODES
from training_data import QUICK, as_whole
from typer.testing import CliRunner, Result

from analyzer.analyzer import Analyzer
from analyzer.cli import app
from analyzer.errors import CorpusError, ModelDamaged
from analyzer.pipeline.build import build, open_model
from analyzer.profiles import load_profiles
from analyzer.training.derive import derive, scheme_of
from analyzer.training.newfunctions import lean, learned_scheme, widen
from analyzer.training.retrain import Plan, run
from analyzer.training.train import save, train

Posting = dict[str, Any]


def test_a_duty_of_the_new_letter_counts_for_its_function(toml: Path) -> None:
    scheme = scheme_of(load_profiles(toml))
    segments = [{"codes": ["w.users"]}, {"codes": ["w.users", "m.pr"]}, {"codes": ["n.sales"]}]
    assert derive(segments, scheme) == ("growth", ["growth"])
    assert (scheme.functions, scheme.answers[-2:]) == (("marketing", "operations", "brand", "growth"), ("growth", "none"))


def test_few_postings_or_no_code_of_a_function_are_told(toml: Path, tmp_path: Path, growing: list[Posting]) -> None:
    profiles = load_profiles(toml)
    mine = [p for p in growing if "growth" in p["functions"]]
    assert learned_scheme(profiles, [p for p in growing if p not in mine and "w.users" not in str(p["segments"])]).own == ()
    with pytest.raises(CorpusError, match=r'growth is part of the job in 2 postings.*--map "growth=marketing"'):
        learned_scheme(profiles, mine[:2])
    (tmp_path / "bare.toml").write_text('[functions.growth]\nprefix = "w"\nname = { en = "Growth" }\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r'no sub-function.*\[subfunctions\."w\.main"\]'):
        learned_scheme(load_profiles(tmp_path / "bare.toml"), as_whole(mine))


def test_the_model_tells_the_function(grown: Path, growing: list[Posting]) -> None:
    analyzer = Analyzer(grown)
    results = list(analyzer.analyze_many([{"text": p["text"], "title": "Responsable de growth"} for p in growing]))
    told = [r.primary == "growth" for r in results]
    wanted = [p["primary"] == "growth" for p in growing]
    assert np.mean(np.array(told) == np.array(wanted)) > 0.9
    one = results[told.index(True)].to_dict()
    names = ["marketing", "operations", "brand", "growth"]
    assert [list(one[k]) for k in ("scores", "raw", "rest", "probability", "mix")] == [
        names,
        names,
        names,
        [*names, "none"],
        [*names, "other"],
    ]
    assert one["title"]["function"] == "growth" and not one["title"]["mismatch"] and list(one["title"]["scores_with_title"]) == names
    duties = [d for r in results for d in r.duties if d.function == "growth"]
    assert {d.code for d in duties} == {"w.users", "w.data"} and all(list(d.weights) == names for d in duties)
    best = next(d for d in results[told.index(True)].duties if d.function == "growth")
    assert best.weights["growth"] > max(best.weights[f] for f in names[:3])
    assert analyzer.profiles("es").name("w.users", "es") == "Crecimiento de usuarios"


def test_a_doc_and_a_batch_say_the_same(grown: Path, growing: list[Posting]) -> None:
    from analyzer.reading import read_doc

    nlp, text = open_model(grown / "es"), growing[0]["text"]
    whole = Analyzer(grown).analyze(text, language="es")
    doc = read_doc(nlp, nlp(text), title=None, id=None, model=whole.model, mixed=False)
    assert doc.to_dict() == whole.to_dict()


def test_a_prior_of_the_function(grown: Path, growing: list[Posting]) -> None:
    scored = Analyzer(grown).analyze_many({"text": p["text"], "language": "es"} for p in growing)
    text = min(zip(scored, growing, strict=True), key=lambda pair: abs(pair[0].scores["growth"] - 0.5))[1]["text"]  # none that is sure
    rare, often = (Analyzer(grown, prior={"growth": share}).analyze(text, language="es") for share in (0.02, 0.9))
    assert rare.scores["growth"] < often.scores["growth"] and rare.probability["growth"] < often.probability["growth"]
    with pytest.raises(ValueError, match="JD-104"):
        Analyzer(prior={"growth": 0.5}).analyze(text, language="es")


def test_the_functions_lie_in_the_model_and_are_checked(grown: Path, tmp_path: Path) -> None:
    meta = json.loads((grown / "es" / "meta.json").read_text(encoding="utf-8"))
    assert meta["jd"]["functions"][-1] == "growth" and meta["jd"]["answers"][-2:] == ["growth", "none"]
    assert meta["jd"]["own_functions"]["growth"]["prefix"] == "w" and 0 < meta["jd"]["own_functions"]["growth"]["part_of"] < 1
    component = open_model(grown / "es").get_pipe("jd_functions")
    for broken, message in (
        ([["growth", "w"], ["more", "x"]], "the weights are not those of"),
        ([], "the weights are not those of"),
        ([["growth", "x"]], "a code belongs to none of"),
        ([["growth", "m"]], "there already"),
        ([["brand", "w"]], "there already"),
        ([["growth"]], "pairs of a name and the prefix"),
        ("growth", "pairs of a name and the prefix"),
    ):
        place = tmp_path / "jd_functions"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(grown / "es" / "jd_functions", place)
        settings = json.loads((place / "settings.json").read_text(encoding="utf-8"))
        settings["own_functions"] = broken
        (place / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        with pytest.raises(ModelDamaged, match=message):
            build("es").get_pipe("jd_functions").from_disk(place)  # type: ignore[attr-defined]
    assert component.scheme.own == (("growth", "w"),)  # type: ignore[attr-defined]


def test_a_model_without_its_profiles_is_refused(grown: Path, tmp_path: Path) -> None:
    nlp = open_model(grown / "es")
    nlp.meta["jd"]["own_profiles"] = []
    save(nlp, tmp_path / "es")
    with pytest.raises(ModelDamaged, match="functions that the profiles in it do not hold"):
        open_model(tmp_path / "es")


def test_room_for_a_function_changes_nothing_else(small: Path, toml: Path, growing: list[Posting]) -> None:
    """The others' log-odds stay, and a text says nothing of the new one before it is learned."""
    plain, roomy = open_model(small / "es"), open_model(small / "es")
    profiles = load_profiles(toml)
    widen(roomy.get_pipe("jd_functions"), scheme_of(profiles), growing, QUICK, profiles)  # type: ignore[arg-type]
    for posting in growing[:5]:
        before, after = plain(posting["text"]), roomy(posting["text"])
        np.testing.assert_allclose(after.spans["duties"].attrs["raw"][:3], before.spans["duties"].attrs["raw"], atol=1e-9)
        for function in ("marketing", "operations", "brand"):
            assert after.cats[function] == pytest.approx(before.cats[function], abs=1e-9)
            ratio = after.cats[f"primary:{function}"] / after.cats["primary:none"]
            assert ratio == pytest.approx(before.cats[f"primary:{function}"] / before.cats["primary:none"], rel=1e-6)


def test_duties_of_postings_labelled_as_a_whole(small: Path, toml: Path, growing: list[Posting], few: list[Posting]) -> None:
    """A growth posting's duties get the new code as far as its label asks for; others' get none."""
    from analyzer.training.expect import expect

    base, profiles, own = open_model(small / "es"), load_profiles(toml), as_whole(growing)
    leaning = lean(base, own, few, scheme_of(profiles), profiles)
    made = expect(base, own, lean=leaning)
    for posting in made:
        codes = {c for s in posting["segments"] for c in s["codes"]}
        assert ("growth" in posting["functions"]) or not codes & CODES
        if posting["primary"] == "growth" and posting["reached"]:
            assert derive(posting["segments"], leaning.scheme)[0] == "growth"
    assert np.mean([p["reached"] for p in made if p["primary"] == "growth"]) > 0.9


@pytest.mark.parametrize("whole", [False, True])
def test_on_top_of_the_corpus(tmp_path: Path, toml: Path, few: list[Posting], growing: list[Posting], small: Path, whole: bool) -> None:
    own = as_whole(growing) if whole else growing
    trained = run(Plan("es", few, own, recipe=QUICK, profiles=load_profiles(toml), profile_files=(toml,), shipped=small / "es"))
    assert all("growth" in r.scores for r in trained.results if r.ok)
    save(trained.nlp, tmp_path / "es", {"profiles/growth.toml": toml.read_bytes()})
    results = list(Analyzer(tmp_path).analyze_many([{"text": p["text"], "language": "es"} for p in growing]))
    right = [(r.primary == "growth") == (p["primary"] == "growth") for r, p in zip(results, growing, strict=True)]
    assert np.mean(right) > 0.8 and any(r.primary == "growth" for r in results)
    assert all(p["primary"] != "growth" or "own" in p for p in trained.postings)


def test_without_the_profiles_files_nothing_is_trained(toml: Path, few: list[Posting], growing: list[Posting], small: Path) -> None:
    with pytest.raises(CorpusError, match="name the files"):
        run(Plan("es", few, growing, recipe=QUICK, profiles=load_profiles(toml), shipped=small / "es"))


def test_postings_without_the_function_give_the_shipped_scheme(toml: Path, few: list[Posting], tmp_path: Path) -> None:
    """A function that no posting is labelled with changes no byte of what the corpus gives."""
    plain = save(train("es", few, QUICK), tmp_path / "plain")
    trained = run(Plan("es", few, recipe=QUICK, profiles=load_profiles(toml)))
    assert save(trained.nlp, tmp_path / "named") == plain


# ---------------------------------------------------------------- every surface


def call(*words: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.fixture
def labelled(tmp_path: Path, growing: list[Posting]) -> Path:
    """Own postings with their segments."""
    lines = [json.dumps({k: v for k, v in p.items() if k != "where"}, ensure_ascii=False) for p in growing]
    (tmp_path / "labelled.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "labelled.jsonl"


def test_analyze_shows_it(grown: Path, growing: list[Posting], tmp_path: Path) -> None:
    text = next(p["text"] for p in growing if p["primary"] == "growth")
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    told = call("analyze", tmp_path / "a.txt", "--models", grown, "--ui", "es")
    assert told.exit_code == 0 and "Crecimiento" in told.output and "[w." in told.output
    record = json.loads(call("analyze", tmp_path / "a.txt", "--models", grown, "--format", "json").output)
    assert record["primary"] == "growth" and 0 < record["scores"]["growth"] <= 1


def test_score_and_report_show_it(grown: Path, growing: list[Posting], tmp_path: Path) -> None:
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["text"], *([p["text"]] for p in growing[:20])])
    made = call("score", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--models", grown)
    assert made.exit_code == 0, made.output
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines(keepends=True)))
    assert list(rows[0])[-3:] == ["jd_model", "jd_growth", "jd_mix_growth"]
    assert sum(r["jd_primary"] == "growth" for r in rows) > 5 and all(0 <= float(r["jd_growth"]) <= 1 for r in rows if r["jd_growth"])
    assert call("report", tmp_path / "out.csv", "-o", tmp_path / "r.html", "--models", grown, "--ui", "es").exit_code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Crecimiento" in page and "Crecimiento de usuarios" in page


def test_evaluate_compare_and_review_know_it(grown: Path, small: Path, labelled: Path) -> None:
    found = json.loads(call("evaluate", grown, labelled, "--json").stdout)["es"]
    assert found["primary_f1"]["growth"] > 0.8 and found["functions_f1"]["growth"] > 0.7
    assert found["confusion"]["rows_and_columns"] == ["marketing", "operations", "brand", "growth", "none", "no result"]
    assert len(found["confusion"]["counts"]) == 5 and {len(row) for row in found["confusion"]["counts"]} == {6}
    assert found["figures"]["duty_function_accuracy"] > 0.7
    both = json.loads(call("compare", small, grown, labelled, "--json", "--no-worse").stdout)["es"]
    assert both["verdict"] == "better" and any(r["second"]["primary"] == "growth" for r in both["changed"])
    rows = json.loads(call("label", "review", labelled, "--models", grown, "--json", "-n", 50).stdout)
    assert len(rows) == 50


def test_the_card_tells_of_it(grown: Path) -> None:
    card = (grown / "es" / "README.md").read_text(encoding="utf-8")
    assert "how far it is marketing, operations, brand or growth" in card and "| growth | 16 | 16 |" in card
    assert "`growth` (Growth) is a function of the user's own" in card and "a part of the job in 3" in card
    assert "| labelled | told marketing | told operations | told brand | told growth | told none | no result |" in card
    assert "`w.users` (User growth)" in card


def test_a_correction_with_its_code(grown: Path, growing: list[Posting], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(next(p["text"] for p in growing if p["primary"] == "growth"), encoding="utf-8")
    made = call("label", "correct", tmp_path / "a.txt", "--models", grown, "--duty", "1=w.data", "-o", tmp_path / "c.jsonl")
    assert made.exit_code == 0, made.output
    record = json.loads((tmp_path / "c.jsonl").read_text(encoding="utf-8"))
    assert record["primary"] == "growth" and any(s["codes"] == ["w.data"] for s in record["segments"])

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from written import ES, ZH, posting, simple

from analyzer.errors import CorpusError
from analyzer.training.check import check, corpus_problems, derived_problems, floor_problems, label_problems, offset_problems
from analyzer.training.personal import personal_data
from analyzer.training.rules import Rules, load_rules, sides_of
from analyzer.training.schema import Located, schema_problems
from analyzer.training.shingles import near_copies, repeated_runs, runs

CORPUS = Path(__file__).parents[2] / "corpus"


@pytest.fixture
def zh(tmp_path: Path) -> dict[str, Any]:
    return posting(ZH, tmp_path)


def test_the_projects_corpus_passes() -> None:
    report = check(CORPUS)
    assert [str(p) for p in report.problems] == []
    assert report.postings >= 1600
    assert {"Primary function", "Duties by code", "Sectors", "Cases by side", "Countries", "Scripts"} <= {t.name for t in report.tables}


def test_every_industry_of_the_corpus_has_a_sector() -> None:
    rules = load_rules(CORPUS)
    lines = [line for file in CORPUS.glob("*/*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    assert {p["industry"] for p in map(json.loads, lines) if rules.sector(p) == "other"} == set()


def test_a_sound_posting_has_no_problem(zh: dict[str, Any]) -> None:
    rules = load_rules(CORPUS)
    assert schema_problems(zh) == []
    assert [*offset_problems(zh), *label_problems(zh, rules), *derived_problems(zh), *personal_data(zh["text"])] == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("language", "pt", "language"),
        ("segments", [], "segments"),
        ("colour", "red", "colour"),
        ("steps", [0], "steps.0"),
        ("country", "Spain", "country"),
        ("deceptive", "no", "deceptive"),
    ],
)
def test_what_does_not_fit_the_schema_is_named(zh: dict[str, Any], field: str, value: object, said: str) -> None:
    problems = schema_problems({**zh, field: value})
    assert len(problems) == 1
    assert problems[0].startswith(said)


def _broken(record: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    out = copy.deepcopy(record)
    out["segments"][number].update(fields)
    return out


def test_offsets_are_held_against_the_text(zh: dict[str, Any]) -> None:
    second = zh["segments"][1]
    assert "letters outside segments before segment 3" in next(offset_problems(_broken(zh, 1, end=second["end"] - 3, purpose=None)))
    assert "begins before" in next(offset_problems(_broken(zh, 1, start=0)))
    assert "outside its segment" in next(offset_problems(_broken(zh, 1, purpose=[0, 3])))
    assert "out of the text" in next(offset_problems(_broken(zh, -1, end=10_000)))
    assert "at the end" in next(offset_problems({**zh, "text": zh["text"] + "尾巴"}))
    assert "with a space" in next(offset_problems({**_broken(zh, -1, end=len(zh["text"]) + 1), "text": zh["text"] + " "}))


def test_labels_are_held_against_the_scheme(zh: dict[str, Any]) -> None:
    rules = load_rules(CORPUS)
    assert "no such code: 'o.users'" in next(label_problems(_broken(zh, 1, codes=["o.users"], phrases=[], cases=[]), rules))
    assert "a duty (D) has one code or two" in next(label_problems(_broken(zh, 0, codes=["g"]), rules))
    assert "none of its duty's codes" in next(label_problems(_broken(zh, 1, codes=["o.store"], cases=[]), rules))
    assert "no case 'loyal'" in next(label_problems(_broken(zh, 1, cases=["loyal"]), rules))
    assert "on no side of the case 'merch'" in next(label_problems(_broken(zh, 1, cases=["merch"]), rules))
    assert "no such step: 12" in next(label_problems({**zh, "steps": [12]}, rules))


def test_the_side_of_a_case_follows_from_codes_and_zone() -> None:
    sides = {"inside": ["o.*"], "outside": ["m.pr"], "said": ["R"]}
    assert sides_of({"zone": "D", "codes": ["o.user", "m.pr"]}, sides) == ["inside", "outside"]
    assert sides_of({"zone": "R", "codes": []}, sides) == ["said"]
    assert sides_of({"zone": "D", "codes": ["m.planning"]}, sides) == []


def test_primary_and_functions_must_follow_from_the_labels() -> None:
    made = simple("es-1", [("m.pr", "Escribir comunicados"), ("m.pr", "Convocar a la prensa"), ("o.user", "Cuidar a los socios")])
    assert list(derived_problems(made)) == []
    assert "primary is none" in next(derived_problems({**made, "primary": "none"}))
    assert any("marketing is missing" in m for m in derived_problems({**made, "primary": "none", "functions": ["operations"]}))
    assert any("brand is among" in m for m in derived_problems({**made, "functions": ["brand", "marketing", "operations"]}))
    assert any("not among the functions" in m for m in derived_problems({**made, "functions": ["operations"]}))
    judged = {**made, "functions": ["marketing"]}  # a third of the duties may be judged either way
    assert list(derived_problems(judged)) == []


def test_a_posting_without_duties_is_judged_by_its_reader() -> None:
    record = {"primary": "brand", "functions": ["brand"], "segments": [{"zone": "R", "codes": []}]}
    assert list(derived_problems(record)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("联系电话 13800138000", "telephone"),
        ("Llamar al +56 9 1234 5678", "telephone"),
        ("escribir a ana.perez@correo.es", "e-mail address"),
        ("ver https://ofertas.empresa.cl/1", "link"),
        ("加微信：hr_8842x", "account"),
        ("RUT 12.345.678-5", "identity number"),
        ("DNI 12345678Z", "identity number"),
    ],
)
def test_personal_data_is_found(text: str, kind: str) -> None:
    assert [k for k, _, _ in personal_data(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    ["8000-12000元", "$1.300.000 a $1.500.000", "hr@example.com", "https://jobs.example.com/a", "<PHONE>", "2023-2027", "de 9:00 a 18:30"],
)
def test_pay_placeholders_and_reserved_domains_are_no_personal_data(text: str) -> None:
    assert personal_data(text) == []


def test_near_copies_are_found_whatever_the_script() -> None:
    first = "负责公司公众号的日常更新与粉丝互动，定期整理阅读数据并提出改进办法"
    second = "負責公司公眾號的日常更新與粉絲互動，定期整理閱讀數據並提出改進建議"
    other = "负责仓库收货与发货，按时盘点库存并填写出入库记录，保持库区整洁"
    assert [(i, j) for i, j, _ in near_copies([first, other, second], "zh", block=2)] == [(0, 2)]
    assert near_copies([], "zh") == []


def test_set_phrases_are_cut_out_of_runs() -> None:
    text = "Jornada de lunes a viernes en la oficina del puerto"
    assert "jornada de lunes a viernes en" in runs(text, "es")
    assert runs(text, "es", ["lunes a viernes"]) == set()


def test_a_template_is_found_and_a_heading_is_none() -> None:
    line = "Atender el mostrador y ordenar la vidriera cada mañana"
    postings = [simple(f"es-{n}", [("n.sales", line)]) for n in range(3)]
    assert len(repeated_runs(postings, "es", over=0.5)) == 4
    for p in postings:
        p["segments"][0]["zone"] = "H"
    assert repeated_runs(postings, "es", over=0.5) == {}


def test_the_corpus_as_a_whole_is_held_against_itself() -> None:
    line = [("n.sales", "Atender el mostrador y ordenar la vidriera cada mañana")]
    items = [Located("a.jsonl", n, simple("es-1", line)) for n in (1, 2)]
    assert {p.check for p in corpus_problems(items, Rules())} == {"ids", "copies", "template"}


def test_floors_say_what_is_missing() -> None:
    rules = Rules(floors={"required": ["title"], "both": {"postings": 2, "primary": {"brand": 0.2}}, "es": {"codes": {"m.pr": 1}}})
    said = [p.message for p in floor_problems([simple("es-1", [("m.pr", "Escribir comunicados")])], rules)]
    assert said == ["es-1: no title", "es: postings: 1, and 2 are needed", "es: share of primary brand: 0, and 0.2 are needed"]


def test_a_broken_file_is_told_line_by_line(tmp_path: Path, zh: dict[str, Any]) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text("\n".join([json.dumps(zh), "{", "[]", json.dumps({"id": "x"})]), encoding="utf-8")
    report = check(file)
    assert [(p.line, p.check) for p in report.problems][:2] == [(2, "schema"), (3, "schema")]
    assert {p.line for p in report.problems} == {2, 3, 4}
    assert not report.passed
    assert "no floors" in report.notes[0]
    assert json.loads(json.dumps(report.to_dict()))["postings"] == 2


def test_a_folder_without_postings_or_with_a_broken_data_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no \.jsonl file"):
        check(tmp_path)
    (tmp_path / "cases.toml").write_text("[", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"cases\.toml"):
        check(tmp_path)
    (tmp_path / "cases.toml").unlink()
    (tmp_path / "industries.toml").write_text('[a]\nes = ["pan"]\n[b]\nes = ["pan"]\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="two sectors"):
        check(tmp_path)


def test_a_file_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "es.jsonl").write_bytes('{"id": "año"}'.encode("latin-1"))
    assert "UTF-8" in check(tmp_path).problems[0].message


def test_the_spanish_example_is_sound_too(tmp_path: Path) -> None:
    record = posting(ES, tmp_path)
    assert record["primary"] == "none"
    assert [*schema_problems(record), *offset_problems(record), *derived_problems(record)] == []

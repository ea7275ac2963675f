"""Labelled data in: every shape, every message."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from analyzer.errors import CorpusError
from analyzer.profiles import load_profiles
from analyzer.training import exchange
from analyzer.training.labelled import Options, bare, read_labelled, read_mapping
from analyzer.training.suitability import check, leaks, without_contacts

BRAND = "Definir el posicionamiento de la marca y cuidar su identidad visual en todos los países."
SHOP = "Gestionar la tienda online: fichas de producto, precios y promociones para subir la conversión."
NEWS = "Redactar notas de prensa y mantener la relación con los medios de comunicación del sector."
ZH = "负责会员体系搭建，提升用户留存和复购，分析活动数据并优化运营策略。"


def table(path: Path, rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=delimiter).writerows(rows)
    return path


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")])
def test_a_table_is_read_whatever_its_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["Descripción", "Etiqueta", "Empresa"], [BRAND, "brand", "Sol"], [SHOP, "operations", "Mar"]]
    found = read_labelled([table(tmp_path / "ours.csv", rows, delimiter, encoding)])
    assert not found.problems
    assert [p["primary"] for p in found.postings] == ["brand", "operations"]
    assert found.postings[0]["text"] == BRAND
    assert found.postings[0]["company"] == "Sol"
    assert found.postings[1]["where"] == "ours.csv, row 3"
    assert found.postings[0]["level"] == "posting" and found.postings[0]["segments"] == []


def test_a_workbook_is_read(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["puesto", "texto", "área"], ["Jefa de marca", BRAND, "Marca"], ["Tienda", SHOP, "Operaciones"]):
        sheet.append(row)
    book.save(tmp_path / "ours.xlsx")
    found = read_labelled([tmp_path / "ours.xlsx"], Options({"label": "área"}))
    assert [(p["title"], p["primary"]) for p in found.postings] == [("Jefa de marca", "brand"), ("Tienda", "operations")]


def test_labels_are_mapped_named_in_three_languages_or_codes(tmp_path: Path) -> None:
    rows = [["text", "label"], [BRAND, "品牌"], [SHOP, "o.store"], [NEWS, "Mercadeo"], [BRAND + " Más.", "Comercial"]]
    mapping = read_mapping(["Mercadeo=marketing", "Comercial = none"])
    found = read_labelled([table(tmp_path / "ours.csv", rows)], Options(mapping=mapping))
    assert not found.problems
    assert [p["primary"] for p in found.postings] == ["brand", "operations", "marketing", "none"]


def test_several_labels_in_one_cell_are_functions_the_first_the_primary(tmp_path: Path) -> None:
    found = read_labelled([table(tmp_path / "ours.csv", [["text", "labels"], [BRAND, "brand; marketing"], [SHOP, "none"]])])
    assert found.postings[0]["primary"] == "brand"
    assert found.postings[0]["functions"] == ["brand", "marketing"]
    assert found.postings[0]["functions_told"]
    assert found.postings[1]["functions"] == []


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        (["   ", "brand"], "empty_text", "empty"),
        ([BRAND, "ventas raras"], "unknown_label", "'ventas raras'"),
        ([BRAND, ""], "no_label", "no label"),
        (["We are looking for a manager who runs our stores and the daily operations of the team.", "brand"], "language", "'en'"),
    ],
)
def test_a_bad_row_is_told_with_its_number_and_the_others_are_kept(tmp_path: Path, row: list[str], kind: str, words: str) -> None:
    found = read_labelled([table(tmp_path / "ours.csv", [["text", "label"], [SHOP, "operations"], row])])
    assert len(found.postings) == 1
    (problem,) = found.problems
    assert problem.kind == kind and problem.fatal
    assert str(problem).startswith("ours.csv, row 3: ") and words in str(problem)


def test_another_language_than_said_is_told(tmp_path: Path) -> None:
    found = read_labelled([table(tmp_path / "ours.csv", [["text", "label"], [ZH, "operations"]])], Options(language="es"))
    assert [p.kind for p in found.problems] == ["language"]
    assert "said to be 'es'" in str(found.problems[0]) and "'zh'" in str(found.problems[0])


def test_what_is_no_data_gives_a_message(tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\x00\x00\x00")
    (tmp_path / "broken.jsonl").write_text('{"id": ', encoding="utf-8")
    table(tmp_path / "no_text.csv", [["a", "b"], ["x", "y"]])
    table(tmp_path / "no_label.csv", [["text", "b"], [BRAND, "y"]])
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    for name, words in {"broken.xlsx": "XLSX", "picture.csv": "not a text", "broken.jsonl": "line 1", "no_text.csv": "--text-column",
                        "no_label.csv": "--label-column", "notes.pdf": ".csv", "absent.csv": "no such file"}.items():  # fmt: skip
        with pytest.raises(CorpusError, match="JD-301") as caught:
            read_labelled([tmp_path / name])
        assert words in str(caught.value)
    with pytest.raises(CorpusError, match="your label=ours"):
        read_mapping(["Mercadeo"])
    with pytest.raises(CorpusError, match="none of marketing"):
        read_labelled(
            [table(tmp_path / "ok.csv", [["text", "label"], [BRAND, "brand"]])], Options(mapping=read_mapping(["x=marca blanca"]))
        )


def test_the_corpus_comes_back_as_it_lies_there(spanish: list[dict[str, Any]]) -> None:
    root = Path(__file__).resolve().parents[2] / "corpus" / "es"
    raw = [json.loads(line) for f in sorted(root.glob("*.jsonl")) for line in f.read_text(encoding="utf-8").split("\n") if line]
    assert [bare(p) for p in spanish] == raw


@pytest.mark.parametrize(
    ("name", "file"), [("doccano", "a.jsonl"), ("label-studio", "a.json"), ("docbin", "a.spacy"), ("csv", "a.csv"), ("jsonl", "a.jsonl")]
)
def test_exports_of_other_tools_are_read_with_their_segments(tmp_path: Path, few: list[dict[str, Any]], name: str, file: str) -> None:
    chosen = [bare(p) for p in few[:4]]
    exchange.convert(chosen, tmp_path / file, name)
    found = read_labelled([tmp_path / file])
    assert not found.problems
    assert [p["text"] for p in found.postings] == [p["text"] for p in chosen]
    for read, meant in zip(found.postings, chosen, strict=True):
        assert [(s["start"], s["end"], s["zone"], sorted(s["codes"])) for s in read["segments"]] == [
            (s["start"], s["end"], s["zone"], sorted(s["codes"])) for s in meant["segments"]
        ]
        assert read["primary"] == meant["primary"]


def test_a_segment_that_does_not_fit_is_told(tmp_path: Path) -> None:
    good = {"id": "a", "language": "es", "text": BRAND, "segments": [{"start": 0, "end": len(BRAND), "zone": "D", "codes": ["b.strategy"]}]}
    far = {**good, "segments": [{"start": 0, "end": 9999, "zone": "D", "codes": ["b.strategy"]}]}
    strange = {**good, "segments": [{"start": 0, "end": 9, "zone": "D", "codes": ["b.growth"]}]}
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(p) for p in (good, far, strange)), encoding="utf-8")
    found = read_labelled([tmp_path / "a.jsonl"])
    assert [p["primary"] for p in found.postings] == ["brand"]
    assert [(p.kind, p.where) for p in found.problems] == [("segment", "a.jsonl, row 2"), ("unknown_label", "a.jsonl, row 3")]
    (tmp_path / "own.toml").write_text('[subfunctions."b.growth"]\nname = { en = "Growth" }\n', encoding="utf-8")
    assert len(read_labelled([tmp_path / "a.jsonl"], Options(profiles=load_profiles(tmp_path / "own.toml"))).postings) == 2


def test_a_function_of_ones_own_is_a_label_like_others(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[functions.sustainability]\nprefix = "s"\nname = { en = "Sustainability" }\n'
        '[subfunctions."s.report"]\nname = { en = "Reports" }\n',
        encoding="utf-8",
    )
    options = Options(profiles=load_profiles(tmp_path / "own.toml"))
    segments = [{"start": 0, "end": len(BRAND), "zone": "D", "codes": ["s.report"]}]
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "language": "es", "text": BRAND, "segments": segments}), encoding="utf-8")
    (inside,) = read_labelled([tmp_path / "a.jsonl"], options).postings
    assert (inside["primary"], inside["functions"]) == ("sustainability", ["sustainability"])
    sheet = table(tmp_path / "a.csv", [["text", "label"], [BRAND, "Sustainability; brand"], [NEWS, "s.report"]])
    both, code = read_labelled([sheet], options).postings
    assert (both["primary"], both["functions"]) == ("sustainability", ["brand", "sustainability"])
    assert (code["primary"], code["functions"]) == ("sustainability", ["sustainability"])
    (unknown,) = read_labelled([sheet]).problems[:1]
    assert unknown.kind == "unknown_label" and "Sustainability" in str(unknown)


def whole(number: int, text: str, label: str) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "language": "es",
        "text": text,
        "primary": label,
        "functions": [],
        "segments": [],
        "where": f"ours.csv, row {number}",
    }


def test_one_label_only_is_told_and_stops_training_alone() -> None:
    postings = [whole(n, f"{SHOP} Equipo {n} de la zona {n * 7}.", "operations") for n in range(3)]
    for alone in (True, False):
        (problem,) = [p for p in check(postings, alone) if p.kind == "one_label"]
        assert problem.fatal is alone and "'operations'" in str(problem)


def test_too_few_of_a_label_is_a_remark() -> None:
    texts = [SHOP, BRAND, NEWS]
    postings = [
        whole(n, texts[n % 3] + f" Número {n}: " + "abcdefghij"[n] * 40, ["operations", "brand", "marketing"][n % 3]) for n in range(6)
    ]
    few = [p for p in check(postings) if p.kind == "few"]
    assert {w for p in few for w in ("brand", "none") if f"'{w}'" in p.message} == {"brand", "none"}
    assert not any(p.fatal for p in few)


def test_copies_with_different_labels_are_told_with_both_rows() -> None:
    long = " ".join([SHOP, BRAND, NEWS])
    problems = check([whole(2, long, "operations"), whole(3, BRAND, "brand"), whole(4, long.replace(",", " ,"), "marketing")])
    (problem,) = [p for p in problems if p.kind == "conflict"]
    assert problem.where == "ours.csv, row 4" and "ours.csv, row 2" in problem.message and "the same text" in problem.message


def test_leakage_between_train_and_test_is_told_also_for_near_copies() -> None:
    long = " ".join([SHOP, BRAND, NEWS])
    train = [whole(2, long, "operations"), whole(3, ZH * 3, "operations")]
    test = [whole(8, long + " Madrid, contrato indefinido.", "operations"), whole(9, NEWS + " Valencia.", "marketing")]
    assert [p.where for p in leaks(train, test)] == ["ours.csv, row 8"]


def test_contacts_are_blanked_at_the_same_length() -> None:
    text = "Escribe a ana.perez@acme-sol.com, llama al +34 600 123 456 o entra en https://acme-sol.com/empleo hoy."
    clean = without_contacts(text)
    assert len(clean) == len(text)
    assert not any(word in clean for word in ("ana", "acme", "600", "empleo"))
    assert clean.startswith("Escribe a ") and clean.endswith(" hoy.")
    assert without_contacts("负责2024-2025年度品牌规划，预算100万") == "负责2024-2025年度品牌规划，预算100万"

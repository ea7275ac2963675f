from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner
from written import ES, ZH, posting

from analyzer.cli import app
from analyzer.errors import CorpusError
from analyzer.training.corpus import read
from analyzer.training.exchange import FORMATS, format_of, label_studio_config, write_label_studio

CORPUS = Path(__file__).parents[2] / "corpus"


@pytest.fixture
def postings(tmp_path: Path) -> list[dict[str, Any]]:
    return [posting(ZH, tmp_path), posting(ES, tmp_path)]


@pytest.mark.parametrize("name", FORMATS)
def test_a_round_trip_keeps_labels_and_offsets(tmp_path: Path, postings: list[dict[str, Any]], name: str) -> None:
    form = FORMATS[name]
    path = tmp_path / f"there{form.suffix}"
    before = copy.deepcopy(postings)
    form.write(path, postings)
    assert list(form.read(path)) == before
    assert format_of(path) == name
    assert postings == before


@pytest.mark.parametrize("name", [n for n in FORMATS if n != "docbin"])
def test_the_projects_corpus_makes_the_round_trip(tmp_path: Path, name: str) -> None:
    corpus = read([CORPUS / "zh" / "zh-p1.jsonl", CORPUS / "es" / "es-b1.jsonl"])
    path = tmp_path / "there"
    FORMATS[name].write(path, corpus)
    assert list(FORMATS[name].read(path)) == corpus


def test_markup_says_what_it_says(postings: list[dict[str, Any]]) -> None:
    text, second = postings[0]["text"], postings[0]["segments"][1]
    first, again = second["phrases"]
    assert text[slice(*first["verb"])] == text[slice(*again["verb"])] == "搭建"
    assert first["verb"] != again["verb"]
    assert text[slice(*second["purpose"])] == "减少老客流失"
    assert text[postings[0]["segments"][2]["start"] - 1] == "；"
    assert "客人\n加进" in text
    assert postings[0]["functions"] == ["marketing", "operations"]


def test_the_handbooks_example_can_be_read(tmp_path: Path) -> None:
    handbook = (CORPUS / "GUIDELINES.md").read_text(encoding="utf-8")
    record = posting(handbook.split("```")[1].lstrip("\n"), tmp_path)
    assert (record["primary"], record["deceptive"]) == ("operations", False)
    assert [s["zone"] for s in record["segments"]] == ["H", "D", "D", "R", "X"]


def test_a_docbin_holds_spans_anybody_can_use(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    FORMATS["docbin"].write(tmp_path / "d.spacy", postings)
    docs = list(DocBin(store_user_data=True).from_disk(tmp_path / "d.spacy").get_docs(spacy.blank("es").vocab))
    assert [d.text for d in docs] == [p["text"] for p in postings]
    assert [s.label_ for s in docs[1].spans["zones"]] == ["C", "H", "D", "D", "B"]
    assert [s.label_ for s in docs[1].spans["duties"]] == ["n.sales", "n.sales+m.planning"]
    assert [(v.text, o.text) for v, o in zip(docs[1].spans["verbs"], docs[1].spans["objects"], strict=True)] == [
        ("Visitar", "veterinarias"),
        ("cerrar", "pedidos"),
    ]


def test_labels_changed_in_a_tool_change_what_follows_from_them(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    path = tmp_path / "p.jsonl"
    FORMATS["doccano"].write(path, postings[1:])
    record = json.loads(path.read_text(encoding="utf-8"))
    for entity in record["entities"]:
        if entity["label"].startswith("D"):
            entity["label"] = "D m.channel"
    record["relations"] = []
    record["entities"] = [e for e in record["entities"] if e["label"] not in ("verb", "object")]
    path.write_text(json.dumps(record), encoding="utf-8")
    back = next(iter(FORMATS["doccano"].read(path)))
    assert (back["primary"], back["functions"]) == ("marketing", ["marketing"])


def test_doccanos_simple_form_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(
        json.dumps({"id": "es-9", "text": "Tareas: vender pan", "label": [[8, 18, "D n.sales"], [0, 7, "H"]], "language": "es"}),
        encoding="utf-8",
    )
    back = next(iter(FORMATS["doccano"].read(path)))
    assert [(s["start"], s["end"], s["zone"], s["codes"]) for s in back["segments"]] == [(0, 7, "H", []), (8, 18, "D", ["n.sales"])]
    assert (back["id"], back["language"], back["primary"]) == ("es-9", "es", "none")


def test_utf16_offsets_of_label_studio_are_put_right(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    path = tmp_path / "p.json"
    write_label_studio(path, postings)
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks:
        text = task["data"]["text"]
        for region in task["annotations"][0]["result"]:
            if region["type"] == "labels":
                for end in ("start", "end"):
                    region["value"][end] = len(text[: region["value"][end]].encode("utf-16-le")) // 2
    path.write_text(json.dumps(tasks), encoding="utf-8")
    assert list(FORMATS["label-studio"].read(path)) == postings


def test_the_labelling_interface_names_every_label(postings: list[dict[str, Any]]) -> None:
    config = label_studio_config(postings)
    for label in ("H", "D o.user", "D m.channel+o.user", "verb", "object", "purpose"):
        assert f'<Label value="{label}"/>' in config
    assert '<Relation value="m.channel"/>' in config


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    postings[1]["text"] = "=" + postings[1]["text"][1:]
    path = tmp_path / "p.csv"
    FORMATS["csv"].write(path, postings)
    with path.open(encoding="utf-8-sig", newline="") as source:
        cells = [c for row in csv.reader(source) for c in row]
    assert [c for c in cells if c[:1] in ("=", "+", "-", "@")] == []
    assert list(FORMATS["csv"].read(path)) == postings


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("doccano", '{"text": "Vender pan", "label": [[0, 10, "duty"]]}', "is no segment"),
        ("doccano", '{"text": "Vender pan", "label": [[0, 10, "R"], [0, 6, "verb"]]}', "stands in no duty"),
        ("doccano", '{"label": []}', "no text"),
        ("label-studio", "{}", "not a list of tasks"),
        ("label-studio", '[{"data": {}}]', "no text"),
        ("csv", "id,zone\n1,D\n", "no column"),
        ("csv", "id,start,end,zone,codes,text\n1,0,x,D,g,pan\n", "row 2"),
        ("markup", "=== zh-1\n---\nD| 没有代码\n", "line 3"),
        ("markup", "=== 1\n---\nH| Tareas\n", "tells no language"),
        ("docbin", "no es un DocBin", "not a spaCy DocBin"),
        ("jsonl", "{", "not JSON"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / "broken"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=said):
        list(FORMATS[name].read(path))


def test_a_label_studio_text_changed_after_labelling_is_told(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    path = tmp_path / "p.json"
    write_label_studio(path, postings)
    tasks = json.loads(path.read_text(encoding="utf-8"))
    tasks[0]["data"]["text"] = "改" + tasks[0]["data"]["text"]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    with pytest.raises(CorpusError, match="changed after labelling"):
        list(FORMATS["label-studio"].read(path))


def test_the_commands_convert_and_refuse_to_write_over(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    run = CliRunner().invoke
    own, there, back = tmp_path / "own.jsonl", tmp_path / "there.json", tmp_path / "back.jsonl"
    FORMATS["jsonl"].write(own, postings)
    assert run(app, ["corpus", "export", str(own), "-o", str(there)]).exit_code == 0
    assert (tmp_path / "there.xml").is_file()
    assert run(app, ["corpus", "import", str(there), "-o", str(back)]).exit_code == 0
    assert back.read_bytes() == own.read_bytes()
    assert run(app, ["corpus", "import", str(there), "-o", str(back)]).exit_code == 2
    assert run(app, ["corpus", "import", str(there), "-o", str(back), "--force"]).exit_code == 0
    assert run(app, ["corpus", "export", str(own), "-o", str(tmp_path / "there.doc")]).exit_code == 2


def test_the_check_command_tells_and_exits(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    run = CliRunner().invoke
    own = tmp_path / "own.jsonl"
    FORMATS["jsonl"].write(own, postings)
    good = run(app, ["corpus", "check", str(own), "--tables"])
    assert good.exit_code == 0
    assert "### Duties by code" in good.stdout
    own.write_text("{}\n", encoding="utf-8")
    bad = run(app, ["corpus", "check", str(own), "--format", "json"])
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["problems"][0]["line"] == 1
    assert run(app, ["corpus", "check", str(tmp_path / "none")]).exit_code == 2

"""Each component on Docs made by hand: what it reads, what it leaves, and that the arithmetic is exact."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Span, SpanGroup

from analyzer.analyzer import Analyzer
from analyzer.errors import ModelDamaged
from analyzer.pipeline import store
from analyzer.pipeline.build import build
from analyzer.pipeline.crf import forward_backward
from analyzer.pipeline.duties import Duties
from analyzer.pipeline.duty_model import listed
from analyzer.pipeline.features import FeatureSpace, HashTable, make_batch, pair_keys, restrict
from analyzer.pipeline.functions import best_codes
from analyzer.pipeline.pages import Spans
from analyzer.pipeline.sums import other_means
from analyzer.pipeline.tokenizer import blank


def test_marginals_are_those_of_all_paths() -> None:
    chance = np.random.default_rng(1)
    emissions, transitions = chance.normal(size=(7, 3)), chance.normal(size=(3, 3))
    start, end = chance.normal(size=3), chance.normal(size=3)
    lengths = np.array([4, 3])
    marginals, pairs, log_z = forward_backward(emissions, lengths, transitions, start, end)
    at, total_z, total_pairs = 0, 0.0, np.zeros((3, 3))
    for length in lengths:
        weights = {}
        for path in itertools.product(range(3), repeat=int(length)):
            score = start[path[0]] + end[path[-1]] + sum(emissions[at + t, s] for t, s in enumerate(path))
            weights[path] = np.exp(score + sum(transitions[a, b] for a, b in itertools.pairwise(path)))
        z = sum(weights.values())
        total_z += np.log(z)
        for t in range(int(length)):
            for s in range(3):
                expected = sum(w for p, w in weights.items() if p[t] == s) / z
                assert marginals[at + t, s] == pytest.approx(expected)
        for path, w in weights.items():
            for a, b in itertools.pairwise(path):
                total_pairs[a, b] += w / z
        at += int(length)
    assert log_z == pytest.approx(total_z)
    assert pairs == pytest.approx(total_pairs)


def test_every_key_is_found_and_no_other() -> None:
    chance = np.random.default_rng(2)
    keys = np.unique(chance.integers(0, 2**63, 5_000, dtype=np.uint64))
    table = HashTable(keys[::2])
    assert (table.find(keys[::2]) == np.arange(len(keys[::2]))).all()
    assert (table.find(keys[1::2]) == -1).all()
    assert (HashTable(keys[:0]).find(keys[:3]) == -1).all()


def test_a_word_of_one_company_is_in_no_vocabulary() -> None:
    nlp = blank("es")
    docs = [nlp("Gestionar redes de Zanahorix"), nlp("Gestionar redes de clientes"), nlp("Gestionar redes de clientes")]
    space = FeatureSpace.fit("es", make_batch(docs), ["a", "b", "c"], 2)
    assert {"w:gestionar", "2:gestionar redes", "w:clientes"} <= set(space.names)
    assert not any("zanahorix" in name for name in space.names)
    rows = space.matrix(make_batch(docs))
    assert np.asarray(rows.multiply(rows).sum(axis=1)).ravel() == pytest.approx([1, 1, 1])


def test_pairs_know_their_order() -> None:
    left, right = np.array([5], np.uint64), np.array([9], np.uint64)
    assert pair_keys(left, right)[0] != pair_keys(right, left)[0]


def test_a_batch_is_restricted_to_spans() -> None:
    doc = blank("zh")("负责市场推广，完成报表")
    words = [t.text for t in doc]
    spans = Spans(np.array([words.index("完成")]), np.array([len(words)]), np.array([0]))
    part = restrict(make_batch([doc]), spans)
    assert [part.pages.lexicon.norms[n] for n in part.form] == ["完成", "报表"]


@pytest.mark.parametrize(
    ("lang", "text", "duty"),
    [
        ("zh", "1、负责市场推广；", "负责市场推广"),
        ("zh", "岗位职责：负责市场推广。", "负责市场推广"),
        ("zh", "（一）、负责市场推广", "负责市场推广"),
        ("es", "● Gestionar las redes sociales.", "Gestionar las redes sociales"),
        ("es", "Funciones: Gestionar las redes sociales", "Gestionar las redes sociales"),
        ("es", "Gestión de redes: publicar contenidos", "Gestión de redes: publicar contenidos"),
    ],
)
def test_list_mark_and_heading_are_left_out(lang: str, text: str, duty: str) -> None:
    doc = blank(lang)(text)
    doc.spans["zones"] = SpanGroup(doc, name="zones", spans=[Span(doc, 0, len(doc), "D")])
    Duties(lang)(doc)
    assert [s.text for s in doc.spans["duties"]] == [duty]


def test_only_duty_zones_become_duties() -> None:
    doc = blank("zh")("负责市场推广")
    doc.spans["zones"] = SpanGroup(doc, name="zones", spans=[Span(doc, 0, len(doc), "R")])
    Duties("zh")(doc)
    assert len(doc.spans["duties"]) == 0


def test_the_strongest_function_comes_before_the_strongest_code() -> None:
    codes = ["m.media", "m.pr", "o.user"]
    assert best_codes(np.array([[0.33, 0.3, 0.37]]), codes) == [0]


def test_a_list_that_tells_the_whole_job_is_judged_by_its_items() -> None:
    duties = np.array([[1.0, 0.0], [1.0, 0.0]])
    phrases = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    out = listed(duties, phrases, np.array([1, 1, 1]), np.array([True, True]))
    assert out[0] == pytest.approx([1, 0])
    assert out[1] == pytest.approx([0.1 + 0.9 / 3, 0.9 * 2 / 3])
    among_others = listed(duties, phrases, np.array([1, 1, 1]), np.array([True, False]))
    assert among_others == pytest.approx(duties)


def test_other_duties_are_those_of_the_same_posting() -> None:
    values = np.array([[1.0], [3.0], [10.0]])
    assert other_means(values, np.array([0, 0, 1])).ravel() == pytest.approx([3, 1, 0])


def test_a_pipeline_without_weights_says_so() -> None:
    with pytest.raises(ValueError, match="JD-103"):
        build("es")("Gestionar redes sociales")


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_a_saved_model_gives_the_same_numbers(lang: str, jd: Analyzer, tmp_path: Path) -> None:
    text = {
        "zh": "岗位职责：\n1、负责会员体系的搭建；\n2、策划线上活动。\n任职要求：本科",
        "es": "Funciones: - Gestionar redes. - Planificar campañas. Requisitos: inglés",
    }[lang]
    nlp = spacy.load(Path(__file__).parents[2] / "models" / lang)
    nlp.to_disk(tmp_path / lang)
    again, first = spacy.load(tmp_path / lang)(text), jd.pipeline(lang)(text)
    assert again.cats == first.cats
    assert [(s.text, s.label_) for s in again.spans["duties"]] == [(s.text, s.label_) for s in first.spans["duties"]]
    assert [s.text for s in again.sents] == [s.text for s in first.spans["zones"]]


def test_damaged_parts_are_refused(tmp_path: Path) -> None:
    store.write(tmp_path, {"idf": np.ones(2, np.float32)}, {"a": 1}, ["x", "y"])
    assert store.read(tmp_path, {"idf": ("V",)})[2] == ["x", "y"]
    with pytest.raises(ModelDamaged, match="lacks 'weights'"):
        store.read(tmp_path, {"weights": ("V", "K")})
    (tmp_path / "vocabulary.txt").write_text("x\n", encoding="utf-8")
    with pytest.raises(ModelDamaged, match="does not fit"):
        store.read(tmp_path, {"idf": ("V",)})
    (tmp_path / "weights.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(ModelDamaged, match="cannot be read"):
        store.read(tmp_path, {"idf": ("V",)})

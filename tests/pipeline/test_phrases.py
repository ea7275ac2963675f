"""Duty phrases: pairs of verb and object, lead-ins, purposes; agreement with the corpus; hostile input."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span

from analyzer.lang.tables import read
from analyzer.pipeline.phrases import MAX_PHRASES
from analyzer.pipeline.phrases import find_phrases as find_bounds
from analyzer.pipeline.phrases_es_words import FINITE, GERUND, INFINITIVE, NOUN, infinitive, kind
from analyzer.pipeline.phrases_zh_words import _CLASSES
from analyzer.pipeline.tokenizer import blank
from analyzer.text.segments import body_start
from analyzer.text.words import spanish

CORPUS = Path(__file__).resolve().parents[2] / "corpus"


@functools.cache
def nlp(lang: str) -> Language:
    return blank(lang)


def find_phrases(duty: Span, lang: str) -> tuple[list[tuple[Span, Span]], Span | None]:
    """What is found, as spans of the Doc."""
    pairs, purpose = find_bounds([t.norm_ for t in duty], lang)
    return [(duty[slice(*v)], duty[slice(*o)]) for v, o in pairs], duty[slice(*purpose)] if purpose else None


def found(lang: str, text: str) -> tuple[list[str], str | None]:
    """Phrases as `verb>object`, and the purpose's text."""
    doc = nlp(lang).tokenizer(text)
    assert doc.text == text
    phrases, purpose = find_phrases(doc[:], lang)
    return [f"{v.text}>{o.text}" for v, o in phrases], purpose.text if purpose is not None else None


CHINESE = [
    ("策划、执行线上活动", ["策划>线上活动", "执行>线上活动"]),
    ("负责市场活动、招商活动、展会活动", ["负责>市场活动", "负责>招商活动", "负责>展会活动"]),
    ("负责会员体系的搭建与完善", ["搭建>会员体系", "完善>会员体系"]),
    ("会员体系搭建", ["搭建>会员体系"]),
    ("负责市场活动", ["负责>市场活动"]),
    ("参与品牌定位的梳理及品牌规范的建立", ["梳理>品牌定位", "建立>品牌规范"]),
    ("协助经理完成报表", ["完成>报表"]),
    ("负责公司公众号的日常运营，撰写推文", ["运营>公司公众号", "撰写>推文"]),
    ("建立并维护媒体关系", ["建立>媒体关系", "维护>媒体关系"]),
    ("制定推广方案并组织实施", ["制定>推广方案", "组织实施>推广方案"]),
    ("对用户数据进行分析与整理", ["分析>用户数据", "整理>用户数据"]),
    ("将优质内容推送给用户", ["推送>优质内容"]),
    ("与博主合作", ["合作>博主"]),
    ("为客户提供投放建议", ["提供>投放建议"]),
    ("联系媒体发布新闻稿", ["联系>媒体", "发布>新闻稿"]),
    ("运营团队管理", ["管理>运营团队"]),
    ("运营微信公众号", ["运营>微信公众号"]),
    ("小红书、抖音账号运营", ["运营>小红书", "运营>抖音账号"]),
    ("定期撰写品牌故事、制作宣传片", ["撰写>品牌故事", "制作>宣传片"]),
    ("组织行业论坛、新品发布会等品牌活动", ["组织>行业论坛、新品发布会等品牌活动"]),
    ("負責會員體系的搭建與完善", ["搭建>會員體系", "完善>會員體系"]),
    ("负责天猫店铺（含旗舰店）的搭建", ["搭建>天猫店铺"]),
    ("Manage social accounts", ["Manage>social accounts"]),
]


@pytest.mark.parametrize(("text", "phrases"), CHINESE)
def test_chinese_pairs(text: str, phrases: list[str]) -> None:
    assert found("zh", text)[0] == phrases


SPANISH = [
    (
        "Planificar, coordinar y ejecutar campañas digitales",
        ["Planificar>campañas digitales", "coordinar>campañas digitales", "ejecutar>campañas digitales"],
    ),
    (
        "Serás responsable de estrategia de marca, gestión de marca y relaciones públicas",
        ["Serás responsable de>estrategia de marca", "gestión>marca", "gestión>relaciones públicas"],
    ),
    ("Te encargarás de gestionar las redes sociales", ["gestionar>redes sociales"]),
    ("Responsable del correcto uso de la marca", ["Responsable del>correcto uso de la marca"]),
    ("Gestionarás las cuentas y crearás contenido", ["Gestionarás>cuentas", "crearás>contenido"]),
    ("GESTION DE REDES Y CREACION DE CONTENIDOS", ["GESTION>REDES", "CREACION>CONTENIDOS"]),
    (
        "Será responsable de la planificación y ejecución de eventos",
        ["planificación>eventos", "ejecución>eventos"],
    ),
    ("Control y análisis de métricas", ["Control>métricas", "análisis>métricas"]),
    ("Manejo de redes sociales", ["Manejo>redes sociales"]),
    ("Dar seguimiento a los indicadores", ["Dar seguimiento>indicadores"]),
    ("Coordinar con la agencia los anuncios de descarga", ["Coordinar>anuncios de descarga"]),
    ("Ayudar a organizar eventos", ["organizar>eventos"]),
    ("Apoyar en la elaboración de informes", ["Apoyar>elaboración de informes"]),
    ("El candidato deberá gestionar la tienda", ["gestionar>tienda"]),
    ("Gestiona y coordina campañas", ["Gestiona>campañas", "coordina>campañas"]),
    ("Funciones: Venta de seguros", ["Venta>seguros"]),
    ("Coordinar eventos, definiendo cupos y premios", ["Coordinar>eventos", "definiendo>cupos", "definiendo>premios"]),
    ("Mantener la relación con medios y periodistas", ["Mantener>relación con medios y periodistas"]),
    ("Plan and execute campaigns", ["Plan>campaigns", "execute>campaigns"]),
    ("Responsible for brand strategy", ["Responsible for>brand strategy"]),
]


@pytest.mark.parametrize(("text", "phrases"), SPANISH)
def test_spanish_pairs(text: str, phrases: list[str]) -> None:
    assert found("es", text)[0] == phrases


@pytest.mark.parametrize(
    ("lang", "text", "phrases", "purpose"),
    [
        ("zh", "策划线上活动，以提升用户活跃度", ["策划>线上活动"], "提升用户活跃度"),
        ("zh", "搭建会员体系，提升用户留存，增加复购", ["搭建>会员体系"], "提升用户留存"),
        ("zh", "策划活动，不断提高品牌知名度", ["策划>活动"], "不断提高品牌知名度"),
        ("zh", "更新百科词条，为官网引流", ["更新>百科词条"], "为官网引流"),
        ("zh", "为提升品牌影响力，策划公关活动", ["策划>公关活动"], "提升品牌影响力"),
        ("zh", "提升用户留存", ["提升>用户留存"], None),
        ("es", "Gestionar campañas con el fin de captar alumnos", ["Gestionar>campañas"], "captar alumnos"),
        ("es", "Gestionar campañas para aumentar las ventas", ["Gestionar>campañas"], "aumentar las ventas"),
        ("es", "Gestionar campañas, garantizando la rentabilidad", ["Gestionar>campañas"], "garantizando la rentabilidad"),
        ("es", "Diseñar retos que aumenten el uso", ["Diseñar>retos"], "aumenten el uso"),
        ("es", "Para aumentar las ventas, diseñar promociones", ["diseñar>promociones"], "aumentar las ventas"),
        ("es", "Redactar textos para la web", ["Redactar>textos"], None),
        ("es", "Write posts to grow followers", ["Write>posts"], "grow followers"),
    ],
)
def test_purpose_stands_apart(lang: str, text: str, phrases: list[str], purpose: str | None) -> None:
    assert found(lang, text) == (phrases, purpose)


@pytest.mark.parametrize(
    ("word", "bits", "base"),
    [
        ("gestionaras", FINITE, "gestionar"),
        ("mantendra", FINITE, "mantener"),
        ("haras", FINITE, "hacer"),
        ("definiendo", GERUND, "definir"),
        ("contactarlos", INFINITIVE, "contactar"),
        ("elaboracion", NOUN, "elaboracion"),
        ("diseno", NOUN, "diseno"),
    ],
)
def test_spanish_word_forms(word: str, bits: int, base: str) -> None:
    assert kind(word) & bits == bits
    assert infinitive(word) == base


@pytest.mark.parametrize("word", ["lugar", "taller", "influencer", "carrera", "cuando", "informacion", "canales"])
def test_words_that_only_look_like_verbs(word: str) -> None:
    assert not kind(word) & (INFINITIVE | FINITE | GERUND | NOUN)


@pytest.mark.parametrize(("lang", "text"), [("zh", "。"), ("zh", "（）"), ("zh", "12"), ("es", "-"), ("es", "Instagram"), ("es", ", y")])
def test_nothing_to_find(lang: str, text: str) -> None:
    assert found(lang, text) == ([], None)


def test_spans_are_of_the_doc_whatever_stands_before() -> None:
    doc = nlp("zh").tokenizer("岗位职责：\n1、负责会员体系搭建，提升用户留存；")
    duty = doc.char_span(8, len(doc.text) - 1, alignment_mode="expand")
    assert duty is not None
    phrases, purpose = find_phrases(duty, "zh")
    [(verb, target)] = phrases
    assert (verb.text, target.text) == ("搭建", "会员体系")
    assert purpose is not None and purpose.text == "提升用户留存"
    assert doc.text[verb.start_char : verb.end_char] == "搭建"


def test_at_most_twelve_phrases_and_no_deep_recursion() -> None:
    doc = nlp("zh").tokenizer("制定推广方案并" * 400 + "撰写文案")
    assert len(find_phrases(doc[:], "zh")[0]) == MAX_PHRASES
    doc = nlp("es").tokenizer("Ayudar a gestionar redes y " * 400)
    assert len(find_phrases(doc[:], "es")[0]) == MAX_PHRASES


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_any_words_give_sound_spans(lang: str) -> None:
    keys = frozenset(_CLASSES) if lang == "zh" else frozenset(_spanish_lists())
    chosen = random.Random(7)
    words = [word for rows in read(lang, "phrases", keys).values() for row in rows for word in row.split()]
    words += ["\n", " ", "(", ")", "（", "）", "\u200b", "😀", "0", "manage", "and", "to", "marca", "品牌"] * 12
    for _ in range(1200):
        doc = Doc(nlp(lang).vocab, words=[chosen.choice(words) for _ in range(chosen.choice((1, 2, 3, 8, 20, 60, 300)))])
        duty = doc[chosen.randrange(len(doc)) :]
        phrases, purpose = find_phrases(duty, lang)
        assert len(phrases) <= MAX_PHRASES
        for verb, target in phrases:
            assert verb.end <= target.start or target.end <= verb.start
            assert all(_inside(span, duty) for span in (verb, target))
        assert purpose is None or _inside(purpose, duty)


def _inside(span: Span, duty: Span) -> bool:
    return duty.start <= span.start < span.end <= duty.end


def _spanish_lists() -> frozenset[str]:
    from analyzer.pipeline.phrases_es_words import _LISTS

    return _LISTS


def test_rows_are_in_normal_form_and_stand_once() -> None:
    for row_list in read("es", "phrases", _spanish_lists()).values():
        assert [r for r in row_list if r.isalpha() and spanish(r) != r] == []
        assert len(row_list) == len(set(row_list))
    for row_list in read("zh", "phrases", frozenset(_CLASSES)).values():
        assert len(row_list) == len(set(row_list))
        assert [r for r in row_list if r != r.lower()] == []


def _labelled(lang: str) -> Iterator[tuple[Span, dict[str, Any]]]:
    """Every corpus duty with phrases, without list mark and final stop."""
    for path in sorted((CORPUS / lang).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            posting = json.loads(line)
            segments = [s for s in posting["segments"] if s.get("phrases")]
            doc = nlp(lang).tokenizer(posting["text"]) if segments else None
            for segment in segments:
                assert doc is not None
                start = segment["start"] + body_start(doc.text[segment["start"] : segment["end"]])
                while not doc.text[start].isalpha():
                    start += 1
                duty = doc.char_span(start, segment["end"], alignment_mode="expand")
                assert duty is not None
                yield duty, segment


def _shared(a: list[int], b: Span) -> int:
    return max(0, min(a[1], b.end_char) - max(a[0], b.start_char))


@pytest.mark.parametrize(("lang", "verbs", "pairs"), [("zh", 0.80, 0.70), ("es", 0.95, 0.82)])
def test_agrees_with_the_labelled_corpus(lang: str, verbs: float, pairs: float) -> None:
    """Share of labelled verbs met, and of pairs whose object is met by half; then the same of what is found."""
    counts = {"labelled": 0, "verb": 0, "pair": 0, "found": 0, "right verb": 0, "right pair": 0}
    for duty, segment in _labelled(lang):
        phrases, _ = find_phrases(duty, lang)
        same = [[bool(_shared(p["verb"], v)) for v, _ in phrases] for p in segment["phrases"]]
        half = [[2 * _shared(p["object"], o) >= p["object"][1] - p["object"][0] for _, o in phrases] for p in segment["phrases"]]
        both = [[a and b for a, b in zip(*rows, strict=True)] for rows in zip(same, half, strict=True)]
        counts["labelled"] += len(same)
        counts["verb"] += sum(map(any, same))
        counts["pair"] += sum(map(any, both))
        counts["found"] += len(phrases)
        counts["right verb"] += sum(any(column) for column in zip(*same, strict=True))
        counts["right pair"] += sum(any(column) for column in zip(*both, strict=True))
    assert counts["labelled"] > 100
    assert counts["verb"] / counts["labelled"] >= verbs
    assert counts["pair"] / counts["labelled"] >= pairs
    assert counts["right verb"] / counts["found"] >= verbs
    assert counts["right pair"] / counts["found"] >= pairs

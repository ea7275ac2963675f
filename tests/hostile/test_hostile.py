"""Whatever is pasted: a status with a reason, never a traceback, and spans that are the user's own text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyzer
import analyzer.settings
from analyzer.analysis import FUNCTIONS, Analysis

JD = analyzer.load()
PIECES = [
    "岗位职责：", "1、负责会员体系搭建，提升用户留存；", "運(yùn)營(yíng)推广", "<br>", "&nbsp;", "\u200b", "\u202e", "\x00", "\ufeff", "𝐆𝐞𝐬𝐭𝐢𝐨𝐧", "😀", "e\u0301",
    "Funciones: ", "- Gestionar las redes sociales de la marca", "responsabilidadesRecepción de pedidos.●Diseñar piezas", "\r\n", "Diseñador/a", "<script>x</script>",
    "因?yàn)樯虡I(yè)", "任职要求：本科", "Requisitos: inglés", "\U000e0001", "ﷺ", "🇪🇸", "】【", "（", "٣", "ẞ", "İ",
]  # fmt: skip
TEXT = st.one_of(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(alphabet=st.characters(exclude_categories=[]), max_size=12)), max_size=14).map(
        "".join
    ),
    st.text(max_size=80),
)


def check(text: str, result: Analysis) -> None:
    """The promises every result keeps."""
    json.dumps(result.to_dict(), ensure_ascii=True)
    if not result.ok:
        assert result.reasons
        return
    pieces = [(d.start, d.end, d.text) for d in result.duties]
    for duty in result.duties:
        pieces += [(p.start, p.end, p.text) for phrase in duty.phrases for p in (phrase.verb, phrase.object)]
        if duty.purpose:
            pieces.append((duty.purpose.start, duty.purpose.end, duty.purpose.text))
        assert abs(sum(share for _, share in duty.codes) - 1) < 1e-6
    for start, end, piece in pieces:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == piece
    for step in result.steps:
        assert all(0 <= e["start"] < e["end"] <= len(text) for e in step["evidence"])
    assert abs(sum(result.probability.values()) - 1) < 1e-5
    assert result.primary == "none" or result.primary in result.functions
    assert sum(result.mix.values()) == 0 or abs(sum(result.mix.values()) - 1) < 1e-5
    for f in FUNCTIONS:
        assert abs(result.raw[f] - result.rest[f] - sum(d.weights[f] for d in result.duties)) < 1e-6
        assert 0 <= result.scores[f] <= 1


@settings(max_examples=250, deadline=None)
@given(TEXT, st.sampled_from([None, "zh", "es"]))
def test_any_text(text: str, language: str | None) -> None:
    check(text, JD.analyze(text, language=language))


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", "empty", "no_text"),
        ("   \n\t", "empty", "no_text"),
        ("123 456 ---", "empty", "no_text"),
        ("负责推广\ud800", "unreadable", "lone_surrogates"),
        ("\x00\x01\x02\x03" * 50 + "abcd", "unreadable", "not_text"),
        ("a" * 300_000, "too_long", "over_200000_characters"),
        ("Você será responsável pela gestão das redes sociais da empresa e pela criação de conteúdo.", "unsupported_language", "pt"),
        ("Seràs responsable de la gestió de les xarxes socials amb el nostre equip de màrqueting.", "unsupported_language", "ca"),
        ("マーケティング担当として、SNSの運用とイベントの企画をお願いします。", "unsupported_language", "ja"),
        ("마케팅 담당자로서 소셜 미디어를 운영하고 행사를 기획합니다.", "unsupported_language", "ko"),
        (
            "You will manage the social media accounts of the brand and plan the yearly campaigns with our agencies.",
            "unsupported_language",
            "en",
        ),
        ("Вы будете управлять социальными сетями нашей компании и планировать кампании.", "unsupported_language", "unknown_script"),
    ],
)
def test_a_status_with_a_reason(text: str, status: str, reason: str) -> None:
    result = JD.analyze(text)
    assert (result.status, result.reasons) == (status, (reason,))
    assert result.scores == {}
    assert result.duties == ()


def test_a_megabyte_on_one_line() -> None:
    jd = analyzer.load(limits=analyzer.settings.Limits(max_characters=2_000_000))
    text = "负责会员体系搭建，提升用户留存；" * 65_536
    result = jd.analyze(text)
    assert (result.status, result.reasons) == ("too_long", ("over_5000_segments",))
    check(text, result)
    one_segment = "负责会员体系搭建和用户留存" * 5_000
    check(one_segment, jd.analyze(one_segment))


def test_not_a_string() -> None:
    results = list(JD.analyze_many([{"text": None}, {"text": 12}, {"text": "负责公司会员体系的搭建，提升用户留存。", "id": 7}]))
    assert [r.status for r in results] == ["empty", "empty", "ok"]
    assert results[2].id == "7"


def test_one_text_or_many_give_the_same_numbers() -> None:
    texts = [
        "负责公司会员体系的搭建，提升用户留存。",
        "Gestionar las redes sociales de la empresa y crear contenidos para las cuentas.",
        "",
        "负责品牌定位及年度传播规划；\n任职要求：本科",
    ] * 20
    alone = [JD.analyze(t).to_dict() for t in texts[:4]] * 20
    assert [r.to_dict() for r in JD.analyze_many(texts)] == alone
    assert [r.to_dict() for r in JD.analyze_many(texts, batch_size=7)] == alone

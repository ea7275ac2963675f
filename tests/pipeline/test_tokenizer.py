"""Tokens tile the user's own text; normal forms see through noise; every instance is its own."""

from __future__ import annotations

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.pipeline.tokenizer import blank, make_cutter

PIPELINES = {lang: blank(lang) for lang in ("zh", "es")}
TEXT = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("運營(yùn)<br/>&amp;\u200b\u202e\x00e\u0301ñ@/a 1、")),
    max_size=200,
)


@settings(max_examples=150, deadline=None)
@given(TEXT, st.sampled_from(["zh", "es"]))
def test_the_text_is_untouched(text: str, lang: str) -> None:
    doc = PIPELINES[lang].tokenizer(text)
    assert doc.text == text
    assert all(doc.text[t.idx : t.idx + len(t)] == t.text for t in doc)


@pytest.mark.parametrize(
    ("text", "norm"), [("運(yùn)營(yíng)", "运营"), ("運營", "运营"), ("ＧＭＶ", "gmv"), ("品\u200b牌", "品牌"), ("<br>", "\n")]
)
def test_chinese_norms(text: str, norm: str) -> None:
    assert PIPELINES["zh"].tokenizer(text)[0].norm_ == norm


def test_true_brackets_are_no_pinyin() -> None:
    assert "bd" in [t.norm_ for t in PIPELINES["zh"].tokenizer("商務(BD)經理")]


def test_accented_latin_inside_chinese_stays_whole() -> None:
    assert "té" in [t.norm_ for t in PIPELINES["zh"].tokenizer("负责Té品牌推广")]


def test_user_words_stay_in_their_own_segmenter() -> None:
    mine, plain = make_cutter("jieba", ["拼多多小店铺运营"]), make_cutter("jieba", [])
    assert list(mine.cut("拼多多小店铺运营")) == ["拼多多小店铺运营"]
    assert list(plain.cut("拼多多小店铺运营")) != ["拼多多小店铺运营"]
    assert "拼多多小店铺运营" not in jieba.dt.FREQ


def test_the_fast_segmenter_cuts_as_jieba_does() -> None:
    fast, oracle = make_cutter("rjieba", []), make_cutter("jieba", [])
    text = "负责公司会员体系的搭建与完善，策划线上线下活动，不断提升用户留存和转化率；配合销售部门完成市场推广工作。"
    assert list(fast.cut(text)) == list(oracle.cut(text))


def test_without_a_wheel_jieba_serves_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rjieba", None)
    with pytest.warns(UserWarning, match="JD-110"):
        cutter = make_cutter("rjieba", [])
    assert list(cutter.cut("用户运营")) == ["用户", "运营"]


def test_spanish_gender_forms_are_one_token() -> None:
    doc = PIPELINES["es"].tokenizer("Buscamos un/a diseñador/a o administrador(a) para redes")
    assert {"diseñador/a", "administrador(a)"} <= {t.text for t in doc}
    assert {"disenador", "administrador"} <= {t.norm_ for t in doc}

"""The clean view sees through noise and keeps every character tied to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.text.view import folded, simplified, view

NOISE = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from("運營(yùn)（BD）<br>&nbsp;&amp;\u200b\u202e\x00。；1、**")
    ),
    max_size=200,
)


@pytest.mark.parametrize(
    ("original", "seen"),
    [
        ("運(yùn)營(yíng)經理", "运营经理"),
        ("商務（BD）、小程序(app)", "商务（BD）、小程序(app)"),
        ("ＡＢＣ１２３，好：", "ABC123，好："),
        ("负责\u200b品牌\u00ad推广", "负责品牌推广"),
        ("&lt;负责&gt;&nbsp;运营&amp;推广", "<负责> 运营&推广"),
        ("<p>负责运营</p><b>推广</b>", "\n负责运营\n推广"),
        ("<script>var a='负责';</script>运营", "运营"),
        ("乾隆；乾燥；瞭解", "乾隆；干燥；了解"),
    ],
)
def test_chinese_noise_is_seen_through(original: str, seen: str) -> None:
    assert view(original, simplified).text == seen


@pytest.mark.parametrize(
    ("original", "seen"),
    [
        ("Gestio\u0301n de redes", "Gestión de redes"),
        ("\U0001d406\U0001d41e\U0001d42c\U0001d42d\U0001d422\U0001d428\U0001d427ar **redes**", "Gestionar redes"),
        ("9:00\x9614:00", "9:00–14:00"),
        ("I&D; R&B", "I&D; R&B"),
        ("a < b y c > d", "a < b y c > d"),
    ],
)
def test_spanish_noise_is_seen_through(original: str, seen: str) -> None:
    assert view(original).text == seen


@given(NOISE)
def test_every_character_of_the_view_lies_in_the_original(original: str) -> None:
    seen = view(original, simplified)
    if seen.begin is None or seen.end is None:
        assert len(seen.text) == len(original)
        return
    assert len(seen.begin) == len(seen.end) == len(seen.text)
    previous = 0
    for start, stop in zip(seen.begin.tolist(), seen.end.tolist(), strict=True):
        assert previous <= start < stop <= len(original)
        previous = start


@given(st.text(max_size=100), st.sampled_from(["zh", "es"]))
def test_folding_keeps_the_length(text: str, lang: str) -> None:
    text = text.encode("utf-8", "ignore").decode("utf-8")
    assert len(folded(text, lang)) == len(text)


def test_folding_makes_look_ups_easy() -> None:
    assert folded("GESTIÓN de Año", "es") == "gestion de ano"
    assert folded("品牌運營 APP", "zh") == "品牌运营 app"

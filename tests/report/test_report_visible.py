"""Users' text made safe to show."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.visible import cut, safe, safe_line


def test_controls_are_shown_and_lines_kept() -> None:
    assert safe("a\x1b[31mb\x00c\x7fd\x9be") == "a␛[31mb␀c␡d[U+009B]e"
    assert safe("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"
    assert safe("a\tb") == "a\tb"


def test_direction_overrides_are_shown_and_invisible_characters_left_out() -> None:
    assert safe("abc\u202edef\u2066g") == "abc[U+202E]def[U+2066]g"
    assert safe("运\u200b营\ufeff\u00ad") == "运营"
    assert safe("\uf0b7 Gestionar") == "• Gestionar"
    assert safe("\ud800") == "[U+D800]"


def test_marks_do_not_pile_up() -> None:
    assert safe("e" + "\u0301" * 500) == "e" + "\u0301" * 4
    assert safe("e\u0301 n\u0303") == "e\u0301 n\u0303"


def test_one_line() -> None:
    assert safe_line("a\n  b\tc") == "a b c"
    assert safe_line("x" * 300, 10) == "x" * 9 + "…"


def test_cut_by_offsets() -> None:
    assert list(cut("ab\x00cdef", [(1, 3), (4, 5)])) == [("a", None), ("b␀", 0), ("c", None), ("d", 1), ("ef", None)]
    assert list(cut("abc", [(0, 2), (1, 3)])) == [("ab", 0), ("c", None)]
    assert list(cut("", [])) == []


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    shown = safe(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in shown)
    shown.encode("utf-8")


@given(st.text(st.characters(exclude_categories=["Mn", "Mc", "Me"], exclude_characters="\r")), st.lists(st.integers(0, 40), max_size=8))
def test_cut_loses_nothing(text: str, places: list[int]) -> None:
    ends = sorted({min(p, len(text)) for p in places})
    spans = list(zip(ends[::2], ends[1::2], strict=False))
    assert "".join(piece for piece, _ in cut(text, spans)) == safe(text)

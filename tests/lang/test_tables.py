"""Headings in the midst of a line begin a segment of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.lang.tables import heading_finder
from analyzer.text.segments import boundaries


def cut(text: str, lang: str) -> list[str]:
    places = boundaries(text, heading_finder(lang).inside(text))
    return [text[a:b].strip() for a, b in zip(places, [*places[1:], len(text)], strict=True)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Título de soldador REQUISITOS: Dos años en taller HORARIO: Turno de noche",
            ["Título de soldador", "REQUISITOS: Dos años en taller", "HORARIO: Turno de noche"],
        ),
        ("Principales Funciones: vender", ["Principales Funciones: vender"]),
        ("Lema de la EMPRESA: servir bien", ["Lema de la EMPRESA: servir bien"]),
        ("Manejo de Excel: tablas", ["Manejo de Excel: tablas"]),
        ("Se paga bien según funciones: las del cargo", ["Se paga bien según funciones: las del cargo"]),
        ("- Horario: de 9 a 18", ["- Horario: de 9 a 18"]),
    ],
)
def test_spanish(text: str, parts: list[str]) -> None:
    assert cut(text, "es") == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("每周参加团队例会任职要求：会开车", ["每周参加团队例会", "任职要求：会开车"]),
        ("坐班，轮休岗位要求：会开车", ["坐班，轮休", "岗位要求：会开车"]),
        ("主要工作内容：推广", ["主要工作内容：推广"]),
        ("公司提供公平的晋升机制：专员-主管", ["公司提供公平的晋升机制：专员-主管"]),
    ],
)
def test_chinese(text: str, parts: list[str]) -> None:
    assert cut(text, "zh") == parts


@given(st.text(alphabet="aÁFunciones任职要求：: \n，的", max_size=60), st.sampled_from(["es", "zh"]))
def test_places_are_in_the_text(text: str, lang: str) -> None:
    places = heading_finder(lang).inside(text)
    assert all(0 <= place < len(text) for place in places)
    cuts = boundaries(text, places)
    assert cuts[0] == 0
    assert cuts == sorted(set(cuts))

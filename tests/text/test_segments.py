"""Segments begin where a reader would cut."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.text.segments import boundaries


def cut(text: str) -> list[str]:
    places = boundaries(text)
    return [text[a:b].strip() for a, b in zip(places, [*places[1:], len(text)], strict=True)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("岗位职责：\n1、负责推广；\n2、完成报表。", ["岗位职责：", "1、负责推广；", "2、完成报表。"]),
        ("岗位职责：1、负责推广2、完成报表3.整理资料", ["岗位职责：", "1、负责推广", "2、完成报表", "3.整理资料"]),
        ("负责推广。完成报表！整理资料", ["负责推广。", "完成报表！", "整理资料"]),
        ("【岗位职责】负责推广【任职要求】大专", ["【岗位职责】", "负责推广", "【任职要求】", "大专"]),
        ("薪资3.5k-6k，2022、2023年均可", ["薪资3.5k-6k，2022、2023年均可"]),
        ("一、负责推广；二、完成报表", ["一、负责推广；", "二、完成报表"]),
        ("●负责推广●完成报表", ["●负责推广", "●完成报表"]),
        ("①负责推广②完成报表", ["①负责推广", "②完成报表"]),
        ("（1）负责推广（2）完成报表", ["（1）负责推广", "（2）完成报表"]),
        ("运营专员→运营组长→运营主管", ["运营专员→运营组长→运营主管"]),
    ],
)
def test_chinese(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Funciones: - Gestionar redes. - Crear piezas", ["Funciones:", "- Gestionar redes.", "- Crear piezas"]),
        (
            "responsabilidadesRecepción de pedidos.Apoyo en procesos.●Diseñar",
            ["responsabilidades", "Recepción de pedidos.", "Apoyo en procesos.", "●Diseñar"],
        ),
        ("Manejo de YouTube y LinkedIn con WordPress", ["Manejo de YouTube y LinkedIn con WordPress"]),
        ("Estudios en Lic. Administración o Ing. Comercial. Inglés", ["Estudios en Lic. Administración o Ing. Comercial.", "Inglés"]),
        ("Atenci?n a clientes; apoyo", ["Atenci?n a clientes;", "apoyo"]),
        ("Manejo de CRM, pronósticos, etc. Atención de eventos", ["Manejo de CRM, pronósticos, etc.", "Atención de eventos"]),
        ("Ven a vernos al taller.¿Cuándo empiezas?", ["Ven a vernos al taller.", "¿Cuándo empiezas?"]),
        ("Hará tres cosas: · Vender. · Cobrar", ["Hará tres cosas:", "· Vender.", "· Cobrar"]),
        ("El taller SolarNorte\nReparamos paneles", ["El taller SolarNorte", "Reparamos paneles"]),
        ("Puesto en MéridaBuscamos soldadores con oficio", ["Puesto en Mérida", "Buscamos soldadores con oficio"]),
        ("Pago de $1.200.000 líquidos", ["Pago de $1.200.000 líquidos"]),
        ("Funciones:1. Vender 2. Cobrar", ["Funciones:", "1. Vender", "2. Cobrar"]),
        (
            "Gestionar campañas en todas las redes sociales de la\nempresa y sus marcas",
            ["Gestionar campañas en todas las redes sociales de la\nempresa y sus marcas"],
        ),
        ("manejo de redes\ncreación de piezas", ["manejo de redes", "creación de piezas"]),
    ],
)
def test_spanish(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("。；;.!?\n1、（）●-•[]【】aA ")), max_size=300))
def test_places_ascend_from_the_start(text: str) -> None:
    places = boundaries(text)
    assert places[0] == 0
    assert all(a < b for a, b in itertools.pairwise(places))
    assert all(p < max(1, len(text)) for p in places)


@pytest.mark.parametrize("mark", ["!", "。", "。”", ".", "\n", "\n ", "•", "- ", "1.", "【", ';"'])
def test_a_long_run_of_marks_takes_no_long_time(mark: str) -> None:
    began = time.process_time()
    assert boundaries(mark * 60_000 + "Gestionar")[0] == 0
    assert time.process_time() - began < 3

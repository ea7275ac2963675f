"""Groups that splits must not tear apart."""

from __future__ import annotations

from typing import Any

from analyzer.training.groups import alike, fingerprint, grouped, groups, near_copies, sketch

A = "Gestionar la tienda online, las fichas de producto y los precios. Analizar la conversión y proponer mejoras cada semana."
B = "Redactar notas de prensa, atender a los medios y organizar ruedas de prensa con la dirección de la empresa."


def posting(name: str, text: str, company: str | None = None) -> dict[str, Any]:
    return {"id": name, "text": text, **({"company": company} if company else {})}


def test_a_copy_with_another_city_is_found_and_another_text_is_not() -> None:
    assert near_copies([A, B, A + " Lugar: Sevilla.", B.upper()]) == [0, 1, 0, 1]
    assert alike(sketch(A), sketch(B)) < 0.1
    assert alike(sketch(A), sketch(A)) == 1.0


def test_copies_of_many_texts_are_found_through_each_other() -> None:
    texts = [A + f" Referencia {n}." for n in range(40)] + [B]
    assert near_copies(texts) == [0] * 40 + [40]


def test_groups_join_companies_and_copies() -> None:
    postings = [
        posting("p1", A, "Sol"),
        posting("p2", B, "Sol"),
        posting("p3", A + " Cádiz."),
        posting("p4", "品牌定位与年度传播规划，负责品牌故事撰写。"),
    ]
    assert groups(postings) == ["Sol", "Sol", "Sol", "p4"]
    assert [p["company"] for p in grouped(postings)] == ["Sol", "Sol", "Sol", "p4"]
    assert "company" not in postings[2]


def test_a_fingerprint_sees_letters_only() -> None:
    assert fingerprint("Gestionar la tienda.") == fingerprint("• GESTIONAR  la tienda")
    assert fingerprint("Gestionar la tienda") != fingerprint("Gestionar las tiendas")
    assert len(fingerprint("")) == 16


def test_short_and_empty_texts_do_no_harm() -> None:
    assert near_copies(["", "a", "", "a"])[:2] == [0, 1]

"""Two spellings of one word have one normal form."""

from __future__ import annotations

import pytest

from analyzer.text.words import chinese, spanish, spanish_stem


@pytest.mark.parametrize("word", ["Diseñador/a", "DISEÑADOR/A", "disenador", "diseñador(a)", "Diseñador-a"])
def test_gender_case_and_accents_do_not_matter(word: str) -> None:
    assert spanish(word) == "disenador"


@pytest.mark.parametrize(
    ("word", "norm"), [("chic@s", "chicos"), ("alumn@", "alumno"), ("todxs", "todos"), ("fedex", "fedex"), ("30.000", "0"), ("3", "0")]
)
def test_other_spanish_forms(word: str, norm: str) -> None:
    assert spanish(word) == norm


@pytest.mark.parametrize("word", ["gestionar", "gestion", "gestionaras", "gestionando"])
def test_one_stem_for_infinitive_noun_and_future(word: str) -> None:
    assert spanish_stem(word) == "gestion"


def test_chinese_numbers_are_one_word() -> None:
    assert chinese("2024") == chinese("35") == "0"
    assert chinese("GMV") == "gmv"

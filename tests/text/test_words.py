"""Two spellings of one word have one normal form."""

from __future__ import annotations

import unicodedata

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


def test_an_accent_is_lost_however_it_is_written() -> None:
    letters = [chr(code) for code in range(0xC0, 0x250) if chr(code).isalpha()]
    for letter in letters:
        decomposed = unicodedata.normalize("NFD", letter.lower())
        bare = "".join(c for c in decomposed if not unicodedata.combining(c))
        assert spanish(f"t{letter}n") == spanish(unicodedata.normalize("NFD", f"t{letter}n")) == f"t{bare}n"


@pytest.mark.parametrize("word", ["gestionar", "gestion", "gestionaras", "gestionando"])
def test_one_stem_for_infinitive_noun_and_future(word: str) -> None:
    assert spanish_stem(word) == "gestion"


def test_chinese_numbers_are_one_word() -> None:
    assert chinese("2024") == chinese("35") == "0"
    assert chinese("GMV") == "gmv"

"""Normal forms of words: what two spellings of one word have in common."""

from __future__ import annotations

import functools
import re
import unicodedata

REMEMBERED = 32_768
"""Words whose forms are kept: what a lexicon holds is looked up there, and asked for here but once."""
_GENDER = re.compile(r"(?:/(?:a|as|o|os|r|ra|ras|na|e|es)|\((?:a|as|o|os|ra|ras|na|es)\)|-(?:a|as|o|os))$")
_INCLUSIVE = re.compile(r"(?<=[bcdfghjklmnpqrstvz])x(s?)$")
_ACCENTS = str.maketrans("áéíóúüñàèìòùâêîôûäëïöçãõ", "aeiouunaeiouaeiouaeiocao")
"""The common ones, told quickly."""
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")


@functools.lru_cache(maxsize=REMEMBERED)
def spanish(word: str) -> str:
    """Lower case, without accents or gender form: `Diseñador/a`, `DISENADOR`, `diseñador(a)` → `disenador`.

    A number becomes `0`, so that amounts, years and list numbers are one word each.
    """
    word = word.lower()
    if not word.isalpha():
        if _DIGITS.fullmatch(word):
            return "0"
        word = _GENDER.sub("", word)
    word = _INCLUSIVE.sub(r"o\1", word.replace("@s", "os").replace("@", "o")) if "@" in word[-2:] or "x" in word[-2:] else word
    if word.isascii() or (word := word.translate(_ACCENTS)).isascii():
        return word
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or word


@functools.lru_cache(maxsize=REMEMBERED)
def chinese(word: str) -> str:
    """Lower case; a number becomes `0`."""
    return "0" if _DIGITS.fullmatch(word) else word.lower()


_ENDINGS = re.compile(
    r"(?:(?:iz|ific)?(?:acion|aciones|ador|adora|adores|amiento|amientos|ando|ar|aras|ara|aran|aremos|ada|adas|ado|ados|as|an|a|e|en|es|o|os)"
    r"|(?:icion|iciones|imiento|imientos|iendo|er|ir|eras|era|eran|iras|ira|iran|idor|idora|ida|idas|ido|idos)|cion|ciones|sion|siones|mente)$"
)


@functools.lru_cache(maxsize=REMEMBERED)
def spanish_stem(norm: str) -> str:
    """What is common to `gestionar`, `gestión`, `gestionarás`: at least four letters, seven at most."""
    if len(norm) <= 4 or not norm.isalpha():
        return norm
    stem = _ENDINGS.sub("", norm)
    return (stem if len(stem) >= 4 else norm)[:7]

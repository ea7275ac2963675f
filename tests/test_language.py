"""Which language a posting is in: counted by script, told by small words where they are plain, else by the classifier."""

from __future__ import annotations

import errno

import pytest

from analyzer import language
from analyzer.errors import OutputError
from analyzer.language import find
from analyzer.settings import LIMITS

SPANISH = (
    "Buscamos una persona para las redes y los canales de la tienda. Planificar los contenidos y las campañas, responder a los "
    "clientes y medir los resultados de las acciones según los objetivos del equipo."
)
OTHERS = {
    "pt": "Procuramos uma pessoa para as redes e os canais da loja. Planejar os conteúdos e as campanhas, responder aos clientes e medir os "
    "resultados das ações com a equipe. Não é necessário ter experiência em vendas.",
    "ca": "Busquem una persona per a les xarxes i els canals de la botiga. Planificar els continguts i les campanyes, respondre als clients i "
    "mesurar els resultats de les accions amb l'equip segons els objectius.",
    "en": "We are looking for a person to run the social channels of the shop in Los Angeles and Las Vegas, to plan the content with the team "
    "and to measure the results of our campaigns.",
}


@pytest.mark.parametrize("name", OTHERS)
def test_neighbours_are_not_surely_spanish(name: str) -> None:
    assert not language._surely_spanish(OTHERS[name])
    assert find(OTHERS[name], LIMITS).language == name


SHORT = "Responder a los clientes en las redes y medir ventas."
"""Three small words that only Spanish has, and none of another language's."""


@pytest.mark.parametrize("text", [SPANISH, SHORT])
def test_plain_spanish_needs_no_classifier(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert language.latin_language(text) == "es"
    assert not language._surely_spanish(text.replace(" y ", " and "))
    monkeypatch.setattr(language, "latin_language", lambda text: pytest.fail("the classifier was asked"))
    assert (find(text, LIMITS).language, find(text, LIMITS).status) == ("es", "ok")


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("\ud800" + SPANISH, "unreadable", "lone_surrogates"),
        ("负责推广" + "\ufffd" * 4, "unreadable", "not_text"),
        ("\x00\x01\x02abcd", "unreadable", "not_text"),
        ("…", "empty", "no_text"),
        ("マーケティングの仕事をしてください", "unsupported_language", "ja"),
        ("Маркетинг и реклама в компании", "unsupported_language", "unknown_script"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, status: str, reason: str) -> None:
    found = find(text, LIMITS)
    assert found.status == status
    assert found.reason == reason


def test_a_full_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    language._identifier.cache_clear()
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(OutputError, match=r"JD-504: the temporary folder .* cannot be written \(No space left on device\).*TMPDIR"):
        language.warm()
    monkeypatch.undo()
    language.warm()

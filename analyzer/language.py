"""The language of a posting: Chinese, Spanish, another, or a text that cannot be read."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.errors import OutputError
from analyzer.settings import Limits
from analyzer.text.characters import codes
from analyzer.text.segments import boundaries

SUPPORTED = ("zh", "es")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002a6df]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LETTER = re.compile(r"[^\W\d_]+")
_CONTROL, _SURROGATE, _HANZI, _KANA, _HANGUL, _LATIN, _KINDS = range(1, 8)
_RANGES = {
    _CONTROL: (
        (0, 8), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0xE000, 0xF8FF), (0xFFFD, 0xFFFD), (0xF0000, 0x10FFFF),
    ),
    _SURROGATE: ((0xD800, 0xDFFF),),
    _HANZI: ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2A6DF)),
    _KANA: ((0x3041, 0x30FF), (0xFF66, 0xFF9D)),
    _HANGUL: ((0xAC00, 0xD7AF), (0x1100, 0x11FF)),
    _LATIN: ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F)),
}  # fmt: skip
"""Kinds of characters that are counted: what cannot be read, and the scripts told apart."""
_ENDS = re.compile("[\n。；！？;.!?•●]")
_CANDIDATES = ("es", "pt", "ca", "gl", "eu", "en", "fr", "it", "de", "ro", "nl")
_SAMPLE = 1_200
"""Characters of Latin text looked at: enough for any posting, and the cost stays flat."""


@dataclass(frozen=True)
class Found:
    """language: zh, es, another language's code or None; status: `ok` or why there is no analysis; mixed: both occur."""

    language: str | None
    status: str
    reason: str | None = None
    mixed: bool = False


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    except OSError as error:
        if str(error.filename or "").endswith(MODEL_FILE):
            raise
        # It is unpacked to a temporary file, about which nobody would think.
        raise OutputError(
            f"the temporary folder {_temporary()} cannot be written ({error.strerror}), and what tells languages apart is unpacked there: "
            "make some 70 MB of room, or name another folder in the environment variable TMPDIR"
        ) from None
    identifier.set_languages(list(_CANDIDATES))
    return identifier


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # there is none that can be written
        return os.environ.get("TMPDIR", "of this system")


def warm() -> None:
    """Open what tells languages in Latin script apart: half a second, which is better spent before the first row than over it."""
    _identifier()


def latin_language(text: str) -> str:
    """The most likely language of text in Latin script, among those that occur beside Spanish."""
    language, _ = _identifier().classify(text[:_SAMPLE].lower() if text.isupper() else text[:_SAMPLE])
    return str(language)


def _count(pattern: re.Pattern[str], text: str) -> int:
    """Characters of a text that a pattern of runs matches."""
    return sum(map(len, pattern.findall(text)))


@functools.cache
def _table() -> NDArray[np.uint8]:
    """The kind of each character."""
    out = np.zeros(0x110000, np.uint8)
    for kind, ranges in _RANGES.items():
        for first, last in ranges:
            out[first : last + 1] = kind
    return out


def _counted(texts: Sequence[str]) -> list[list[int]]:
    """How many characters of each kind each text has."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    kinds = _table().take(codes("".join(texts)), mode="clip")
    owner = np.repeat(np.arange(len(texts)) * _KINDS, sizes)
    return np.bincount(owner + kinds, minlength=len(texts) * _KINDS).reshape(-1, _KINDS).tolist()


_LOOKED_AT = 20_000
"""Characters among which unreadable ones are counted."""


def unreadable(text: str, limits: Limits) -> str | None:
    """Why a text cannot be read at all, or None."""
    return _unreadable(text, _counted([text[:_LOOKED_AT]])[0], limits)


def _unreadable(text: str, counted: list[int], limits: Limits) -> str | None:
    """counted: of the characters looked at."""
    size = min(len(text), _LOOKED_AT)
    if counted[_SURROGATE] or (size < len(text) and _SURROGATES.search(text)):
        return "lone_surrogates"
    return "not_text" if size and counted[_CONTROL] / size > limits.max_unreadable else None


def find(text: str, limits: Limits, said: str | None = None) -> Found:
    """Look at a text before anything else does. `said` overrides what is found, where the text can be read."""
    return find_many([text], limits, [said])[0]


def find_many(texts: Sequence[str], limits: Limits, said: Sequence[str | None]) -> list[Found]:
    """`find` for each text and what is said of it, their characters counted at once."""
    long = [_too_long(text, limits) for text in texts]
    counted = iter(_counted([text for text, found in zip(texts, long, strict=True) if not found]))
    return [found or _found(text, next(counted), limits, told) for text, found, told in zip(texts, long, said, strict=True)]


def _too_long(text: str, limits: Limits) -> Found | None:
    if len(text) > limits.max_characters:
        return Found(None, "too_long", f"over_{limits.max_characters}_characters")
    if len(text) > limits.max_segments and len(_ENDS.findall(text)) > limits.max_segments and len(boundaries(text)) > limits.max_segments:
        return Found(None, "too_long", f"over_{limits.max_segments}_segments")
    return None


def _found(text: str, counted: list[int], limits: Limits, said: str | None) -> Found:
    why = _unreadable(text, counted, limits) if len(text) <= _LOOKED_AT else unreadable(text, limits)
    if why:
        return Found(None, "unreadable", why)
    han, kana, hangul, latin = counted[_HANZI:_KINDS]
    letters = han + latin + kana + hangul
    if letters < limits.min_letters:
        other = _count(_LETTER, text)
        return Found(None, "empty", "no_text") if other < limits.min_letters else Found(None, "unsupported_language", "unknown_script")
    if said in SUPPORTED:
        return Found(said, "ok", mixed=_mixed(han, latin, said, text))
    if kana > 0.1 * (han + kana) and kana > 3:
        return Found("ja", "unsupported_language", "ja")
    if hangul > 0.3 * letters:
        return Found("ko", "unsupported_language", "ko")
    if han * 2.5 >= latin:
        return Found("zh", "ok", mixed=_mixed(han, latin, "zh", text))
    if latin < 0.5 * len(text) and latin < 0.5 * _count(_LETTER, text):
        return Found(None, "unsupported_language", "unknown_script")
    if _surely_spanish(text):
        return Found("es", "ok", mixed=_mixed(han, latin, "es", text))
    language = latin_language(text)
    if language in ("gl", "eu", "it", "ro", "ca") and _spanish_words(text):
        language = "es"
    if language != "es":
        return Found(language, "unsupported_language", language)
    return Found("es", "ok", mixed=_mixed(han, latin, "es", text))


_COMMON = re.compile(
    r"(?<!\w)(?:de la|en el|para el|del|con|los|las|una|y|el|que|años|experiencia|requisitos|funciones)(?!\w)", re.IGNORECASE
)
_NOT_SPANISH = re.compile(
    r"(?<!\w)(?:amb|els|dels|i|uma|não|com|das|dos|para o|della|degli|si|pentru|unha|coa|eta|per|les)(?!\w)|[çãõàò]", re.IGNORECASE
)


_SPANISH_ALONE = frozenset(("y", "los", "las", "años", "más", "también", "según", "nuestros", "nuestras"))
_OF_OTHERS = frozenset((
    "the", "and", "of", "to", "for", "with", "our", "you", "we", "em", "uma", "um", "com", "dos", "das", "do", "da", "os", "ao", "não",
    "amb", "els", "dels", "i", "per", "les", "unha", "coa", "di", "che", "il", "della", "gli", "et", "des", "pour", "dans", "le", "und",
    "der", "die", "für", "mit", "het", "een", "van", "en/of", "eta", "si", "și", "pentru",
))  # fmt: skip


_TELLING = _SPANISH_ALONE | _OF_OTHERS


def _surely_spanish(text: str) -> bool:
    """Whether small words that only Spanish has say so many times what others' do that the classifier need not be asked."""
    words = text[:_SAMPLE].lower().split()
    told = list(filter(_TELLING.__contains__, words))
    spanish = sum(map(_SPANISH_ALONE.__contains__, told))
    others = len(told) - spanish
    return spanish >= (5 if others else 3) and spanish >= 0.04 * len(words) and spanish >= 4 * others


def _spanish_words(text: str) -> bool:
    """Whether common Spanish words outnumber those of its neighbours: short lists of nouns mislead the classifier."""
    return len(_COMMON.findall(text)) > 2 * len(_NOT_SPANISH.findall(text))


def _mixed(han: int, latin: int, language: str, text: str) -> bool:
    """Whether a good part of the text is in the other supported language."""
    if language == "es":
        return han > 30
    return latin > 80 and latin > 0.5 * han and latin_language(_HAN.sub(lambda run: " " * len(run.group()), text)) == "es"

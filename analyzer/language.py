"""The language of a posting: Chinese, Spanish, another, or a text that cannot be read."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from analyzer.settings import Limits
from analyzer.text.segments import boundaries

SUPPORTED = ("zh", "es")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002a6df]+")
_KANA = re.compile("[\u3041-\u30ff\uff66-\uff9d]+")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff]+")
_FAR_LATIN = re.compile("[\u0100-\u024f]+")
_NEAR_LATIN = bytes([*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x100)])
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]+")
_CONTROL = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)])
_BEYOND = re.compile("[^\x00-\xff]+")
_LETTER = re.compile(r"[^\W\d_]+")
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

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_CANDIDATES))
    return identifier


def latin_language(text: str) -> str:
    """The most likely language of text in Latin script, among those that occur beside Spanish."""
    language, _ = _identifier().classify(text[:_SAMPLE].lower() if text.isupper() else text[:_SAMPLE])
    return str(language)


def _count(pattern: re.Pattern[str], text: str) -> int:
    """Characters of a text that a pattern of runs matches."""
    return sum(map(len, pattern.findall(text)))


def _parted(text: str) -> tuple[bytes, str]:
    """A text's characters below 256 as bytes, in which many are counted at once, and the others."""
    try:
        return text.encode("latin-1"), ""
    except UnicodeEncodeError:
        return text.encode("latin-1", "ignore"), "".join(_BEYOND.findall(text))


def _among(near: bytes, wanted: bytes) -> int:
    return len(near) - len(near.translate(None, wanted))


def unreadable(text: str, limits: Limits) -> str | None:
    """Why a text cannot be read at all, or None."""
    return _unreadable(text, limits, *_parted(text[:_LOOKED_AT]))


_LOOKED_AT = 20_000
"""Characters among which unreadable ones are counted."""


def _unreadable(text: str, limits: Limits, near: bytes, beyond: str) -> str | None:
    size = len(near) + len(beyond)
    if _SURROGATE.search(text if size < len(text) else beyond):
        return "lone_surrogates"
    return "not_text" if size and (_among(near, _CONTROL) + _count(_UNREADABLE, beyond)) / size > limits.max_unreadable else None


def find(text: str, limits: Limits, said: str | None = None) -> Found:
    """Look at a text before anything else does. `said` overrides what is found, where the text can be read."""
    if len(text) > limits.max_characters:
        return Found(None, "too_long", f"over_{limits.max_characters}_characters")
    if len(text) > limits.max_segments and len(_ENDS.findall(text)) > limits.max_segments and len(boundaries(text)) > limits.max_segments:
        return Found(None, "too_long", f"over_{limits.max_segments}_segments")
    near, beyond = _parted(text)
    why = _unreadable(text, limits, near, beyond) if len(text) <= _LOOKED_AT else unreadable(text, limits)
    if why:
        return Found(None, "unreadable", why)
    han, latin = _count(_HAN, beyond), _among(near, _NEAR_LATIN) + _count(_FAR_LATIN, beyond)
    kana, hangul = _count(_KANA, beyond), _count(_HANGUL, beyond)
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


def _surely_spanish(text: str) -> bool:
    """Whether small words that only Spanish has say so many times what others' do that the classifier need not be asked."""
    words = text[:_SAMPLE].lower().split()
    spanish = sum(map(_SPANISH_ALONE.__contains__, words))
    return spanish >= 5 and spanish >= 0.04 * len(words) and spanish >= 4 * sum(map(_OF_OTHERS.__contains__, words))


def _spanish_words(text: str) -> bool:
    """Whether common Spanish words outnumber those of its neighbours: short lists of nouns mislead the classifier."""
    return len(_COMMON.findall(text)) > 2 * len(_NOT_SPANISH.findall(text))


def _mixed(han: int, latin: int, language: str, text: str) -> bool:
    """Whether a good part of the text is in the other supported language."""
    if language == "es":
        return han > 30
    return latin > 80 and latin > 0.5 * han and latin_language(_HAN.sub(lambda run: " " * len(run.group()), text)) == "es"

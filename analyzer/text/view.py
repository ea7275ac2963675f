"""The clean view of a text: what a reader sees in it, character by character, tied to the text as it was given.

Mark-up, entities, zero-width characters, inline pinyin, full-width forms and traditional script are seen through.
Every character of the view knows the characters of the original that it stands for, so a span of the view is a
span of the original. Where nothing has to be seen through, the view is the text itself and costs nothing.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
PINYIN = re.compile(rf"[(（]([a-zü]{{0,5}}[{TONES}][a-zü{TONES}]{{0,5}})[)）]", re.IGNORECASE)
"""A gloss in brackets that holds a tone mark; `(BD)` and `(pr)` are none."""
LOST = re.compile(rf"(?<=[\u3400-\u9fff])\?[a-zü]{{0,5}}[{TONES}][a-zü{TONES}]{{0,5}}\)(?:[\u00a1-\u024f]{{1,3}})?")
"""What is left of a gloss whose neighbours were lost in re-encoding: `因?yàn)樯虡I(yè)`."""
TAG = re.compile(r"<(?:!--.*?--|/?[a-zA-Z][a-zA-Z0-9]{0,15}(?:\s[^<>]{0,2000})?/?)>", re.DOTALL)
BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
UNSEEN = frozenset(["script", "style", "template", "head", "title", "noscript"])
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d]+"
)
MARKDOWN = re.compile(r"\*\*|__(?=\S)|(?<=\S)__")
_WIDE = "\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5e"
"""Full-width forms that have a usual form; the punctuation Chinese itself uses is not among them."""
UNUSUAL = (
    "<&\u3000\u00a0\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    f"{_WIDE}\u2e80-\u2fdf\uf900-\ufaff\x00-\x08\x0b-\x1f\x7f-\x9f\u0300-\u036f\U0001d400-\U0001d7ff"
)
"""Characters that make a view differ from its text, wherever they stand."""
GLOSSED = rf"[(（?][a-zA-Zü]{{0,5}}[{TONES}]"
_SPECIAL = re.compile(rf"[{UNUSUAL}]|\*\*|__|{GLOSSED}")
"""Anything that makes a view differ from its text, script apart."""


@dataclass(frozen=True)
class View:
    """A clean string and, for each of its characters, where in the original it begins and ends.

    `begin` and `end` have one entry a character of `text` (int32, in code points of the original), or are None
    where the view is the original itself.
    """

    text: str
    begin: NDArray[np.int32] | None = None
    end: NDArray[np.int32] | None = None


def view(original: str, simplify: Callable[[str], str] | None = None) -> View:
    """The clean view of a text. `simplify` turns traditional script into simplified, keeping the length."""
    if not _SPECIAL.search(original):
        return View(simplify(original) if simplify else original)
    shown: list[str] = []
    begin: list[NDArray[np.int32]] = []
    end: list[NDArray[np.int32]] = []
    every = np.arange(len(original) + 1, dtype=np.int32)
    for replaced, start, stop in _pieces(original):
        shown.append(replaced)
        if len(replaced) == stop - start:
            begin.append(every[start:stop])
            end.append(every[start + 1 : stop + 1])
        else:
            begin.append(np.full(len(replaced), start, np.int32))
            end.append(np.full(len(replaced), stop, np.int32))
    text = "".join(shown)
    none = np.zeros(0, np.int32)
    return View(simplify(text) if simplify else text, np.concatenate([none, *begin]), np.concatenate([none, *end]))


def _pieces(original: str) -> list[tuple[str, int, int]]:
    """The text as (what is seen, start, end); a piece as long as what it stands for stands for it character by character."""
    pieces: list[tuple[str, int, int]] = []
    at = 0
    while at < len(original):
        match = _next_unusual(original, at)
        upto = match.start() if match else len(original)
        if upto > at:
            pieces.append((original[at:upto], at, upto))
        if not match:
            break
        at = _see_through(match, pieces)
    return pieces


def _next_unusual(original: str, at: int) -> re.Match[str] | None:
    """The first unusual run from a place on: it is looked for only where one of the few characters stands that can begin it."""
    for begins in _BEGINS.finditer(original, at):
        place = begins.start()
        if "\u0300" <= begins.group() <= "\u036f" and place > at and (match := _UNUSUAL.match(original, place - 1)):
            return match
        if match := _UNUSUAL.match(original, place):
            return match
    return None


def _see_through(match: re.Match[str], pieces: list[tuple[str, int, int]]) -> int:
    """Add what one unusual run shows; return where the text goes on."""
    found, (start, stop) = match.group(), match.span()
    kind = match.lastgroup
    if kind == "tag":
        name = re.match(r"</?([a-zA-Z0-9]*)", found)
        tag = name.group(1).lower() if name else ""
        if tag in UNSEEN and not found.startswith("</"):
            close = re.compile(rf"</{tag}\s*>", re.IGNORECASE).search(match.string, stop)
            return close.end() if close else stop
        if tag in BLOCK:
            pieces.append(("\n", start, stop))
    elif kind == "entity":
        seen = html.unescape(found)
        if len(seen) == 1:
            pieces.append((" " if seen == "\u00a0" else seen, start, stop))
        else:  # not an entity after all, such as "R&D;"
            pieces.append((found, start, stop))
    elif kind == "combined":
        pieces.append((unicodedata.normalize("NFC", found), start, stop))
    elif kind == "compatible":
        pieces.append((unicodedata.normalize("NFKC", found), start, stop))
    elif kind == "windows":
        pieces.append((found.encode("latin-1").decode("cp1252"), start, stop))
    elif kind == "space":
        pieces.append((" " if found not in "\r\u2028\u2029\x85\x0b\x0c" else "\n", start, stop))
    elif kind == "lost":
        pieces.append((" ", start, stop))
    return stop


_UNUSUAL = re.compile(
    rf"(?P<tag>{TAG.pattern})|(?P<entity>{ENTITY.pattern})|(?P<pinyin>(?i:{PINYIN.pattern}))|(?P<lost>{LOST.pattern})"
    rf"|(?P<invisible>{INVISIBLE.pattern})|(?P<markdown>{MARKDOWN.pattern})"
    r"|(?P<combined>[^\W\d_][\u0300-\u036f]+)"
    "|(?P<windows>[\x80\x82-\x84\x86-\x8c\x8e\x91-\x9c\x9e\x9f])"
    f"|(?P<compatible>[{_WIDE}\u2e80-\u2fdf\uf900-\ufaff\U0001d400-\U0001d7ff])"
    "|(?P<space>\r(?!\n)|[\u3000\u00a0\u2028\u2029\x85\x0b\x0c])",
    re.DOTALL,
)


_BEGINS = re.compile(rf"[{UNUSUAL}*_(（?]")
"""What an unusual run begins with, but for a letter that a combining mark follows."""


@functools.cache
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def simplified(text: str) -> str:
    """Traditional script as simplified, of the same length; a text that OpenCC would shorten goes by character."""
    convert = _converter()
    out = convert(text)
    if len(out) == len(text):
        return out
    return "".join(c if len(s := convert(c)) != 1 else s for c in text)


_BEYOND_ASCII = re.compile("[^\x00-\x7f]")


_ACCENTS = tuple(zip("áéíóúñü", "aeiounu", strict=True))


def _without_accent(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", found.group())[0]


def folded(text: str, lang: str) -> str:
    """A string of the same length for look-ups: lower case; Spanish without accents, Chinese simplified."""
    return lowered(simplified(text) if lang == "zh" else text, lang)


def lowered(text: str, lang: str) -> str:
    """The same of a text that is simplified already."""
    out = text.lower()
    if len(out) != len(text):
        out = "".join(c if len(low := c.lower()) != 1 else low for c in text)
    if lang != "zh" and not out.isascii():
        for accented, bare in _ACCENTS:
            out = out.replace(accented, bare)
        out = out if out.isascii() else _BEYOND_ASCII.sub(_without_accent, out)
    return out

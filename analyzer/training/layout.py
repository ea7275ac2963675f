"""How postings are laid out, and the noise in them: the features counted, beside what is known of real ones."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analyzer.text.segments import LIST_MARK
from analyzer.text.view import LOST, PINYIN

Test = Callable[[Mapping[str, Any]], bool]
_SHARE = re.compile(r"\((\d+(?:\.\d+)?)%\)")
_ENDS = "。；;.！!：:?？，,、)）】"
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_INLINE = re.compile(r"(?<=\S)\s[-–•●*·]\s?(?=\w)")
_GLUED = re.compile(r"[a-záéíóúñ][.:?!]?(?=[A-ZÁÉÍÓÚÑ¿][a-záéíóúñ]{2})|[.:?!](?=[A-ZÁÉÍÓÚÑ¿\-•][a-záéíóúñ ]{2})")


def _lines(posting: Mapping[str, Any]) -> list[str]:
    return [line for line in posting["text"].split("\n") if line.strip()]


def _marks(pattern: str, least: int = 2) -> Test:
    mark = re.compile(pattern)
    return lambda p: sum(bool(mark.match(line.lstrip())) for line in _lines(p)) >= least


def _holds(pattern: str) -> Test:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda p: bool(compiled.search(p["text"]))


def _one_line(posting: Mapping[str, Any]) -> bool:
    return "\n" not in posting["text"].strip()


def _opens(zone: str) -> Test:
    """Whether a heading stands before a segment of this zone."""

    def test(posting: Mapping[str, Any]) -> bool:
        zones = [s["zone"] for s in posting["segments"]]
        return any(a == "H" and b == zone for a, b in itertools.pairwise(zones))

    return test


def _not(test: Test) -> Test:
    return lambda p: not test(p)


def _glued_item(posting: Mapping[str, Any]) -> bool:
    """A heading and the first item of its list on one line: as one segment, or as two without a break between."""
    text = posting["text"]
    for before, after in zip(posting["segments"], posting["segments"][1:], strict=False):
        if before["zone"] == "H" and "\n" not in text[before["end"] : after["start"]] and after["zone"] in "DRB":
            return True
    return any(re.match(r"\s*[^\W\d]{2,8}[：:]\s?1[、.．]", text[s["start"] : s["end"]]) for s in posting["segments"])


def _capitals(posting: Mapping[str, Any]) -> bool:
    letters = [c for c in posting["text"] if c.isalpha()]
    return bool(sum(c.isupper() for c in letters) > 0.7 * len(letters))


def _wrapped(posting: Mapping[str, Any]) -> bool:
    """A line that goes on in the next one without an end mark or a list mark."""
    lines = _lines(posting)
    return any(
        len(a) >= 15 and a.rstrip()[-1] not in _ENDS and not LIST_MARK.match(b) and len(b) > 15 for a, b in itertools.pairwise(lines)
    )


FEATURES: dict[str, dict[str, tuple[Test, str]]] = {
    "zh": {
        "list mark 1、": (_marks(r"\d{1,2}、"), "| `1、` |"),
        "list mark 1.": (_marks(r"\d{1,2}\.(?!\d)"), "| `1.` |"),
        "list mark -": (_marks(r"[-–]"), "| `- / –` |"),
        "list mark •": (_marks("•"), "| `•` |"),
        "list mark （1）": (_marks(r"（\d{1,2}）"), "| `（1）` |"),
        "list mark ①": (_marks("[①-⑳]"), "| `①②③` |"),
        "heading before duties": (_opens("D"), "| duty heading |"),
        "heading before requirements": (_opens("R"), "| requirement heading |"),
        "heading in brackets 【】": (_holds("【[^】]{2,16}】"), "| heading in brackets"),
        "heading and first item on one line": (_glued_item, "| heading and first item glued"),
        "all on one line": (_one_line, "| all on one line (no line break)"),
        "a line goes on in the next": (_wrapped, "| item text carries on"),
        "under 120 characters": (lambda p: len(p["text"]) < 120, "| under 120 characters"),
        "over 1000 characters": (lambda p: len(p["text"]) > 1000, "| over 1000 characters"),
        "half-width comma between Han": (_holds("[\u4e00-\u9fff],[\u4e00-\u9fff]"), "| half-width comma"),
        "English word of 3 letters or more": (_holds(r"(?<![a-z])[a-z]{3,}(?![a-z])"), "| English word inside"),
        "pay figure": (_holds(r"\d{4,6}\s?(?:[-~至到—–]\s?\d{4,6}|元)|\d{1,2}\s?[-~]\s?\d{1,2}\s?[kK]|\d+[kK]"), "| pay figure"),
        "traditional characters": (lambda p: p.get("script") == "hant", "| traditional characters"),
        "inline pinyin or lost characters": (
            lambda p: bool(PINYIN.search(p["text"]) or LOST.search(p["text"]) or "\ufffd" in p["text"]),
            "",
        ),
        "emoji": (lambda p: bool(_EMOJI.search(p["text"])), "| emoji |"),
    },
    "es": {
        "all on one line": (_one_line, "- one line only:"),
        "glued sentences or words, 3 or more": (lambda p: len(_GLUED.findall(p["text"])) >= 3, "- glued sentences"),
        "list on one line, 3 items or more": (lambda p: len(_INLINE.findall(p["text"])) >= 3 and _one_line(p), "- list on one line"),
        "no list mark of any kind": (lambda p: not _INLINE.search(p["text"]) and not _marks(LIST_MARK.pattern, 1)(p), "- no list marker"),
        "blank lines": (_holds("\n[ \t]*\n"), "- blank lines"),
        "no heading before duties": (_not(_opens("D")), "- no duty heading:"),
        "no heading before requirements": (_not(_opens("R")), "- no requirement heading:"),
        "whole text in capitals": (_capitals, "- whole text in capitals"),
        "no accent or ñ": (lambda p: len(p["text"]) > 300 and not re.search("[áéíóúñÁÉÍÓÚÑ]", p["text"]), "- no accent"),
        "gender form": (_holds(r"[oeé]/a(?![\w])|o\(a\)|r\(a\)|r/a(?!\w)|n/a(?!\w)|[a-z]@s?(?!\w)"), "- gender form: any"),
        "emoji": (lambda p: bool(_EMOJI.search(p["text"])), "- emoji:"),
        "how to apply": (_holds(r"postul|env[ií]a\w* (?:tu|su|el|cv)|interesad|inscr[ií]b"), "- how-to-apply"),
        "pay figure": (_holds(r"(?:\$|S/\.?|€|€|USD|US\$)\s?\d|\d[\d.]*\s?(?:€|euros|pesos|soles|brutos)"), "- salary figure"),
    },
}
"""Feature → its test, and how the line on it begins in the notes on real postings (noise_<language>.md)."""


def layout_shares(postings: Sequence[Mapping[str, Any]], language: str) -> dict[str, float]:
    """Share of the postings that hold each feature."""
    return {name: sum(test(p) for p in postings) / max(len(postings), 1) for name, (test, _) in FEATURES[language].items()}


def known_shares(notes: Path, language: str) -> dict[str, float]:
    """The shares of real postings that notes in Markdown tell, by feature; empty where the file is missing."""
    if not notes.is_file():
        return {}
    lines = notes.read_text(encoding="utf-8").split("\n")
    found = {}
    for name, (_, head) in FEATURES[language].items():
        line = next((x for x in lines if head and x.startswith(head)), "")
        if share := _SHARE.search(line[len(head) :]):
            found[name] = float(share.group(1)) / 100
    return found

"""Where segments begin: at line breaks, sentence ends and list marks (GUIDELINES.md, section 1).

Works on the clean view of a text (`text.view`). A table of small patterns proposes places, each for one reason;
a place stands unless a rule below it objects. No pattern knows words of a language, apart from the abbreviations
that end in a full stop and the names that are written with a capital inside.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.text import characters as c
from analyzer.text.characters import HAN, LOWER, NUMERALS, STRONG, UPPER, Bits, Characters, Ints

WEAK = "·▶→➜➡»*+#>§~\\-–—"
"""Marks that begin an item at the start of a line only, or where the patterns below say so."""

LIST_MARK = re.compile(
    rf"\s*(?:(?:[{STRONG}{WEAK}]\ufe0f?|\d{{1,2}}\ufe0f?\u20e3|\d{{1,2}}\s?(?:[、．)）]|[.,，:：](?!\d)|\.-)|\d{{1,2}}(?=\s+[^\W\d]|[{HAN}])"
    rf"|[(（]\s?(?:\d{{1,2}}|[{NUMERALS}]{{1,3}}|[a-zA-Z])\s?[)）]|[{NUMERALS}]{{1,3}}、|[a-zA-Z][)）、]|[a-hA-H]\.(?=\s?[^\W\d_])|o(?=\s+[{UPPER}]))\s*){{1,3}}"
)
"""The list mark at the start of a segment, with the spaces round it."""
WORDY = re.compile(rf"\s*[^\W\d_{NUMERALS}{STRONG}]{{2}}")
"""What begins so has no list mark: quicker to see than that none of them is there."""
_SHOWN = re.compile(r"[^\W_]")
"""A letter or digit."""
_MARK_SHOWS = 9
"""Letters and digits that LIST_MARK can take at most: a segment with more of them has some beyond its mark. NO_MARK is a larger bit."""


@dataclass(frozen=True)
class Rule:
    """A pattern that proposes a place, and what its first character is, the one before and the next two: it is tried nowhere else.

    ends: whether a segment begins where the pattern ends, or where it begins.
    """

    own: int
    before: int
    after: int
    second: int
    pattern: re.Pattern[str]
    ends: bool = False


_ANY = c.WORD | c.OTHER
_RULES = (
    Rule(
        c.HALF, _ANY, c.SPACE | c.OPENS | c.IN_HAN | c.DIGIT | c.IN_STRONG | c.HALF | c.QUOTE, _ANY,
        re.compile(rf"(?<![;!?])[;!?]+[\"”')»]*(?=\s|[{UPPER}¿¡{HAN}\d•])"), ends=True,
    ),
    Rule(
        c.DOT, c.IN_LOWER | c.DIGIT | c.QUOTE, c.OPENS, _ANY,
        re.compile(rf"\.(?<=[{LOWER})\d].)(?=[{UPPER}][{LOWER} ]|[¿¡])"), ends=True,
    ),
    Rule(c.CLOSED, _ANY, _ANY, _ANY, re.compile("】[:：]?"), ends=True),
    Rule(
        c.DIGIT, c.OTHER | c.IN_HAN | c.IN_LOWER, c.OTHER | c.DIGIT, _ANY,
        re.compile(
            rf"\d(?:(?<=[\s。；;:：，,.!！)）】\]、{HAN}].)\d?\s?(?:[、．]|[.)）](?!\d))\s?[^\W\d_（(【“\"]|(?<=[{LOWER}].)\d?[.)]-?\s?[{UPPER}])"
        ),
    ),
    Rule(
        c.BRACKET, c.OTHER | c.IN_HAN, c.DIGIT | c.NUMERAL, _ANY,
        re.compile(rf"[(（](?<=[\s。；;:：.!！{HAN}].)(?:\d{{1,2}}|[{NUMERALS}]{{1,2}})[)）]"),
    ),
    Rule(c.NUMERAL, c.OTHER, c.OTHER | c.NUMERAL, _ANY, re.compile(rf"[{NUMERALS}](?<=[\s。；;:：】\]].)[{NUMERALS}]{{0,2}}、")),
    Rule(
        c.DASH, c.OTHER, c.SPACE | c.OPENS | c.IN_HAN, _ANY,
        re.compile(rf"[-–—*·](?<=[\s.;:)?!].)\s?[{UPPER}¿¡]|[-–—*](?<=[。；;：].)\s?[{HAN}]"),
    ),
    Rule(c.HEADED, _ANY, _ANY, _ANY, re.compile(r"【(?<=\S.)[^【】\n\0]{2,16}】")),
)  # fmt: skip
_FULLSTOP = re.compile(rf"\.(?<=[\w)\"”%»…].)[\"”)»]*(?=\s+[{UPPER}¿¡])")
_WORD_BEFORE, _WORD_AFTER = re.compile(r"\w*$"), re.compile(r"\w*")
_BLANKS = re.compile(r"[ \t]*")
_BEGIN = functools.reduce(operator.or_, (rule.own for rule in _RULES), c.NEWLINE | c.STOP | c.DOT | c.IN_UPPER | c.IN_STRONG)
"""What can begin a rule's pattern, or one of the places that are told without a pattern."""
ABBREVIATIONS = frozenset(
    [
        "sr",
        "sra",
        "srta",
        "dr",
        "dra",
        "lic",
        "ing",
        "av",
        "avda",
        "no",
        "nro",
        "núm",
        "num",
        "ej",
        "dpto",
        "depto",
        "aprox",
        "tel",
        "telf",
        "ext",
        "art",
        "prof",
        "arq",
        "mín",
        "máx",
        "min",
        "max",
        "pág",
        "cía",
        "vs",
        "ee.uu",
        "s.a",
        "s.l",
    ]
)
_ABBREVIATED = max(map(len, ABBREVIATIONS))
INNER_CAPITALS = frozenset(
    [
        "youtube",
        "linkedin",
        "wordpress",
        "whatsapp",
        "tiktok",
        "hubspot",
        "powerpoint",
        "javascript",
        "typescript",
        "indesign",
        "mercadolibre",
        "mercadopago",
        "paypal",
        "prestashop",
        "woocommerce",
        "bigquery",
        "powerbi",
        "github",
        "gitlab",
        "mailchimp",
        "salesforce",
        "coreldraw",
        "photoshop",
        "autocad",
        "onlyfans",
        "quickbooks",
        "mysql",
        "postgresql",
        "mongodb",
        "nodejs",
        "sharepoint",
        "onedrive",
        "ecommerce",
        "chatgpt",
        "openai",
        "capcut",
        "semrush",
        "opentable",
        "doordash",
        "playstation",
        "appsflyer",
        "facebook",
        "instagram",
        "hootsuite",
        "metricool",
        "activecampaign",
        "klaviyo",
        "zendesk",
        "datastudio",
        "sketchup",
        "lightroom",
        "aftereffects",
    ]
)
"""Names written with a capital inside: a capital there begins no sentence."""
_OPENING = re.compile(rf"[{UPPER}][{LOWER}]{{4,}}(?: [{LOWER}]|:)")
"""A word that begins a sentence, or is a label."""
_NAMES = re.compile("|".join(sorted(INNER_CAPITALS)))
_WRAPPED = 50
"""A line of this many characters without an end mark goes on in the next line if that begins in lower case."""


def boundaries(text: str, more: Iterable[int] = ()) -> list[int]:
    """Start of every segment of a clean text, ascending, the first always 0.

    more: places found by the words of a language, such as headings in the midst of a line.

    A segment runs to the next start; a mark or space alone never makes a segment of its own.
    """
    row = Characters([text])
    return (segments(row, [place + int(row.begin[0]) for place in more]) - row.begin[0]).tolist() or [0]


def segments(row: Characters, more: Sequence[int] = ()) -> Ints:
    """Where in the row each segment of some clean texts begins, ascending; an empty text has none.

    more: further places of the row.
    """
    at = row.where(_BEGIN)
    around = _Around(at, *(row.bits[at + n] for n in (0, -1, 1, 2)))
    found = [row.begin[row.begin < row.stop], _lines(row, around), _stops(row, around), _bullets(around), _fullstops(row, around)]
    found += [np.array(places, np.int64) for places in (more, _camels(row, around), *(_matched(row, around, rule) for rule in _RULES))]
    begins = np.zeros(len(row.bits), np.bool_)
    begins[np.concatenate(found)] = True
    begins[row.stop] = False
    return _without_empty(row, np.flatnonzero(begins))


@dataclass(frozen=True)
class _Around:
    """Some places of a row: what the characters there, before and after them are."""

    at: Ints
    own: Bits
    before: Bits
    after: Bits
    second: Bits

    def where(self, own: int, before: int = _ANY, after: int = _ANY, second: int = _ANY) -> NDArray[np.bool_]:
        """Whether each character is among these."""
        good: NDArray[np.bool_] = (self.own & own > 0) & (self.before & before > 0) & (self.after & after > 0) & (self.second & second > 0)
        return good


def _matched(row: Characters, around: _Around, rule: Rule) -> list[int]:
    """The places that a rule proposes."""
    places = around.at[around.where(rule.own, rule.before, rule.after, rule.second)].tolist()
    found = [match for place in places if (match := rule.pattern.match(row.text, place))]
    return [match.end() if rule.ends else match.start() for match in found]


def _lines(row: Characters, around: _Around) -> Ints:
    """After each line break and the blanks that follow it, unless it wraps a sentence."""
    which = around.own & c.NEWLINE > 0
    at = around.at[which]
    places = at + 1
    for n in np.flatnonzero(around.after[which] & c.BLANK).tolist():
        blanks = _BLANKS.match(row.text, int(places[n]))
        places[n] = blanks.end() if blanks else places[n]
    line = np.maximum(np.append(0, at[:-1] + 1)[: len(at)], row.begin[row.owner(at)])
    wrapped = (at - line >= _WRAPPED) & (row.bits[places] & c.IS_LOWER > 0)
    for n in np.flatnonzero(wrapped).tolist():
        wrapped[n] = row.text[at[n] - 1] not in ".;:!?"
    return places[~wrapped]


def _stops(row: Characters, around: _Around) -> Ints:
    """After each Chinese end mark and those that follow it."""
    starts, stops = row.runs(c.TAIL)
    return stops[np.searchsorted(starts, around.at[around.own & c.STOP > 0], side="right") - 1]


def _bullets(around: _Around) -> Ints:
    return around.at[(around.own & c.IN_STRONG > 0) & (around.before & (c.IN_STRONG | c.BRACKET) == 0)]


def _camels(row: Characters, around: _Around) -> list[int]:
    """At each capital inside a word that is no name written so: one that begins with a capital may be a name nobody listed."""
    found = []
    for at in around.at[around.where(c.IN_UPPER, c.IN_LOWER, c.IN_LOWER, c.IN_LOWER)].tolist():
        left, right = _WORD_BEFORE.search(row.text, max(0, at - 24), at), _WORD_AFTER.match(row.text, at, at + 24)
        if not left or not right or at - left.start() < 4 or _NAMES.search((left.group() + right.group()).lower()):
            continue
        if left.group()[0].islower() or _OPENING.match(row.text, at):
            found.append(at)
    return found


def _fullstops(row: Characters, around: _Around) -> Ints:
    """After each full stop that ends a sentence and no abbreviation."""
    plain = around.where(c.DOT, c.WORD, c.SPACE, c.OPENS)
    asked = around.at[around.where(c.DOT, _ANY, c.SPACE | c.QUOTE, c.SPACE | c.QUOTE | c.OPENS) & ~plain]
    found = [match.span() for place in asked.tolist() if (match := _FULLSTOP.match(row.text, place))]
    rest = np.array(found, np.int64).reshape(-1, 2)
    at = np.concatenate([around.at[plain], rest[:, 0]])
    places = np.concatenate([around.at[plain] + 1, rest[:, 1]])
    size, whole = np.zeros(len(at), np.int64), np.ones(len(at), np.bool_)
    for n in range(1, _ABBREVIATED + 2):
        whole &= row.bits[at - n] & (c.WORD | c.DOT) > 0
        size += whole
    ends = np.ones(len(at), np.bool_)
    for n in np.flatnonzero((size > 0) & (size <= _ABBREVIATED)).tolist():
        word = row.text[at[n] - size[n] : at[n]]
        ends[n] = not (word.lower() in ABBREVIATIONS or (len(word) == 1 and word.isalpha()))
    return places[ends]


def _without_empty(row: Characters, places: Ints) -> Ints:
    """Places whose segment holds a letter or digit beyond its list mark; a bare mark joins what follows it."""
    bits, owner = row.bits, row.owner(places)
    stops = np.minimum(np.append(places[1:], row.stop[-1:])[: len(places)], row.stop[owner])
    opening = places + (bits[places] & c.SPACE > 0)
    wordy = (bits[opening] & bits[opening + 1] & c.IN_WORDY > 0) & (opening + 1 < stops)
    shown = row.running(c.SHOWN | c.NO_MARK)
    filled = wordy | (shown[stops] - shown[places] > _MARK_SHOWS)
    bare = []
    asked = np.flatnonzero(~filled & (opening < stops))  # the others are one space, such as a line break after an end mark
    for n, start, stop in zip(asked.tolist(), places[asked].tolist(), stops[asked].tolist(), strict=True):
        mark = LIST_MARK.match(row.text, start, stop)
        filled[n] = whole = _SHOWN.search(row.text, mark.end() if mark else start, stop) is not None
        if mark and not whole and "\n" not in row.text[mark.end() : stop].strip(" "):
            bare.append(n)
    return places if filled.all() else _joined(row, places, owner, filled, bare)


def _joined(row: Characters, places: Ints, owner: Ints, filled: NDArray[np.bool_], bare: list[int]) -> Ints:
    """The filled places, moved back to the first of the bare marks before them, and each text's first moved back to its beginning."""
    kept, whole = places.copy(), np.append(np.flatnonzero(filled), len(places))
    follows = whole[np.searchsorted(whole, np.arange(len(places)))]  # the filled segment at or after each
    follows[owner[np.minimum(follows, len(places) - 1)] != owner] = len(places)
    for n in bare:
        to = follows[n]
        if to < len(places) and kept[to] == places[to]:
            kept[to] = places[n]
    for n in np.flatnonzero(~filled & (places == row.begin[owner])).tolist():
        to, begin = follows[n], int(places[n])
        if to < len(places) and not _SHOWN.search(row.text, begin, int(kept[to])):
            kept[to] = begin
        else:
            filled[n] = True
    return kept[filled]


def body_start(text: str) -> int:
    """Where a segment's text begins after its list mark."""
    mark = LIST_MARK.match(text)
    return mark.end() if mark and mark.end() < len(text) else len(text) - len(text.lstrip())

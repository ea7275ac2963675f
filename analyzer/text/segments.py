"""Where segments begin: at line breaks, sentence ends and list marks (GUIDELINES.md, section 1).

Works on the clean view of a text (`text.view`). A table of small patterns proposes places, each for one reason;
a place stands unless a rule below it objects. No pattern knows words of a language, apart from the abbreviations
that end in a full stop and the names that are written with a capital inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
UPPER, LOWER = "A-ZÁÉÍÓÚÜÑ", "a-záéíóúüñ"
STRONG = (
    "•●○◦▪▫■□◆◇★☆✓✔✅☑➢➤►❖✦✧✪⭐▸▹‣⁃∙⚫⚪🔹🔸🔶🔷🔵🟢🟡✨👉📌📍✳❇"
    "\uf0b7\uf0a7\uf0d8\uf06c\uf075\uf0fc\uf076\uf09f①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳❶❷❸❹❺❻❼❽❾❿⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑"
)
"""Marks that begin an item wherever they stand."""
WEAK = "·▶→➜➡»*+#>§~\\-–—"
"""Marks that begin an item at the start of a line only, or where the patterns below say so."""
NUMERALS = "一二三四五六七八九十"

LIST_MARK = re.compile(
    rf"\s*(?:(?:[{STRONG}{WEAK}]\ufe0f?|\d{{1,2}}\ufe0f?\u20e3|\d{{1,2}}\s?(?:[、．)）]|[.,，:：](?!\d)|\.-)|\d{{1,2}}(?=\s+[^\W\d]|[{HAN}])"
    rf"|[(（]\s?(?:\d{{1,2}}|[{NUMERALS}]{{1,3}}|[a-zA-Z])\s?[)）]|[{NUMERALS}]{{1,3}}、|[a-zA-Z][)）、]|[a-hA-H]\.(?=\s?[^\W\d_])|o(?=\s+[{UPPER}]))\s*){{1,3}}"
)
"""The list mark at the start of a segment, with the spaces round it."""
WORDY = re.compile(rf"\s*[^\W\d_{NUMERALS}{STRONG}]{{2}}")
"""What begins so has no list mark: quicker to see than that none of them is there."""
_SHOWN = re.compile(r"[^\W_]")
"""A letter or digit."""

_NEAR = "".join(c for c in STRONG if c < "\U00010000")  # a set with characters of both planes is several times slower to search

_AFTER: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("line", "\n", re.compile(r"\n[ \t]*")),
    ("stop", "。；！？", re.compile(r"[。；！？]+[。；！？!?;\"”’」』)）]*")),
    ("halfwidth", ";!?", re.compile(rf"[;!?]+[\"”')»]*(?=\s|[{UPPER}¿¡{HAN}\d•])")),
    ("fullstop", ".", re.compile(rf"\.(?<=[\w)\"”%»…].)[\"”)»]*(?=\s+[{UPPER}¿¡])")),
    ("glued", ".", re.compile(rf"\.(?<=[{LOWER})\d].)(?=[{UPPER}][{LOWER} ]|[¿¡])")),
    ("bracket", "】", re.compile(r"】[:：]?")),
)
"""A segment begins where one of these ends. The second entry: characters of which one is in every match, where they are few."""
_BEFORE: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("camel", "", re.compile(rf"[{UPPER}](?<=[{LOWER}].)(?=[{LOWER}]{{2}})")),
    ("bullet", "", re.compile(rf"[{_NEAR}\U0001f000-\U0001ffff](?<=[{STRONG}])(?<![{STRONG}(（].)")),
    (
        "number",
        "",
        re.compile(
            rf"\d(?:(?<=[\s。；;:：，,.!！)）】\]、{HAN}].)\d?\s?(?:[、．]|[.)）](?!\d))\s?[^\W\d_（(【“\"]|(?<=[{LOWER}].)\d?[.)]-?\s?[{UPPER}])"
        ),
    ),
    ("bracketed", "(（", re.compile(rf"[(（](?<=[\s。；;:：.!！{HAN}].)(?:\d{{1,2}}|[{NUMERALS}]{{1,2}})[)）]")),
    ("numeral", "、", re.compile(rf"[{NUMERALS}](?<=[\s。；;:：】\]].)[{NUMERALS}]{{0,2}}、")),
    ("dash", "", re.compile(rf"[-–—*·](?<=[\s.;:)?!].)\s?[{UPPER}¿¡]|[-–—*](?<=[。；;：].)\s?[{HAN}]")),
    ("headed", "【", re.compile(r"【(?<=\S.)[^【】\n]{2,16}】")),
)
"""A segment begins where one of these begins. Each starts with its rarest character: that is what makes them quick."""
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
_WRAPPED = 50
"""A line of this many characters without an end mark goes on in the next line if that begins in lower case."""


def boundaries(text: str, more: Iterable[int] = ()) -> list[int]:
    """Start of every segment of a clean text, ascending, the first always 0.

    more: places found by the words of a language, such as headings in the midst of a line.

    A segment runs to the next start; a mark or space alone never makes a segment of its own.
    """
    if not text:
        return [0]
    places = {0, *more}
    for reason, rare, pattern in _AFTER:
        if not rare or any(map(text.__contains__, rare)):
            judged = reason in _JUDGED
            places.update(m.end() for m in pattern.finditer(text) if not (judged and _objected(reason, m, text)))
    for reason, rare, pattern in _BEFORE:
        if not rare or any(map(text.__contains__, rare)):
            judged = reason in _JUDGED
            places.update(m.start() for m in pattern.finditer(text) if not (judged and _objected(reason, m, text)))
    return _without_empty(text, sorted(p for p in places if p < len(text)))


_JUDGED = ("line", "fullstop", "camel")
"""Reasons to which there are objections."""


def _objected(reason: str, match: re.Match[str], text: str) -> bool:
    at = match.start()
    if reason == "fullstop":
        word = re.search(r"[\w.]*$", text[max(0, at - 12) : at])
        before = word.group() if word else ""
        return before.lower() in ABBREVIATIONS or (len(before) == 1 and before.isalpha())
    if reason == "camel":
        left = re.search(r"\w*$", text[max(0, at - 24) : at])
        right = re.match(r"\w*", text[at : at + 24])
        whole = (left.group() if left else "") + (right.group() if right else "")
        return len(left.group() if left else "") < 4 or any(name in whole.lower() for name in INNER_CAPITALS)
    if reason == "line":
        line = text.rfind("\n", 0, at) + 1
        follows = text[match.end() : match.end() + 1]
        return follows.islower() and at - line >= _WRAPPED and text[at - 1 : at] not in ".;:!?"
    return False


def _without_empty(text: str, places: list[int]) -> list[int]:
    """Places whose segment holds a letter or digit beyond its list mark; a bare mark joins what follows it."""
    kept: list[int] = []
    pending: int | None = None
    for start, stop in zip(places, [*places[1:], len(text)], strict=True):
        if WORDY.match(text, start, stop):
            mark, filled = None, True
        else:
            mark = LIST_MARK.match(text, start, stop)
            filled = _SHOWN.search(text, mark.end() if mark else start, stop) is not None
        if filled:
            kept.append(start if pending is None else pending)
            pending = None
        elif mark and mark.group().strip() and pending is None and "\n" not in text[mark.end() : stop].strip(" "):
            pending = start
    if not kept or kept[0] != 0:
        kept = [0, *kept[1:]] if kept and not _SHOWN.search(text, 0, kept[0]) else [0, *kept]
    return kept


def body_start(text: str) -> int:
    """Where a segment's text begins after its list mark."""
    mark = LIST_MARK.match(text)
    return mark.end() if mark and mark.end() < len(text) else len(text) - len(text.lstrip())

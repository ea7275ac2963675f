"""Personal data that must not stand in a corpus: telephones, addresses, identity numbers, accounts, links."""

from __future__ import annotations

import re

_RESERVED = r"(?:[\w-]+\.)*example\.(?:com|org|net|es|cn|mx|cl)(?![\w.-]*\w\.\w)"
"""Domains that belong to nobody (RFC 2606) and their like in the corpus."""
_NUMBER = re.compile(r"(?<![\d.,:$€¥/])\+?\d(?:[ ()-]{0,2}\d){8,14}(?![\d]|[.,:]\d)")
_RANGE = re.compile(r"\d{3,6}\s?-\s?\d{3,6}")
_PATTERNS = {
    "e-mail address": re.compile(rf"[\w.+-]+@(?!{_RESERVED})[\w-]+(?:\.[\w-]+)+"),
    "link": re.compile(rf"(?:https?://|www\.)(?!(?:www\.)?{_RESERVED})[\w.-]+"),
    "account": re.compile(r"(?:微信|薇信|V信|wechat|vx|QQ)(?:号|號)?[ ]?[:：]?[ ]?(?=[\w-]*\d)[a-zA-Z0-9_-]{6,}", re.IGNORECASE | re.ASCII),
    "identity number": re.compile(
        r"(?<![\w.-])(?:\d{17}[\dXx]|\d{1,2}\.\d{3}\.\d{3}-[\dkK]|\d{8}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]|[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d"
        r"|[A-Z]{3,4}\d{6}[A-Z0-9]{3}|\d{2}-\d{8}-\d|[A-Z][12]\d{8})(?![\w])"
    ),
}


def personal_data(text: str) -> list[tuple[str, int, int]]:
    """What looks like personal data: its kind, start and end. Placeholders (`<EMAIL>`) and reserved domains pass."""
    found = [(kind, *m.span()) for kind, pattern in _PATTERNS.items() for m in pattern.finditer(text)]
    found += [("telephone", *m.span()) for m in _NUMBER.finditer(text) if not _RANGE.fullmatch(m.group().strip())]
    return sorted(found, key=lambda item: item[1:])

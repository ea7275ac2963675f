"""The clean views of many texts: those in which nothing can be unusual are not searched one by one."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from analyzer.text.characters import GLOSS, ODD, Characters
from analyzer.text.view import GLOSSED, View, view

_GLOSSED = re.compile(GLOSSED)


def views(row: Characters, simplify: Callable[[str], str] | None = None) -> list[View]:
    """`view` of each text of the row."""
    odd = np.zeros(len(row.texts), np.bool_)
    odd[row.owner(row.where(ODD))] = True
    opened = row.where(GLOSS)
    glossed = [place for place in opened.tolist() if _GLOSSED.match(row.text, place)]
    odd[row.owner(np.array(glossed, np.int64))] = True
    return [
        view(text, simplify) if unusual or "**" in text or "__" in text else View(simplify(text) if simplify else text)
        for text, unusual in zip(row.texts, odd.tolist(), strict=True)
    ]

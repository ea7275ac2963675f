"""Duty phrases: a verb or verbal noun and its object, each bounds of its own; a statement's purpose apart.

Rules over the tokens' normal forms, a reader a language (`phrases_zh`, `phrases_es`; English duties here), their words
in `lang/*/phrases.toml`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analyzer.lang.tables import read
from analyzer.pipeline import phrases_es, phrases_zh
from analyzer.pipeline.lexicon import Lexicon
from analyzer.pipeline.phrases_es_words import NOUN, kind
from analyzer.pipeline.phrases_zh_words import classes

Bounds = tuple[int, int]
Pair = tuple[Bounds, Bounds]
Phrases = tuple[list[Pair], Bounds | None]

_BRACKETS = {"(": ")", "（": "）", "[": "]", "【": "】"}
_SPECIAL = re.compile(r"[\s(（\[【]")
"""A blank, or what opens a bracket."""

MAX_PHRASES = 12
"""The most phrases taken from one duty statement; what comes after them is left."""
MAX_TOKENS = 200
"""The tokens of a duty statement that are read; a statement this long is no statement but a page without line ends."""


def find_phrases(norms: Sequence[str], lang: str) -> Phrases:
    """The (verb, object) phrases of one duty statement in order, coordinated verbs and objects paired, and its purpose.

    norms: of the statement's tokens; lang: `zh` or `es`. Verb and object are bounds of tokens in the statement, never empty,
    never overlapping; at most MAX_PHRASES pairs. Where a statement has no verb but a lead-in (负责, `Responsable de`), the
    lead-in is the verb.
    """
    return read_phrases(norms, [_kind(norm, lang) for norm in norms], lang)


def read_phrases(norms: Sequence[str], kinds: Sequence[int], lang: str) -> Phrases:
    """`find_phrases` where it is known what each of the words can be."""
    shown, bits = list(norms[:MAX_TOKENS]), list(kinds[:MAX_TOKENS])
    at: list[int] = []  # the place of each word that is shown, where not all are
    if max(bits, default=0) >= SPECIAL:
        at, shown = _shown(shown)
        bits = [_kind(norm, lang) for norm in shown]
    if _is_english(shown):
        pairs, purpose = _parse_english(shown)
    elif lang == "zh":
        pairs, purpose = phrases_zh.parse(shown, bits)
    else:
        pairs, purpose = phrases_es.parse(shown, bits)
    phrases: list[Pair] = []
    seen: set[Pair] = set()
    for pair in pairs:
        (v, v_end), (o, o_end) = pair
        if pair in seen or v >= v_end or o >= o_end or (v < o_end and o < v_end):
            continue
        seen.add(pair)
        phrases.append(((at[v], at[v_end - 1] + 1), (at[o], at[o_end - 1] + 1)) if at else pair)
        if len(phrases) == MAX_PHRASES:
            break
    if purpose is None or purpose[0] >= purpose[1]:
        return phrases, None
    return phrases, (at[purpose[0]], at[purpose[1] - 1] + 1) if at else purpose


def _shown(norms: Sequence[str]) -> tuple[list[int], list[str]]:
    """Place and norm of the tokens that count: no blanks (a line end stays, as one `\n`), nothing in brackets."""
    at: list[int] = []
    shown: list[str] = []
    closing: int | None = None
    for n, norm in enumerate(norms):
        if closing is not None:
            if n == closing:
                closing = None
        elif n and norm in _BRACKETS:
            close = _BRACKETS[norm]
            closing = next((k for k in range(n + 1, len(norms)) if norms[k] == close), None)
        elif not norm.isspace():
            at.append(n)
            shown.append(norm)
        elif "\n" in norm or "\r" in norm:
            at.append(n)
            shown.append("\n")
    return at, shown


SPECIAL = 1 << 30
"""Beside what a word can be, and above it: it holds a blank, or what opens a bracket."""


def _kind(norm: str, lang: str) -> int:
    bits = classes().get(norm, 0) if lang == "zh" else kind(norm)
    return bits | (SPECIAL if _SPECIAL.search(norm) else 0)


class Kinds:
    """What the words of a lexicon can be in a phrase, as bits: found once for each that stands in a statement."""

    def __init__(self, lang: str) -> None:
        """lang: `zh` or `es`."""
        self.lang = lang
        self._lexicon: Lexicon | None = None
        self._kinds, self._blank = np.zeros(0, np.int32), np.zeros(0, np.bool_)

    def _grow(self, known: Lexicon) -> None:
        if self._lexicon is not known:
            self._lexicon, self._kinds, self._blank = known, np.zeros(0, np.int32), np.zeros(0, np.bool_)
        new = known.norms[len(self._blank) :]
        if new:
            self._blank = np.append(self._blank, [not norm.strip() for norm in new])
            self._kinds = np.append(self._kinds, np.full(len(new), -1, np.int32))

    def blank(self, known: Lexicon) -> NDArray[np.bool_]:
        """For each normal form of a lexicon whether a reader sees nothing in it."""
        self._grow(known)
        return self._blank

    def of(self, known: Lexicon, forms: NDArray[np.int32]) -> NDArray[np.int32]:
        """The kinds of some normal forms of a lexicon, SPECIAL among them."""
        self._grow(known)
        new = np.unique(forms[self._kinds.take(forms) < 0])
        self._kinds[new] = [_kind(known.norms[n], self.lang) for n in new.tolist()]
        return self._kinds.take(forms)


_ENGLISH_LISTS = frozenset(("verbs", "lead_ins", "joiners", "purposes", "articles", "breaks", "not_english"))


@functools.cache
def _english() -> dict[str, frozenset[str]]:
    lists = {name: frozenset(rows) for name, rows in read("en", "phrases", _ENGLISH_LISTS).items()}
    return {**lists, "first": lists["verbs"] | {row.partition(" ")[0] for row in lists["lead_ins"]}}


def _is_english(norms: list[str]) -> bool:
    """Whether the statement opens with an English verb or lead-in and goes on in Latin script."""
    if not norms or norms[0] not in _english()["first"]:
        return False
    words = norms[:8]
    if len(words) < 2 or not (words[1] == "," or (words[1].isascii() and words[1][0].isalpha())):
        return False
    lists = _english()
    if not lists["not_english"].isdisjoint(words[1:]) or kind(words[0]) & NOUN:
        return False
    return words[0] in lists["verbs"] or " ".join(words[:2]) in lists["lead_ins"]


def _parse_english(norms: list[str]) -> tuple[list[Pair], Bounds | None]:
    """`Plan and execute campaigns to grow sales`: coordinated verbs, the rest of the clause, an aim after `to`."""
    lists = _english()
    verbs, joiners, breaks = lists["verbs"], lists["joiners"], lists["breaks"]
    pairs: list[Pair] = []
    at, end = 0, len(norms)
    led = norms[0] not in verbs  # responsible for …, you will …
    while at < end:
        size = 1
        if led:
            at, size = (2, 1) if end > 2 and norms[2] in verbs else (0, 2)
            led = False
        heads = [(at, at + size)]
        at += size
        while True:
            after = _past(norms, at, end, joiners)
            if after == at or after >= end or norms[after] not in verbs:
                break
            heads.append((after, after + 1))
            at = after + 1
        at = _past(norms, at, end, lists["articles"])
        limit, following, purpose = end, end, None
        for n in range(at, end):
            if norms[n] in breaks:
                limit, following = n, _past(norms, n, end, joiners | breaks)
                following = following if following < end and norms[following] in verbs else end
                break
            if norms[n] in joiners:
                after = _past(norms, n, end, joiners)
                if after < end - 1 and norms[after] in verbs:
                    limit, following = n, after
                    break
            if norms[n] in lists["purposes"] and n > at and n + 1 < end and norms[n + 1] in verbs:
                limit, purpose = n, (n + 1, end)
                break
        while limit > at and (norms[limit - 1].isspace() or norms[limit - 1] in joiners or norms[limit - 1] in breaks):
            limit -= 1
        pairs.extend((head, (at, limit)) for head in heads)
        if purpose:
            return pairs, purpose
        at = following
    return pairs, None


def _past(norms: list[str], at: int, end: int, words: frozenset[str]) -> int:
    while at < end and (norms[at] in words or norms[at].isspace()):
        at += 1
    return at

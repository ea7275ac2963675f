"""What Spanish words can be in a phrase, as bits, by their endings and the lists of `lang/es/phrases.toml`."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from analyzer.lang.tables import read

_LISTS = frozenset((
    "verbs", "not_verbs", "verbal_nouns", "noun_endings", "not_nouns", "lead_ins", "lead_verbs", "compounds", "articles", "determiners",
    "joiners", "adjuncts", "indirect", "adverbs", "purposes", "purpose_clauses", "aims", "aims_after_que", "aim_forms", "binding",
    "breaks", "adjective_endings", "not_adjectives",
))  # fmt: skip

INFINITIVE, GERUND, FINITE, MAYBE, NOUN = 1, 2, 4, 8, 16
"""MAYBE: a present or subjunctive form (gestiona, gestione), which may as well be a noun (control, compra)."""
ARTICLE, DETERMINER, JOINER, ADJUNCT, INDIRECT, ADVERB, BREAK, AIM, AIM_CLAUSE, LEADS, HARD = (1 << n for n in range(5, 16))
OPENING, LEADING = 1 << 16, 1 << 17
"""The first word of some aim; of some lead-in."""
VERB = INFINITIVE | FINITE
_CLITICS = ("melo", "selo", "los", "las", "les", "lo", "la", "le", "se", "te", "nos")
_HARD = (".", ";", ":", "\n", "?", "!")
ENDS_INDIRECT = frozenset(("que", "durante", "como", "mientras", "para", "segun", "mediante", "hasta", "desde", "cuando"))
_ROWS = {
    "articles": ARTICLE, "determiners": DETERMINER, "joiners": JOINER, "adjuncts": ADJUNCT, "indirect": INDIRECT,
    "adverbs": ADVERB, "breaks": BREAK,
}  # fmt: skip


class Tables:
    """The lists, compiled: single words to bits, word sequences by their first word."""

    def __init__(self) -> None:
        """Read the table; raises ProfileError where it does not fit."""
        lists = read("es", "phrases", _LISTS)
        self.words: dict[str, int] = {}
        for name, bit in _ROWS.items():
            for row in lists[name]:
                self.words[row] = self.words.get(row, 0) | bit
        self.aims = frozenset(lists["aims"])
        self.aim_clauses = self.aims | frozenset(lists["aims_after_que"])
        self.verbs = frozenset(lists["verbs"]) | self.aim_clauses
        for row in _HARD:
            self.words[row] = self.words.get(row, 0) | BREAK | HARD
        self.aim_forms = frozenset(lists["aim_forms"])
        self.binding = frozenset(lists["binding"])
        self.leads = frozenset(lists["lead_verbs"])
        self.not_verbs = frozenset(lists["not_verbs"])
        self.nouns = frozenset(lists["verbal_nouns"])
        self.not_nouns = frozenset(lists["not_nouns"])
        self.noun_endings = tuple(lists["noun_endings"])
        self.adjective_endings = tuple(lists["adjective_endings"])
        self.not_adjectives = frozenset(lists["not_adjectives"])
        self.lead_ins = _by_first(lists["lead_ins"])
        self.compounds = _by_first(lists["compounds"])
        self.purposes = _by_first(lists["purposes"])
        self.purpose_clauses = _by_first(lists["purpose_clauses"])
        self.openings = frozenset((*self.purposes, *self.purpose_clauses, "que"))
        """Words of which one stands first in every aim."""


def _by_first(rows: list[str]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for row in sorted(rows, key=len, reverse=True):
        words = row.split()
        found.setdefault(words[0], []).append(words)
    return found


@functools.cache
def tables() -> Tables:
    """The compiled lists, read at first use."""
    return Tables()


@functools.lru_cache(maxsize=50_000)
def kind(norm: str) -> int:
    """What a word can be, as bits, by its ending and the lists."""
    lists = tables()
    bits = lists.words.get(norm, 0) | (OPENING if norm in lists.openings else 0) | (LEADING if norm in lists.lead_ins else 0)
    if not norm.isalpha():
        return bits
    if norm in lists.nouns or (norm.endswith(lists.noun_endings) and norm not in lists.not_nouns):
        bits |= NOUN
    if norm in lists.aim_forms:
        return bits | MAYBE | AIM_CLAUSE
    if norm in lists.not_verbs or len(norm) < 3:
        return bits
    form, infinitive = _form(norm, lists.verbs)
    if form:
        bits |= form
        bits |= (
            (AIM if infinitive in lists.aims else 0)
            | (AIM_CLAUSE if infinitive in lists.aim_clauses else 0)
            | (LEADS if infinitive in lists.leads else 0)
        )
    return bits


@functools.lru_cache(maxsize=50_000)
def infinitive(norm: str) -> str:
    """The infinitive of a verb form; the word itself where it is none."""
    return _form(norm, tables().verbs)[1] or norm


def _form(norm: str, known: frozenset[str]) -> tuple[int, str]:
    """The verb form of a word and its infinitive; (0, "") where it is no verb."""
    bare = norm
    for clitic in _CLITICS:
        if norm.endswith(clitic) and norm[: -len(clitic)].endswith(("ar", "er", "ir", "ndo")):
            bare = norm[: -len(clitic)]
            break
    if norm.startswith("hacer") or bare in known or (len(bare) > 4 and bare.endswith(("ar", "er", "ir"))):
        return INFINITIVE, bare
    for ending, infinitives in (("ando", ("ar",)), ("iendo", ("er", "ir")), ("yendo", ("ir", "er"))):
        if bare.endswith(ending):
            return GERUND, next((bare[: -len(ending)] + i for i in infinitives if bare[: -len(ending)] + i in known), bare)
    for ending in ("remos", "ras", "ran", "ra"):
        stem = norm[: -len(ending)] + "r"
        if norm.endswith(ending) and (stem in known or _irregular(stem) in known):
            return FINITE, _irregular(stem) if stem not in known else stem
    if len(norm) > 6 and norm.endswith(("aras", "iras")):
        return FINITE, norm[:-2] + "r"
    return next(((MAYBE, base) for base in _present(norm) if base in known), (0, ""))


def _present(norm: str) -> Iterator[str]:
    """The infinitives a present or subjunctive form may have: publique → publicar, publiquer, publicir …"""
    for ending in ("en", "an", "e", "a"):
        if norm.endswith(ending):
            stem = norm[: -len(ending)]
            stems = [stem]
            if stem.endswith("qu"):
                stems.append(stem[:-2] + "c")
            elif stem.endswith("c"):
                stems.append(stem[:-1] + "z")
            elif stem.endswith("gu"):
                stems.append(stem[:-1])
            for base in stems:
                yield from (base + "ar", base + "er", base + "ir")


def _irregular(stem: str) -> str:
    """The infinitive of a future stem: mantendr → mantener, har → hacer, propondr → proponer."""
    if stem == "har":
        return "hacer"
    return stem[:-2] + "er" if stem.endswith("ndr") else stem

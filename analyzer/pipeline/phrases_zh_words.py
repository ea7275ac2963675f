"""The classes of Chinese words that shape phrases, as bits, from `lang/zh/phrases.toml`."""

from __future__ import annotations

import functools

from analyzer.lang.tables import read

_CLASSES = (
    "verbs", "nominal", "verbal_nouns", "lead_ins", "with_people", "people", "light", "aims", "aim_adverbs", "aim_markers", "adverbs",
    "name_heads", "prepositions", "object_prepositions", "fillers", "modifiers", "joiners", "breaks", "complements", "stops",
)  # fmt: skip
_BIT = {name: 1 << n for n, name in enumerate(_CLASSES)}
VERB, NOMINAL, NOUN, LEAD, WITH = (_BIT[n] for n in ("verbs", "nominal", "verbal_nouns", "lead_ins", "with_people"))
PEOPLE, LIGHT, AIM, AIM_ADVERB, MARKER, ADVERB = (_BIT[n] for n in ("people", "light", "aims", "aim_adverbs", "aim_markers", "adverbs"))
NAME, PREPOSITION, TAKES_OBJECT, FILLER, MODIFIER = (
    _BIT[n] for n in ("name_heads", "prepositions", "object_prepositions", "fillers", "modifiers")
)
JOINER, BREAK, COMPLEMENT, STOP = (_BIT[n] for n in ("joiners", "breaks", "complements", "stops"))
ACTION = VERB | NOMINAL
WORK = VERB | NOMINAL | NOUN
STRONG = 1 << len(_CLASSES)
"""A verb of two characters or more that is seldom a name's first half."""
SHORT = STRONG << 1
"""A verb of one character: it opens a clause, and is no verbal noun."""
OPENS = ACTION | SHORT


@functools.cache
def classes() -> dict[str, int]:
    """Word → its classes, as bits."""
    found: dict[str, int] = {"\n": BREAK}
    for name, rows in read("zh", "phrases", frozenset(_CLASSES)).items():
        for row in rows:
            found[row] = found.get(row, 0) | _BIT[name]
    for word, bits in found.items():
        if bits & VERB and len(word) == 1:
            found[word] = bits & ~VERB | SHORT
        elif bits & LIGHT or (bits & VERB and not bits & NOMINAL):
            found[word] = bits | STRONG | VERB
    return found

"""Phrases of Spanish duty statements: rules over what the words can be (`phrases_es_words`)."""

from __future__ import annotations

from analyzer.pipeline.phrases_es_words import (
    ADJUNCT,
    ADVERB,
    AIM,
    AIM_CLAUSE,
    ARTICLE,
    BREAK,
    DETERMINER,
    ENDS_INDIRECT,
    FINITE,
    GERUND,
    HARD,
    INDIRECT,
    INFINITIVE,
    JOINER,
    LEADING,
    LEADS,
    MAYBE,
    NOUN,
    OPENING,
    VERB,
    infinitive,
    tables,
)

Bounds = tuple[int, int]
Pair = tuple[Bounds, Bounds]
_COMPANIONS = frozenset(["con", "en", "entre"])
"""After these inside an object, what is added without an article is theirs (acuerdos con cámaras, sindicatos y bolsas)."""
_SUBJECTS = frozenset(["el", "la", "su", "tu", "este", "esta", "persona", "candidato", "seleccionado", "incorporado"])
"""What a sentence's subject begins with where a lead-in may follow."""
_ENDS = BREAK | JOINER | ADJUNCT | GERUND | OPENING
"""What may end an object."""


def parse(norms: list[str], bits: list[int]) -> tuple[list[Pair], Bounds | None]:
    """The (verb, object) pairs of a statement and its purpose, as bounds into `norms`. bits: what each word can be."""
    reader = _Reader(norms, bits)
    reader.read()
    return reader.pairs, reader.purpose


class _Reader:
    """One statement while it is being read from left to right."""

    def __init__(self, norms: list[str], bits: list[int]) -> None:
        self.words, self.bits = norms, bits
        self.plain = ["de" if n == "del" else "a" if n == "al" else n for n in norms] if "del" in norms or "al" in norms else norms
        self.pairs: list[Pair] = []
        self.purpose: Bounds | None = None
        self.tables = tables()
        self.heads: list[Bounds] = []
        self.by_noun = False  # the verbs in force are verbal nouns, or a lead-in
        self.preposition = ""  # that stands between the verbs in force and their object
        self.closed = False  # an adjunct has ended the object list

    def read(self) -> None:
        """Walk over heads and items; each step returns where the next begins."""
        at, end = 0, len(self.words)
        at = self._lead(self._skip(at, end))
        fresh = True
        while at < end:
            begin = at = self._skip(at, end)
            if begin and begin < end and self.bits[begin - 1] & HARD:
                fresh = self._restart(begin)
                at = self._lead(begin) if fresh else begin
            if at < end:
                at = max(self._step(at, end, fresh), at + 1)
            fresh = False

    def _restart(self, at: int) -> bool:
        """A new sentence, or what a colon announces: a label's duty; after phrases, but an enumeration."""
        if self.words[at - 1] == ":" and self.pairs:
            self.closed, self.by_noun = True, False
            return False
        self.heads, self.by_noun, self.closed = [], False, False
        return True

    def _skip(self, at: int, end: int) -> int:
        bits = self.bits
        while at < end and bits[at] & (BREAK | JOINER):
            at += 1
        return at

    def _match(self, at: int, table: dict[str, list[list[str]]]) -> int:
        """How many words of a listed sequence stand at `at`; 0 where none does."""
        for row in table.get(self.words[at], ()):
            if self.plain[at : at + len(row)] == row:
                return len(row)
        return 0

    def _led(self, at: int) -> int:
        """How many words of a lead-in stand at `at`; 0 where none does."""
        return self._match(at, self.tables.lead_ins) if self.bits[at] & LEADING else 0

    def _lead(self, at: int) -> int:
        """Past a lead-in (Serás responsable de); it is the verb until another comes."""
        end, start, size = len(self.words), at, 0
        while at < end:
            size = self._led(at)
            if not size and at - start < 4 and self.words[at] in _SUBJECTS:
                size = self._to_lead(at)
            if not size:
                break
            at += size
        if at > start:
            self.heads, self.by_noun = [(start, at)], True
        return at

    def _to_lead(self, at: int) -> int:
        """How many words of a subject stand before the lead-in that follows it (el cargo | es responsable de); 0 where none does."""
        return next((n - at for n in range(at + 1, min(at + 6, len(self.words))) if self._led(n)), 0)

    def _is_head(self, at: int, end: int, fresh: bool) -> bool:
        """Whether a verb, or a verbal noun where one may stand, opens a phrase here."""
        bits = self.bits[at]
        if bits & (VERB | GERUND):
            return True
        if fresh and bits & MAYBE and not bits & NOUN:
            return True
        if bits & NOUN and (fresh or self.by_noun or not self.heads):
            return at + 1 >= end or fresh or self.words[at + 1] in ("de", "del", "a", "al", "y", "e", ",", "con", "en")
        return False

    def _step(self, at: int, end: int, fresh: bool) -> int:
        """Read what begins at `at`: a purpose, a head with its objects, or one more object."""
        bits, words = self.bits, self.words
        while at < end and bits[at] & ADVERB and not bits[at] & (VERB | DETERMINER):
            at += 1
        if at >= end:
            return end
        aim = self._aim(at, end) if bits[at] & OPENING else 0
        if aim:
            return self._take_purpose(aim, end)
        size = self._led(at)
        if size and not fresh:
            return self._lead(at)
        if bits[at] & GERUND and self.pairs and bits[at] & AIM:
            return self._take_purpose(at, end)
        head = at
        while head < end and bits[head] & (ARTICLE | DETERMINER) and (fresh or self.by_noun) and not bits[head] & NOUN:
            head += 1
        if head < end and self._is_head(head, end, fresh):
            return self._head(head, end)
        if self.heads and words[at] == self.preposition:
            return self._item(at, end, self.heads)
        if head < end and self.heads and not fresh and bits[at] & ADJUNCT and not bits[at] & DETERMINER:
            self.closed = True
            return self._past(at, end)
        if self.heads:
            if self.closed and not bits[at] & DETERMINER:
                return self._past(at, end)
            return self._item(at, end, self.heads)
        end = next((n for n in range(at, end) if bits[n] & HARD), end)
        found = next((n for n in range(at, end) if bits[n] & VERB or self._led(n) or self._told(n, at)), end)
        if found < end and not bits[found] & (VERB | MAYBE):
            return self._lead(found)
        return self._head(found, len(words)) if found < end else end

    def _told(self, at: int, begin: int) -> bool:
        """A verb that a sentence about a person tells: (a person) que gestione, (he or she) se ocupa."""
        return at > begin and bool(self.bits[at] & MAYBE) and self.words[at - 1] in ("que", "quien", "se", "te")

    def _past(self, at: int, end: int) -> int:
        """Over words that belong to no phrase, to the next clause, verb or aim."""
        bits = self.bits
        at += 1
        while at < end and not bits[at] & (BREAK | JOINER) and not (bits[at] & OPENING and self._aim(at, end)):
            at += 1
        return at

    def _aim(self, at: int, end: int) -> int:
        """Where the aim begins whose opening stands at `at`; 0 where none does."""
        if not self.bits[at] & OPENING:
            return 0
        size = self._match(at, self.tables.purpose_clauses)
        if size:
            return at + size
        size = self._match(at, self.tables.purposes)
        if size and at + size < end:
            after = self.bits[at + size]
            if after & INFINITIVE or (size > 1 and after & (NOUN | DETERMINER)):
                return at + size
        if self.words[at] == "que" and at + 1 < end and self.bits[at + 1] & AIM_CLAUSE and self.bits[at + 1] & (MAYBE | FINITE):
            return at + 1
        return 0

    def _take_purpose(self, at: int, end: int) -> int:
        """The first aim is the purpose: up to a comma, or the end."""
        bits, words = self.bits, self.words
        stop = next((n for n in range(at, end) if bits[n] & BREAK), end)
        for n in range(at + 2, stop - 1):
            if words[n] in ("y", "e") and bits[n + 1] & VERB and not bits[n + 1] & AIM and not bits[at] & INFINITIVE:
                stop = n
                break
        if self.purpose is None:
            self.purpose = (at, stop)
        return stop

    def _head(self, at: int, end: int) -> int:
        """Coordinated verbs, then the first object."""
        bits = self.bits
        heads: list[Bounds] = []
        noun = False
        while True:
            noun = bool(bits[at] & NOUN) and not bits[at] & VERB
            close = at + (self._compound(at) or 1)
            heads.append((at, close))
            after = close
            while after < end and bits[after] & (JOINER | BREAK) and not bits[after] & HARD:
                after += 1
            if after == close or after >= end:
                break
            while after < end and bits[after] & ADVERB and not bits[after] & DETERMINER:
                after += 1
            if after >= end or not (bits[after] & VERB or (noun and bits[after] & NOUN) or (bits[at] & bits[after] & MAYBE)):
                break
            at = after
        if bits[at] & LEADS:
            inner = close
            while inner < end and bits[inner] & ARTICLE:
                inner += 1
            if inner < end and bits[inner] & INFINITIVE and inner > close:
                return self._head(inner, end)
        self.heads, self.by_noun, self.closed = heads, noun, False
        self.preposition = self.words[close] if close < end and bits[close] & INDIRECT else ""
        if close < end and bits[close] & (BREAK | JOINER):
            return close
        return self._item(close, end, heads)

    def _compound(self, at: int) -> int:
        """How many words a compound verb has, in any form (dar seguimiento, dando seguimiento); 0 where there is none."""
        for row in self.tables.compounds.get(infinitive(self.words[at]), ()):
            if self.words[at + 1 : at + len(row)] == row[1:]:
                return len(row)
        return 0

    def _item(self, at: int, end: int, heads: list[Bounds]) -> int:
        """One object: without its article, up to a joiner, a comma, an adjunct or an aim."""
        bits, words = self.bits, self.words
        begin = self._object_start(at, end)
        determined = begin > at and bool(bits[begin - 1] & DETERMINER)
        n = begin
        closed = bound = False
        while n < end:
            kind_ = bits[n]
            if not kind_ & _ENDS and n > begin + 1:
                n += 1
                continue
            if kind_ & BREAK:
                break
            if kind_ & JOINER and not (n + 1 < end and words[n + 1] == "-"):
                after = n + 1
                while after < end and bits[after] & ADVERB and not bits[after] & DETERMINER:
                    after += 1
                added = bound and after < end and not bits[after] & (VERB | DETERMINER | GERUND)
                if after >= end or not (added or self._goes_on(begin, after, end, determined)):
                    break
            elif (
                n == begin + 1
                and words[n] in self.tables.binding
                and n + 1 < end
                and not (bits[n + 1] & (VERB | BREAK) or self._aim(n, end))
            ):
                bound = True
            elif n > begin and (self._ends_object(kind_) or self._aim(n, end)):
                closed = True
                break
            n += 1
        close = n
        while close > begin and bits[close - 1] & JOINER:
            close -= 1
        if close > begin:
            self.pairs.extend((h, (begin, close)) for h in heads)
        self.closed = self.closed or closed or not _COMPANIONS.isdisjoint(words[begin:close])
        if n < end and closed and not self._aim(n, end) and not bits[n] & GERUND:
            return self._past(n, end)
        return max(n, at + 1)

    @staticmethod
    def _ends_object(bits: int) -> bool:
        """Whether a word is an adjunct's first, or a gerund."""
        return bool(bits & ADJUNCT or (bits & GERUND and not bits & NOUN)) and not bits & DETERMINER

    def _object_start(self, at: int, end: int) -> int:
        """Past articles, and past whom or where (con la agencia) if an object with an article follows."""
        bits, words = self.bits, self.words
        if at < end and bits[at] & INDIRECT:
            for n in range(at + 2, end):
                if bits[n] & (BREAK | JOINER) or words[n] in ENDS_INDIRECT or self._aim(n, end):
                    break
                if bits[n] & DETERMINER and words[n - 1] not in (
                    "de",
                    "en",
                    "con",
                    "a",
                    "por",
                    "para",
                    "sobre",
                    "toda",
                    "todas",
                    "todo",
                    "todos",
                ):
                    at = n
                    break
        while at < end and (bits[at] & (ARTICLE | DETERMINER) or words[at].endswith("mente")):
            at += 1
        return at

    def _goes_on(self, begin: int, after: int, end: int, determined: bool) -> bool:
        """Whether what a joiner adds belongs to the item before it."""
        bits, words = self.bits, self.words
        if bits[after] & (VERB | DETERMINER | ADJUNCT | GERUND):
            return False
        if words[after] == "de":
            return True
        if self.by_noun and bits[after] & NOUN and after + 1 < end and words[after + 1] in ("de", "del"):
            return False
        inner = words[begin:after]
        if determined and ("de" in inner or "del" in inner):
            return True
        last = after + 1 >= end or bits[after + 1] & (BREAK | ADJUNCT)
        word = words[after]
        return bool(last and len(inner) > 2 and word.endswith(self.tables.adjective_endings) and word not in self.tables.not_adjectives)

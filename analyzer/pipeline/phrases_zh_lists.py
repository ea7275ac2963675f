"""Lists in Chinese statements: coordinated objects, and verbal nouns after the objects they share."""

from __future__ import annotations

from analyzer.pipeline.phrases_zh_words import FILLER, JOINER, MODIFIER, WORK

Bounds = tuple[int, int]
Pair = tuple[Bounds, Bounds]


class Lists:
    """A statement's words and what has been found in it; `bits` holds the classes of each word."""

    def __init__(self, norms: list[str], bits: list[int]) -> None:
        """Nothing is found yet."""
        self.words, self.bits = norms, bits
        self.pairs: list[Pair] = []
        self.purpose: Bounds | None = None
        self.with_people = False  # the verb in force takes people, who then do something (联系媒体发布新闻稿)

    def _skip(self, at: int, end: int, kinds: int) -> int:
        bits = self.bits
        while at < end and bits[at] & kinds:
            at += 1
        return at

    def _unfilled(self, start: int, end: int) -> int:
        """`end` without words that add nothing (工作, 等)."""
        while end - 1 > start and self.bits[end - 1] & (FILLER):
            end -= 1
        return end

    def _split(self, start: int, end: int) -> list[Bounds]:
        """The items of an object list; `A、B的C` and `A、B等C` stay one."""
        bits, words = self.bits, self.words
        while start < end and words[start] == "的":
            start += 1
        end = self._trimmed(start, end)
        if start >= end:
            return []
        for b in bits[start:end]:
            if b & JOINER:
                break
        else:
            return [(start, end)]
        last = max((n for n in range(start, end - 1) if words[n] == "的" or words[n] == "等"), default=-1)
        items: list[Bounds] = []
        own = False
        begin = start
        for n in range(start, end):
            if words[n] == "的" or words[n] == "等":
                own = True
            elif bits[n] & JOINER and (own or n > last):
                if n > begin:
                    items.append((begin, n))
                begin, own = n + 1, False
        if end > begin:
            items.append((begin, end))
        return items

    def _trimmed(self, start: int, end: int) -> int:
        while end > start and (self.bits[end - 1] & JOINER or self.words[end - 1] in ("等", "等等", "的")):
            end -= 1
        return end

    def _body(self, start: int, end: int) -> int:
        """The end of an object before its verbal noun, without 的 and modifiers (日常)."""
        while end > start and (self.bits[end - 1] & (MODIFIER) or self.words[end - 1] == "的"):
            end -= 1
        return end

    def _nominal(self, lead: Bounds | None, at: int, end: int) -> None:
        """会员体系的搭建与完善: objects, then the verbal nouns that share them."""
        bits, words = self.bits, self.words
        place = self._place(at, end)
        current: list[Bounds] = []
        pending: list[Bounds] = []
        begin = at
        for n in range(at, end + 1):
            if n < end and not bits[n] & JOINER:
                continue
            start, begin = begin, n + 1
            if start >= n:
                continue
            close = self._unfilled(start, n)
            verb = close
            while verb > start and bits[verb - 1] & WORK:
                verb -= 1
            if verb == close and close - start == 1 and current and not pending and "的" in words[at:start]:
                verb = start  # an unknown word in a row of verbal nouns that share what stands before 的
            elif verb == close and self._row_of_nouns(start, close, n, end):
                verb = close - 1
            if verb == close:
                pending.append((start, n))
                continue
            body = self._body(start, place if start < place < verb else verb)
            if body == start:
                if not current or pending:
                    pending.append((start, n))
                    continue
            else:
                shared = pending and ("的" in words[start:verb] or "等" in words[start:body])
                if shared and "等" in words[start:body]:
                    current = [(pending[0][0], body)]
                elif shared or (pending and lead is None):
                    current = [*pending, (start, body)]
                else:
                    self._plain(lead, pending)
                    current = [(start, body)]
                pending = []
            self.pairs.extend(((verb, close), o) for o in current)
        self._plain(lead, pending)

    def _place(self, at: int, end: int) -> int:
        """Where 在 … 的 says the place of the work, which is no object; 0 where nothing does."""
        words = self.words
        place = next((n for n in range(at + 1, end) if words[n] == "在"), 0)
        if not place or "的" not in words[place:end]:
            return 0
        for n in range(place, words.index("的", place)):
            self.bits[n] = 0
        return place

    def _row_of_nouns(self, start: int, close: int, joiner: int, end: int) -> bool:
        """Whether `门店的订货` is followed by bare verbal nouns (收货、盘点), so that its own last word is one too."""
        if close - start < 3 or self.words[close - 2] != "的" or joiner + 1 >= end:
            return False
        rest = self.bits[joiner:end]
        return all(b & (WORK | JOINER | FILLER | MODIFIER) for b in rest)

    def _plain(self, lead: Bounds | None, pending: list[Bounds]) -> None:
        """Objects without a verbal noun: the lead-in is their verb."""
        if lead and pending:
            self.pairs.extend((lead, o) for o in self._split(pending[0][0], pending[-1][1]))

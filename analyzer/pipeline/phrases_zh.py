"""Phrases of Chinese duty statements: rules over the words' classes (`phrases_zh_words`)."""

from __future__ import annotations

from analyzer.pipeline.phrases_zh_lists import Bounds, Lists, Pair
from analyzer.pipeline.phrases_zh_words import (
    ACTION,
    ADVERB,
    AIM,
    AIM_ADVERB,
    BREAK,
    COMPLEMENT,
    FILLER,
    JOINER,
    LEAD,
    LIGHT,
    MARKER,
    MODIFIER,
    NAME,
    NOMINAL,
    NOUN,
    OPENS,
    PEOPLE,
    PREPOSITION,
    SHORT,
    STOP,
    STRONG,
    TAKES_OBJECT,
    WITH,
    WORK,
)

_OF_AIMS = MARKER | AIM
_LIMITS = STOP | LIGHT | STRONG | TAKES_OBJECT | JOINER
"""What may end an object list."""


def parse(norms: list[str], bits: list[int]) -> tuple[list[Pair], Bounds | None]:
    """The (verb, object) pairs of a statement and its purpose, as bounds into `norms`. bits: the classes of each word."""
    reader = _Reader(norms, bits)
    reader.read()
    return reader.pairs, reader.purpose


class _Reader(Lists):
    """One statement while it is being read, clause by clause."""

    def read(self) -> None:
        """Cut at commas and full stops, and read each clause."""
        start = 0
        for n, bits in enumerate(self.bits):
            if bits & BREAK:
                self._clause(start, n)
                start = n + 1
        self._clause(start, len(self.bits))

    def _clause(self, start: int, end: int) -> None:
        bits = self.bits
        at = start
        while at < end and (bits[at] & JOINER and not bits[at] & PREPOSITION):
            at += 1
        if at >= end or (self.pairs and self._is_aim(at, end)):
            return
        for n in range(at, end):
            if not bits[n] & _OF_AIMS:
                continue
            if bits[n] & MARKER:
                aim = self._skip(n + 1, end, AIM_ADVERB)
                if aim < end and bits[aim] & AIM:
                    self.purpose = self.purpose or (n + 1, end)
                    end = n
                    break
            elif bits[n] & AIM and at + 1 < n < end - 1 and self._opens_aim(at, n):
                self.purpose = self.purpose or (n, end)
                end = n
                break
        if at < end:
            self._head(at, end)

    def _opens_aim(self, start: int, at: int) -> bool:
        """Whether a verb of aim inside a clause begins its purpose (投广告吸引新客) and is no part of a name."""
        bits = self.bits
        before = bits[at - 1]
        plain = not before & (JOINER | ADVERB | LEAD | PREPOSITION | AIM_ADVERB | OPENS) and self.words[at - 1] != "的"
        return (
            plain
            and bool(bits[at] & STRONG)
            and any(b & (OPENS | LEAD) for b in bits[start:at])
            and not bits[at + 1] & (NAME | JOINER | FILLER | WORK)
        )

    def _is_aim(self, at: int, end: int) -> bool:
        """A later clause that only tells an aim: the first of them is the purpose."""
        bits = self.bits
        aim = self._skip(at, end, AIM_ADVERB | ADVERB)
        if not (aim < end and bits[aim] & AIM):
            given = self.words[at][0] in "为给"  # the segmenter glues 为 to a name now and then
            if not given and self.words[at] not in ("通过", "帮助"):
                return False
            aim = next((n for n in range(at + 1, end) if bits[n] & AIM), end)
            if aim == end:
                return False
            at = at if given else aim
        if self.purpose is None:
            at = self._skip(at, aim, MARKER | JOINER)
            self.purpose = (at, end)
        return True

    def _strong(self, at: int, end: int) -> int:
        """The next verb that surely opens a phrase: something follows it, and 的 neither before nor after it; `end` if none."""
        bits, words = self.bits, self.words
        for n in range(at, end - 1):
            named = bits[n + 1] & (JOINER | FILLER | NOUN | NAME) or words[n - 1] == "的"
            if bits[n] & LIGHT or (bits[n] & STRONG and not named):
                return n
        return end

    def _head(self, at: int, end: int) -> None:
        """Find the verb with which a clause opens."""
        bits = self.bits
        at = self._skip(at, end, ADVERB) if not bits[at] & (LEAD | PREPOSITION) else at
        if at >= end:
            return
        kind = bits[at]
        if kind & LEAD:
            after = self._skip(at + 1, end, ADVERB)
            if after + 1 < end and bits[after] & JOINER and bits[after + 1] & LEAD:
                after += 2
            if after < end:
                self._led((at, at + 1), after, end)
        elif kind & TAKES_OBJECT:
            self._object_first(at, end)
        elif kind & PREPOSITION and not kind & STRONG:
            self._after_preposition(at, end)
        elif kind & OPENS and not self._is_name(at, end, led=False):
            self._verbs(at, end, None)
        else:
            self._led(None, at, end)

    def _is_name(self, at: int, end: int, led: bool) -> bool:
        """Whether the verb at `at` is but the first half of a name (推广方案制定, 运营团队的管理)."""
        bits, words = self.bits, self.words
        if at + 1 < end and words[at + 1] == "的":
            return True
        if not bits[at] & NOMINAL or at + 1 == end or bits[at + 1] & JOINER:
            return False
        if bits[at + 1] & NAME:
            return True
        last = self._unfilled(at, end) - 1
        if not bits[last] & WORK or last == at:
            return False
        return led and (words[last - 1] == "的" or not any(b & JOINER for b in bits[at:last]))

    def _object_first(self, at: int, end: int) -> None:
        """对数据进行分析, 将内容推送, 对结果负责."""
        bits, words = self.bits, self.words
        verb = next((n for n in range(at + 2, end) if bits[n] & LIGHT), end)
        if verb == end:
            verb = next((n for n in range(at + 2, end) if bits[n] & (STRONG | LEAD) and words[n - 1] != "的"), end)
        if verb == end:
            verb = next((n for n in range(end - 1, at + 1, -1) if bits[n] & ACTION), end)
        if verb == end:
            return
        if bits[verb] & LIGHT:
            limit, following = self._limit(verb + 1, end)
            self._light(verb + 1, limit, (at + 1, verb))
            if following:
                self._head(following, end)
        elif verb + 1 < end and words[at] not in ("将", "把") and not bits[verb + 1] & JOINER:
            self._verbs(verb, end, None)
        else:
            self.pairs.append(((verb, verb + 1), (at + 1, verb)))
            self._next(verb + 1, end)

    def _light(self, at: int, end: int, target: Bounds) -> None:
        """The verbal nouns after 进行, each with the object from before."""
        begin = at
        for n in range(at, end + 1):
            if n == end or self.bits[n] & JOINER:
                close = self._unfilled(begin, n)
                verb = close
                while verb > begin and self.bits[verb - 1] & WORK:
                    verb -= 1
                if close > begin:
                    self.pairs.append(((min(verb, close - 1), close), target))
                begin = n + 1

    def _about(self, at: int, end: int) -> int:
        """Where 对 … 进行 stands in a clause; 0 where it does not."""
        bits, found = self.bits, 0
        for n in range(at, end):
            if bits[n] & TAKES_OBJECT:
                found = found or n
            elif bits[n] & LIGHT and found:
                return found
        return 0

    def _next(self, at: int, end: int) -> None:
        """After a phrase that took its object from before: what a joiner adds."""
        while at < end:
            if self.bits[at] & JOINER:
                verb = self._skip(at + 1, end, ADVERB)
                if verb < end and self.bits[verb] & OPENS:
                    self._verbs(verb, end, None)
                return
            at += 1

    def _after_preposition(self, at: int, end: int) -> None:
        """与客户沟通需求, 通过社群激活用户, 与博主合作."""
        bits, words = self.bits, self.words
        about = self._about(at + 1, end)
        if about:
            self._object_first(about, end)
            return
        verb = self._strong(at + 2, end)
        if verb == end:  # 建立合作: what follows may be a verbal noun
            verb = next((n for n in range(at + 2, end - 1) if bits[n] & STRONG and bits[n + 1] & NOUN and not bits[n - 1] & JOINER), end)
        if verb == end:
            verb = next((n for n in range(end - 2, at + 1, -1) if bits[n] & OPENS and not bits[n + 1] & (JOINER | NAME | WORK)), end)
        if verb < end:
            self._verbs(verb, end, None)
            return
        stop = next((n for n in range(at + 3, end) if words[n] == "、" and bits[n - 1] & WORK), end)
        last = self._unfilled(at, stop) - 1
        if last > at + 1 and bits[last] & WORK and words[at] in ("与", "和", "跟", "同", "给", "向", "针对", "联合"):
            body = self._body(at + 1, last)
            if body > at + 1:
                self.pairs.append(((last, last + 1), (at + 1, body)))
        if stop < end - 1:
            self._head(stop + 1, end)

    def _verbs(self, at: int, end: int, lead: Bounds | None) -> None:
        """Coordinated verbs, then their objects."""
        bits, words = self.bits, self.words
        if bits[at] & WITH and at + 1 < end and (bits[at + 1] & PEOPLE or words[at] == "带领"):
            verb = self._strong(at + 2, end)
            if verb < end:
                at = verb
        self.with_people = bool(bits[at] & WITH)
        verbs = [(at, at + 1)]
        after = at + 1
        while after < end:
            joined = self._skip(after + 1, end, ADVERB) if bits[after] & JOINER else after
            if joined >= end or not bits[joined] & OPENS:
                break
            if joined == after and not self._second_verb(after, end):
                break
            verbs.append((joined, joined + 1))
            after = joined + 1
        while after < end and bits[after] & COMPLEMENT and not bits[after] & JOINER:
            after += 1
        self._objects(verbs, after, end, lead)

    def _second_verb(self, at: int, end: int) -> bool:
        """Whether a verb right after a verb is one of its own (组织撰写文章) and no part of the object (提交改进建议)."""
        bits = self.bits
        if not bits[at] & STRONG or at + 1 >= end or bits[at + 1] & (JOINER | FILLER | NAME) or self.words[at + 1] == "的":
            return False
        return bool(bits[at - 1] & (WITH | LEAD))

    def _new_head(self, joiner: int, end: int) -> int:
        """Where a new verb opens after a joiner; 0 where the joiner adds an object."""
        bits = self.bits
        verb = self._skip(joiner + 1, end, ADVERB)
        if verb >= end:
            return 0
        if self.words[joiner] in ("并", "并且") and bits[verb] & (OPENS | LEAD):
            return verb
        if bits[verb] & SHORT and verb + 1 < end and not bits[verb + 1] & JOINER:
            return verb
        following = verb + 1
        if not bits[verb] & (STRONG | LEAD) or following >= end or self.words[following] == "的":
            return 0
        if self.words[joiner] != "、" and following + 1 >= end:  # 选题和发布时间
            return 0
        return 0 if bits[following] & (JOINER | FILLER | WORK) else verb

    def _limit(self, at: int, end: int) -> tuple[int, int]:
        """Where an object list that begins at `at` ends, and where the next verb stands (0: none)."""
        bits = self.bits
        for n in range(at, end):
            kind = bits[n]
            if not kind & _LIMITS:
                continue
            if kind & STOP and n > at:
                return n, 0
            if n > at and (kind & LIGHT or (kind & STRONG and n + 1 < end and self._breaks_in(n))):
                return n, n
            if kind & TAKES_OBJECT and self._about(n, end):
                return n, n
            if kind & JOINER:
                verb = self._new_head(n, end)
                if verb:
                    return n, verb
        return end, 0

    def _breaks_in(self, at: int) -> bool:
        """Whether a verb inside an object list opens a phrase without a joiner: 联系媒体发布新闻稿."""
        before, after = self.bits[at - 1], self.bits[at + 1]
        if not self.with_people:
            return False
        inside = before & (JOINER | OPENS | NOUN | MODIFIER | PREPOSITION | TAKES_OBJECT) or self.words[at - 1] == "的"
        return not inside and not after & (JOINER | FILLER | WORK | NAME) and self.words[at + 1] != "的"

    def _objects(self, verbs: list[Bounds], at: int, end: int, lead: Bounds | None) -> None:
        limit, following = self._limit(at, end)
        objects = self._split(at, limit)
        first = verbs[0][0]
        added = self.pairs and first and self.words[first - 1] in ("并", "后", "再", "并且")
        if added and (not objects or self.bits[first] & WITH) and all(b & WORK for b in self.bits[at:limit]):
            previous = self.pairs[-1][0]
            objects = [o for v, o in self.pairs if v == previous]
            verbs = [(verbs[0][0], max(limit, verbs[-1][1]))]
        if not objects and lead:
            self.pairs.extend((lead, v) for v in verbs)
        elif not objects and len(verbs) > 1 and verbs[1][0] == verbs[0][1]:
            objects, verbs = verbs[-1:], verbs[:-1]
        self.pairs.extend((v, o) for v in verbs for o in objects)
        if following:
            self._head(following, end)

    def _led(self, lead: Bounds | None, at: int, end: int) -> None:
        """What a lead-in, or nothing, opens: a verb with its object, or objects before their verbal nouns."""
        bits = self.bits
        if lead and (bits[at] & (TAKES_OBJECT | PREPOSITION) and not bits[at] & ACTION):
            self._head(at, end)
            return
        if lead and bits[lead[0]] & WITH:
            verb = self._strong(at, end)
            if verb < end and not any(w == "的" for w in self.words[at:verb]):
                self._verbs(verb, end, lead)
                return
        if lead and bits[at] & OPENS and not self._is_name(at, end, led=True):
            self._verbs(at, end, lead)
            return
        limit, following = self._limit(at, end)
        before = len(self.pairs)
        self._nominal(lead, at, limit)
        if following:
            self._head(following, end)
        elif len(self.pairs) == before and lead is None:
            verb = self._strong(at, end)
            if verb == end:
                verb = next((n for n in range(at + 1, end - 1) if bits[n] & OPENS and self.words[n - 1] in ("后", "时", "前")), end)
            if verb < end:
                self._verbs(verb, end, None)
            else:
                self._buried(at, end)

    def _buried(self, at: int, end: int) -> None:
        """A lead-in behind what is none of the statement (a number, 本岗位)."""
        lead = next((n for n in range(at + 1, end - 1) if self.bits[n] & LEAD), end)
        if lead < end:
            self._head(lead, end)

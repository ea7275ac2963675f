"""`jd_duties`: the duty statements of a posting, list mark and glued heading left out, and the phrases inside them."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from analyzer.lang.tables import headings, plain
from analyzer.pipeline.component import Batched
from analyzer.pipeline.features import ranges
from analyzer.pipeline.pages import Pages, Spans
from analyzer.pipeline.phrases import Bounds, Pair, find_phrases
from analyzer.text.segments import LIST_MARK, WORDY

_GLUED = re.compile(r"\s*[【\[]?([^:：\n]{2,40}?)[】\]]?\s*[:：]\s*")
_LEADING = " \t\r\n、.．,，:：;；·"
_TRAILING = " \t\r\n。；;.,，、:：·•-–—*"


class Duties(Batched):
    """Leaves `doc.spans["duties"]` (one span a statement) and `doc.spans["phrases"]`, with the duty of each in `attrs`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.remember_lines(0)

    def remember_lines(self, count: int) -> None:
        """Keep the phrases of the last `count` different statements."""
        lang = self.lang
        self._phrases: Callable[[tuple[str, ...]], tuple[list[Pair], Bounds | None]] = lambda norms: find_phrases(norms, lang)
        if count:
            self._phrases = functools.lru_cache(maxsize=count)(self._phrases)

    def read(self, pages: Pages) -> None:
        """Read the zones and add duties and phrases."""
        statements = list(self._statements(pages))
        find = functools.cache(self._found)  # statements that come again in a batch are read once
        found = [find(norms) for _, _, norms in statements]
        pages.duties = Spans(*np.array([(first, first + len(n), owner) for first, owner, n in statements], np.int64).reshape(-1, 3).T)
        pages.purposes = [(s[0] + p[0], s[0] + p[1]) if p else None for s, (_, p) in zip(statements, found, strict=True)]
        bounds = np.array(list(itertools.chain.from_iterable(b for b, _ in found)), np.int64).reshape(-1, 4)
        duty = np.repeat(np.arange(len(found)), [len(b) // 4 for b, _ in found])
        pages.phrases = np.column_stack([duty, bounds + pages.duties.begin[duty, None]])
        pages.codes, pages.phrase_codes = ["D"] * len(found), ["D"] * len(bounds)

    def _found(self, norms: tuple[str, ...]) -> tuple[list[int], Bounds | None]:
        """The bounds of a statement's phrases one after another, verb's and object's, and its purpose."""
        pairs, purpose = self._phrases(norms)
        return [at for (v, v_end), (o, o_end) in pairs for at in (v, v_end, o, o_end)], purpose

    def _statements(self, pages: Pages) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """The first token, the posting, and the normal forms of each duty statement."""
        at = [n for n, label in enumerate(pages.labels) if label == "D"]
        zones = Spans(pages.zones.begin[at], pages.zones.stop[at], pages.zones.owner[at])
        tokens = ranges(zones.begin, zones.stop - zones.begin)
        table = pages.lexicon.norms
        starts, norms = pages.start[tokens].tolist(), [table[form] for form in pages.lexicon.norm[pages.word[tokens]].tolist()]
        texts, low = pages.texts, 0
        ends = pages.end[zones.stop - 1].tolist()
        for begin, stop, owner, end in zip(zones.begin.tolist(), zones.stop.tolist(), zones.owner.tolist(), ends, strict=True):
            high = low + stop - begin
            first, last = self._statement(texts[owner], starts, low, high, end)
            while first < last and not norms[first].strip():  # a reader sees nothing in these
                first += 1
            while last > first and not norms[last - 1].strip():
                last -= 1
            if last > first:
                yield begin + first - low, owner, tuple(norms[first:last])
            low = high

    def _statement(self, text: str, starts: list[int], low: int, high: int, end: int) -> tuple[int, int]:
        """The tokens of a zone without what stands before and after the statement; none where nothing is left.

        starts: the characters at which tokens begin, those of the zone from `low` to `high`; end: where the zone ends.
        """
        start = starts[low]
        mark = None if WORDY.match(text, start, end) else LIST_MARK.match(text, start, end)
        if mark and mark.end() < end:
            start = mark.end()
        colon = text.find(":", start, end) >= 0 or text.find("：", start, end) >= 0
        glued = _GLUED.match(text, start, end) if colon else None
        if glued and glued.end() < end and headings(self.lang).get(plain(glued.group(1))):
            start = glued.end()
            mark = LIST_MARK.match(text, start, end)
            if mark and mark.end() < end:
                start = mark.end()
        while start < end and text[start] in _LEADING:
            start += 1
        while end > start and text[end - 1] in _TRAILING:
            end -= 1
        if end <= start:
            return low, low
        return bisect.bisect_right(starts, start, low, high) - 1, bisect.bisect_right(starts, end - 1, low, high)

    def leave(self, pages: Pages, docs: Sequence[Doc]) -> None:
        """Spans of duties and phrases, without codes."""
        leave_duties(pages, docs, {})


def leave_duties(pages: Pages, docs: Sequence[Doc], more: Mapping[str, Any]) -> None:
    """The duties and phrases of the pages as spans of the Docs. more: values a duty or posting, for the duties' `attrs`."""
    edges = pages.duties.edges(len(pages))
    phrase_edges = np.searchsorted(pages.phrases[:, 0], edges).tolist()
    bounds = pages.phrases[:, 1:]
    whole = Spans(bounds[:, [0, 2]].min(axis=1), bounds[:, [1, 3]].max(axis=1), pages.duties.owner[pages.phrases[:, 0]])
    for number, doc in enumerate(docs):
        base, mine = int(pages.first[number]), slice(edges[number], edges[number + 1])
        own = pages.phrases[phrase_edges[number] : phrase_edges[number + 1]]
        attrs = {
            "duty": (own[:, 0] - edges[number]).tolist(),
            "verb": (own[:, 1:3] - base).tolist(),
            "object": (own[:, 3:5] - base).tolist(),
        }
        doc.spans["phrases"] = SpanGroup(doc, name="phrases", attrs=attrs, spans=pages.spans(doc, number, whole, pages.phrase_codes))
        purposes = [[p[0] - base, p[1] - base] if p else None for p in pages.purposes[mine]]
        doc.spans["duties"] = SpanGroup(
            doc, name="duties", attrs={"purpose": purposes, **{k: v(number, mine) for k, v in more.items()}},
            spans=pages.spans(doc, number, pages.duties, pages.codes),
        )  # fmt: skip


@Language.factory("jd_duties", requires=["doc.spans"], assigns=["doc.spans"])
def create(nlp: Language, name: str) -> Duties:
    """The factory named in a model's `config.cfg`."""
    return Duties(str(nlp.lang))

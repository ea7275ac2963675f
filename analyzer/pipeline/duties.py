"""`jd_duties`: the duty statements of a posting, list mark and glued heading left out, and the phrases inside them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from analyzer.pipeline.component import Batched
from analyzer.pipeline.features import ranges
from analyzer.pipeline.pages import Ints, Pages, Spans
from analyzer.pipeline.phrases import Kinds, Phrases, read_phrases
from analyzer.pipeline.statements import statements, whole_jobs


class Duties(Batched):
    """Leaves `doc.spans["duties"]` (one span a statement) and `doc.spans["phrases"]`, with the duty of each in `attrs`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.kinds = Kinds(lang)
        self.remember_lines(0)

    def remember_lines(self, count: int) -> None:
        """Keep the phrases of the last `count` different statements."""
        lang = self.lang
        self._phrases: Callable[[tuple[str, ...], tuple[int, ...]], Phrases] = lambda norms, kinds: read_phrases(norms, kinds, lang)
        if count:
            self._phrases = functools.lru_cache(maxsize=count)(self._phrases)

    def read(self, pages: Pages) -> None:
        """Read the zones and add duties, and the phrases of those that are read as lists or are to be shown."""
        form = pages.lexicon.norm.take(pages.word)
        pages.duties = duties = statements(pages, self.lang, self.kinds.blank(pages.lexicon).take(form))
        read = np.flatnonzero(whole_jobs(pages) | pages.evidence)
        begin = duties.begin[read]
        found = self._found(pages, form, begin, duties.stop[read] - begin)
        pages.purposes = [None] * len(duties)
        for n, low, (_, purpose) in zip(read.tolist(), begin.tolist(), found, strict=True):
            if purpose:
                pages.purposes[n] = low + purpose[0], low + purpose[1]
        bounds = np.array([at for pairs, _ in found for (v, v_end), (o, o_end) in pairs for at in (v, v_end, o, o_end)], np.int64)
        duty = np.repeat(read, np.fromiter((len(pairs) for pairs, _ in found), np.int64, len(found)))
        pages.phrases = np.column_stack([duty, bounds.reshape(-1, 4) + duties.begin[duty, None]])
        pages.codes, pages.phrase_codes = ["D"] * len(duties), ["D"] * len(duty)

    def _found(self, pages: Pages, form: NDArray[np.int32], begin: Ints, sizes: Ints) -> list[Phrases]:
        """The phrases and the purpose of some duties, from the first token of each and how many it has; form: (T,) of all tokens."""
        table = pages.lexicon.norms
        forms = form[ranges(begin, sizes)]
        kinds = self.kinds.of(pages.lexicon, forms).tolist()
        norms = [table[n] for n in forms.tolist()]
        known: dict[tuple[str, ...], Phrases] = {}  # statements that come again in a batch are read once
        out, low = [], 0
        for high in np.cumsum(sizes).tolist():
            words = tuple(norms[low:high])
            found = known.get(words)
            if found is None:
                found = known[words] = self._phrases(words, tuple(kinds[low:high]))
            out.append(found)
            low = high
        return out

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

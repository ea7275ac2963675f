"""The postings of a batch as arrays: what the components read and write. No Python object is made for a token or a span.

A spaCy Doc of the same posting says the same; `pages_of` reads Docs, and each component's `leave` writes them. Scoring makes no
Docs: making them, and their spans, took a third of its time.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import NORM, ORTH, SENT_START
from spacy.tokens import Doc, Span, SpanGroup

from analyzer.pipeline.component import text_of
from analyzer.pipeline.lexicon import Lexicon, lexicon
from analyzer.text.characters import Characters
from analyzer.text.view import View, simplified, view

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def _none() -> Ints:
    return np.zeros(0, np.int64)


@dataclass
class Spans:
    """Runs of tokens. begin, stop: (N,) tokens, counted through the batch; owner: (N,) the posting each is in."""

    begin: Ints = field(default_factory=_none)
    stop: Ints = field(default_factory=_none)
    owner: Ints = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.begin)

    def edges(self, count: int) -> list[int]:
        """(P + 1) where each posting's spans begin among all, for `count` postings."""
        return np.searchsorted(self.owner, np.arange(count + 1)).tolist()


@dataclass
class Pages:
    """P postings, T tokens counted through the batch.

    word: (T,) number of each token in the lexicon; start, end: (T,) its characters in its own text; first: (P + 1,) where each
    posting's tokens begin. segments: of all postings, as `jd_segments` finds them. zones with label and chance (probability) of
    each; duties with the purpose of each, as tokens; phrases: (M, 5) duty, verb's and object's bounds. Then what `jd_functions`
    adds: codes of duties and phrases; probabilities (N, K), weights (N, F) of duties; raw, scores (P, F), answers (P, A) of
    postings, and the share of their duties' words that are known.

    content: the segments' Batch (see `features.content_of`), once it is asked for. evidence: otherwise phrases and
    purposes that no score depends on are not looked for.
    """

    lang: str
    texts: Sequence[str]
    lexicon: Lexicon
    word: NDArray[np.int32]
    start: Ints
    end: Ints
    first: Ints
    views: Sequence[View] | None = None
    evidence: bool = True
    segments: Spans = field(default_factory=Spans)
    zones: Spans = field(default_factory=Spans)
    labels: list[str] = field(default_factory=list)
    chance: list[float] = field(default_factory=list)
    duties: Spans = field(default_factory=Spans)
    purposes: list[tuple[int, int] | None] = field(default_factory=list)
    phrases: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 5), np.int64))
    codes: list[str] = field(default_factory=list)
    phrase_codes: list[str] = field(default_factory=list)
    probabilities: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    weights: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    raw: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    scores: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    answers: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    known: list[float] | None = None
    content: Any = None

    def __len__(self) -> int:
        return len(self.texts)

    @functools.cached_property
    def given(self) -> Characters:
        """The texts in a row."""
        return Characters(self.texts)

    @functools.cached_property
    def clean(self) -> Characters:
        """Their clean views in a row."""
        return Characters([self.view(number).text for number in range(len(self))])

    def view(self, number: int) -> View:
        """The clean view of a posting's text; of Chinese, simplified."""
        if self.views is None:
            return view(self.texts[number], simplified if self.lang == "zh" else None)
        return self.views[number]

    def norms(self, begin: int, stop: int) -> list[str]:
        """The normal forms of a run of tokens."""
        table = self.lexicon.norms
        return [table[n] for n in self.lexicon.norm[self.word[begin:stop]].tolist()]

    def spans(self, doc: Doc, number: int, group: Spans, labels: Sequence[str]) -> list[Span]:
        """The spans of one posting, on its Doc."""
        base, edges = int(self.first[number]), group.edges(len(self))
        mine = range(edges[number], edges[number + 1])
        return [Span(doc, int(group.begin[i]) - base, int(group.stop[i]) - base, labels[i]) for i in mine]


def pages_of(docs: Sequence[Doc]) -> Pages:
    """What the Docs hold: tokens, segments, and all that the components have left on them so far."""
    lang = docs[0].lang_ if docs else "es"
    known = lexicon(lang)
    word, start, end, opens = [], [], [], []
    for doc in docs:
        array = doc.to_array([ORTH, NORM, SENT_START, "IDX", "LENGTH"]) if len(doc) else np.zeros((0, 5), np.uint64)
        strings = doc.vocab.strings
        pairs, inverse = np.unique(array[:, :2], axis=0, return_inverse=True)
        numbers = np.array([known.changed(strings[int(o)], strings[int(n)]) for o, n in pairs], np.int32)
        word.append(numbers[inverse.ravel()] if len(pairs) else np.zeros(0, np.int32))
        at = array[:, 3].astype(np.int64)
        start.append(at)
        end.append(at + array[:, 4].astype(np.int64))
        begin = array[:, 2] == 1
        begin[:1] = True
        opens.append(begin)
    join = np.concatenate
    first = np.append(0, np.cumsum([len(d) for d in docs])).astype(np.int64)
    texts = [text_of(d) for d in docs]
    if not docs:
        return Pages(lang, texts, known, np.zeros(0, np.int32), _none(), _none(), first)
    pages = Pages(lang, texts, known, join(word), join(start), join(end), first)
    pages.segments = segments_at(pages, np.flatnonzero(join(opens)))
    pages.zones, pages.labels = _group(docs, "zones", first)
    pages.duties, pages.codes = _group(docs, "duties", first)
    _take_duties(pages, docs)
    return pages


def segments_at(pages: Pages, opens: Ints) -> Spans:
    """Spans over all tokens from where each begins."""
    return Spans(opens, np.append(opens[1:], len(pages.word))[: len(opens)], np.searchsorted(pages.first, opens, side="right") - 1)


def _spans(doc: Doc, name: str) -> SpanGroup | None:
    return doc.spans[name] if name in doc.spans else None  # noqa: SIM401  a SpanGroups has no such get


def _group(docs: Sequence[Doc], name: str, first: Ints) -> tuple[Spans, list[str]]:
    rows = [
        (s.start + int(base), s.end + int(base), n, s.label_)
        for n, (d, base) in enumerate(zip(docs, first, strict=False))
        for s in _spans(d, name) or ()
    ]
    numbers = np.array([r[:3] for r in rows], np.int64).reshape(-1, 3)
    return Spans(numbers[:, 0], numbers[:, 1], numbers[:, 2]), [r[3] for r in rows]


def _take_duties(pages: Pages, docs: Sequence[Doc]) -> None:
    """Purposes, phrases, and the numbers of duties and postings, where the Docs have them."""
    phrases: list[tuple[int, ...]] = []
    numbers: dict[str, list[Any]] = {"probabilities": [], "weights": [], "raw": []}
    before = 0
    for doc, base in zip(docs, pages.first.tolist(), strict=False):
        duties, found = _spans(doc, "duties"), _spans(doc, "phrases")
        if duties is None or found is None:
            continue
        pages.purposes += [(p[0] + base, p[1] + base) if p else None for p in duties.attrs.get("purpose", [None] * len(duties))]
        for duty, verb, target in zip(found.attrs["duty"], found.attrs["verb"], found.attrs["object"], strict=True):
            phrases.append((duty + before, verb[0] + base, verb[1] + base, target[0] + base, target[1] + base))
        pages.phrase_codes += [s.label_ for s in found]
        before += len(duties)
        for name, values in numbers.items():
            if name in duties.attrs:
                values.append(np.atleast_2d(duties.attrs[name]))
    pages.phrases = np.array(phrases, np.int64).reshape(-1, 5)
    for name, values in numbers.items():
        if values:
            setattr(pages, name, np.concatenate([v for v in values if v.size] or values[:1]))


def of_scores(docs: Sequence[Doc], functions: Sequence[str], answers: Sequence[str]) -> tuple[Floats, Floats]:
    """Scores and answers that `jd_functions` left in `doc.cats`."""
    scores = np.array([[d.cats[f] for f in functions] for d in docs])
    return scores, np.array([[d.cats[f"primary:{a}"] for a in answers] for d in docs])

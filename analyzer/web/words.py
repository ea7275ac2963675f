"""The words of a duty that mattered: what its features add to the code it was given, laid back on the text."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from spacy.util import get_lang_class

from analyzer.analysis import Analysis, Piece, rounded
from analyzer.analyzer import Analyzer
from analyzer.language import Found
from analyzer.pipeline.features import content_of, restrict
from analyzer.pipeline.functions import Functions
from analyzer.pipeline.pages import Pages
from analyzer.reading import Reader

MOST = 5
"""Words told of a duty."""
LEAST = 0.15
"""Words that add less than this share of what the strongest one adds are left out."""

Word = tuple[Piece, float]


class ExplainingAnalyzer(Analyzer):
    """An Analyzer that also tells, for every Analysis, the words of its duties that mattered."""

    def __init__(self, models: str | None = None) -> None:
        """models: as for `Analyzer`."""
        super().__init__(models)
        self._seen: dict[str, list[list[Word]]] | None = None
        self._explained: tuple[Reader, list[list[list[Word]]]] | None = None  # of the batch that is being read

    def explain_many(self, items: Sequence[Mapping[str, Any]]) -> list[tuple[Analysis, list[list[Word]]]]:
        """Analyses of the items, in order, each with a list of (piece, log-odds added) for each of its duties, strongest first."""
        self._seen = {}
        analyses = list(self.analyze_many([{**item, "id": str(n)} for n, item in enumerate(items)]))
        seen, self._seen, self._explained = self._seen, None, None
        return [(replace(a, id=item.get("id")), seen.get(str(n), [])) for n, (a, item) in enumerate(zip(analyses, items, strict=True))]

    def _read(self, reader: Reader, place: int, item: Mapping[str, Any], found: Found) -> Analysis:
        analysis = super()._read(reader, place, item, found)
        if self._seen is not None:
            if self._explained is None or self._explained[0] is not reader:
                self._explained = reader, words_that_mattered(reader.component, reader.pages)
            self._seen[str(item["id"])] = self._explained[1][place]
        return analysis


def words_that_mattered(component: Functions, pages: Pages) -> list[list[list[Word]]]:
    """For each duty of each posting that went through the pipeline: its words and what each adds to the log-odds of its code.

    A feature's addition is its weight for the code less its mean weight over all codes, times its value in the duty;
    that of a pair of words is halved between them, and that of a word met twice between its places.
    """
    model, duties = component.duty, pages.duties
    out: list[list[list[Word]]] = [[] for _ in range(len(pages))]
    if model is None or not len(duties):
        return out
    batch = restrict(content_of(pages), duties)
    rows = model.space.matrix(batch)
    segment, feature, position, span = model.space.occurrences(batch)
    order = np.argsort(segment, kind="stable")
    edges = np.searchsorted(segment[order], np.arange(len(duties) + 1))
    for number, (owner, name) in enumerate(zip(duties.owner.tolist(), pages.codes, strict=True)):
        mine = order[edges[number] : edges[number + 1]]
        code = model.codes.index(name)
        columns, values = (part[rows.indptr[number] : rows.indptr[number + 1]] for part in (rows.indices, rows.data))
        own = model.a["own"][columns]
        added = dict(zip(columns.tolist(), (values * (own[:, code] - own.mean(axis=1))).tolist(), strict=True))
        times = Counter(feature[mine].tolist())
        by_token: dict[int, float] = {}
        for f, p, s in zip(feature[mine].tolist(), position[mine].tolist(), span[mine].tolist(), strict=True):
            for offset in range(s):
                token = int(batch.at[p + offset])
                by_token[token] = by_token.get(token, 0.0) + added[f] / (s * times[f])
        out[owner].append(_strongest(pages, owner, by_token))
    return out


@functools.cache
def stop_words(lang: str) -> frozenset[str]:
    """Words without a meaning of their own, which explain nothing to a reader."""
    return frozenset(get_lang_class(lang).Defaults.stop_words)


def _strongest(pages: Pages, owner: int, by_token: dict[int, float]) -> list[Word]:
    stops, text = stop_words(pages.lang), pages.texts[owner]
    norms = {token: pages.norms(token, token + 1)[0] for token in by_token}
    told = {token: value for token, value in by_token.items() if norms[token] not in stops and len(norms[token]) > 1}
    ordered = sorted(told.items(), key=lambda item: (-item[1], item[0]))
    least = LEAST * ordered[0][1] if ordered else 0.0
    found = []
    for token, value in ordered[:MOST]:
        if value <= 0 or value < least:
            break
        start, end = int(pages.start[token]), int(pages.end[token])
        found.append((Piece(start, end, text[start:end]), rounded(value)))
    return found

"""The words of a duty that mattered: what its features add to the code it was given, laid back on the text."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_lang_class

from analyzer.analysis import Analysis, Piece, rounded
from analyzer.analyzer import Analyzer
from analyzer.language import Found
from analyzer.pipeline.functions import Functions, duty_batch

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

    def explain_many(self, items: Sequence[Mapping[str, Any]]) -> list[tuple[Analysis, list[list[Word]]]]:
        """Analyses of the items, in order, each with a list of (piece, log-odds added) for each of its duties, strongest first."""
        self._seen = {}
        analyses = list(self.analyze_many([{**item, "id": str(n)} for n, item in enumerate(items)]))
        seen, self._seen = self._seen, None
        return [(replace(a, id=item.get("id")), seen.get(str(n), [])) for n, (a, item) in enumerate(zip(analyses, items, strict=True))]

    def _read(self, nlp: Language, doc: Doc, item: Mapping[str, Any], found: Found) -> Analysis:
        analysis = super()._read(nlp, doc, item, found)
        if self._seen is not None:
            self._seen[str(item["id"])] = words_that_mattered(nlp, doc)
        return analysis


def words_that_mattered(nlp: Language, doc: Doc) -> list[list[Word]]:
    """For each duty of a Doc that went through the pipeline: its words and what each adds to the log-odds of its code.

    A feature's addition is its weight for the code less its mean weight over all codes, times its value in the duty;
    that of a pair of words is halved between them, and that of a word met twice between its places.
    """
    component: Functions = nlp.get_pipe("jd_functions")  # type: ignore[assignment]
    model = component.duty
    duties = doc.spans["duties"]
    if model is None or not len(duties):
        return [[] for _ in duties]
    batch = duty_batch([doc])
    rows = model.space.matrix(batch)
    segment, feature, position, span = model.space.occurrences(batch)
    order = np.argsort(segment, kind="stable")
    edges = np.searchsorted(segment[order], np.arange(len(duties) + 1))
    out: list[list[Word]] = []
    for number, duty in enumerate(duties):
        mine = order[edges[number] : edges[number + 1]]
        code = model.codes.index(duty.label_)
        columns, values = (part[rows.indptr[number] : rows.indptr[number + 1]] for part in (rows.indices, rows.data))
        own = model.a["own"][columns]
        added = dict(zip(columns.tolist(), (values * (own[:, code] - own.mean(axis=1))).tolist(), strict=True))
        times = Counter(feature[mine].tolist())
        by_token: dict[int, float] = {}
        for f, p, s in zip(feature[mine].tolist(), position[mine].tolist(), span[mine].tolist(), strict=True):
            for offset in range(s):
                token = int(batch.token[p + offset])
                by_token[token] = by_token.get(token, 0.0) + added[f] / (s * times[f])
        out.append(_strongest(doc, by_token))
    return out


@functools.cache
def stop_words(lang: str) -> frozenset[str]:
    """Words without a meaning of their own, which explain nothing to a reader."""
    return frozenset(get_lang_class(lang).Defaults.stop_words)


def _strongest(doc: Doc, by_token: dict[int, float]) -> list[Word]:
    stops = stop_words(doc.lang_)
    told = {token: value for token, value in by_token.items() if doc[token].norm_ not in stops and len(doc[token].norm_) > 1}
    ordered = sorted(told.items(), key=lambda item: (-item[1], item[0]))
    least = LEAST * ordered[0][1] if ordered else 0.0
    found = []
    for token, value in ordered[:MOST]:
        if value <= 0 or value < least:
            break
        t = doc[token]
        found.append((Piece(t.idx, t.idx + len(t.text), t.text), rounded(value)))
    return found

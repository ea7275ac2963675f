"""`jd_segments`: sentence starts, so that `doc.sents` are the segments of the posting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.lang.tables import heading_finder
from analyzer.pipeline.component import Batched
from analyzer.pipeline.pages import Pages, segments_at
from analyzer.text.segments import segments


class Segments(Batched):
    """Stateless: the boundaries of `text.segments` on the clean view, moved to the tokens of the posting."""

    def read(self, pages: Pages) -> None:
        """Find the first token of every segment."""
        sizes = np.array([len(text) + 1 for text in pages.texts], np.int64)
        base = np.cumsum(sizes) - sizes
        tokens = pages.start + np.repeat(base, np.diff(pages.first))  # places of all texts in one row, so that one search finds them all
        views = [pages.view(number) for number in range(len(pages))]
        row = pages.clean
        places = segments(row, heading_finder(pages.lang).inside(row.text))
        owner = row.owner(places)
        places = places - row.begin[owner]
        edges = np.searchsorted(owner, np.arange(len(pages) + 1)).tolist()
        for number, seen in enumerate(views):
            if seen.begin is not None and len(seen.begin):
                mine = slice(edges[number], edges[number + 1])
                places[mine] = seen.begin[places[mine]]
        at = np.searchsorted(tokens, places + base[owner], side="left")
        opens = np.zeros(len(tokens) + 1, np.bool_)
        opens[at[at < pages.first[owner + 1]]] = True
        opens[pages.first[:-1][np.diff(pages.first) > 0]] = True
        pages.segments = segments_at(pages, np.flatnonzero(opens))

    def leave(self, pages: Pages, docs: Sequence[Doc]) -> None:
        """Mark the first token of every segment."""
        for begin, owner in zip(pages.segments.begin.tolist(), pages.segments.owner.tolist(), strict=True):
            docs[owner][begin - int(pages.first[owner])].is_sent_start = True


@Language.factory("jd_segments", assigns=["doc.sents"])
def create(nlp: Language, name: str) -> Segments:
    """The factory named in a model's `config.cfg`."""
    return Segments()

"""`jd_segments`: sentence starts, so that `doc.sents` are the segments of the posting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.lang.tables import heading_finder
from analyzer.pipeline.component import Batched
from analyzer.pipeline.pages import Pages, segments_at
from analyzer.text.segments import boundaries


class Segments(Batched):
    """Stateless: the boundaries of `text.segments` on the clean view, moved to the tokens of the posting."""

    def read(self, pages: Pages) -> None:
        """Find the first token of every segment."""
        sizes = np.array([len(text) + 1 for text in pages.texts], np.int64)
        base = np.cumsum(sizes) - sizes
        owner = np.repeat(np.arange(len(pages)), np.diff(pages.first))
        tokens = pages.start + base[owner]  # places of all texts in one row, so that one search finds them all
        found = []
        headings = heading_finder(pages.lang)
        for number in range(len(pages)):
            seen = pages.view(number)
            places = np.array(boundaries(seen.text, headings.inside(seen.text)), np.int64)
            if seen.begin is not None and len(seen.begin):
                places = seen.begin[places].astype(np.int64)
            at = np.searchsorted(tokens, places + base[number], side="left")
            found.append(at[at < pages.first[number + 1]])
        filled = pages.first[:-1][np.diff(pages.first) > 0]
        pages.segments = segments_at(pages, np.unique(np.concatenate([*found, filled]))) if found else pages.segments

    def leave(self, pages: Pages, docs: Sequence[Doc]) -> None:
        """Mark the first token of every segment."""
        for begin, owner in zip(pages.segments.begin.tolist(), pages.segments.owner.tolist(), strict=True):
            docs[owner][begin - int(pages.first[owner])].is_sent_start = True


@Language.factory("jd_segments", assigns=["doc.sents"])
def create(nlp: Language, name: str) -> Segments:
    """The factory named in a model's `config.cfg`."""
    return Segments()

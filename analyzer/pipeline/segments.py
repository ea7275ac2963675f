"""`jd_segments`: sentence starts, so that `doc.sents` are the segments of the posting."""

from __future__ import annotations

import numpy as np
from spacy.attrs import IDX
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.pipeline.component import text_of
from analyzer.text.segments import boundaries
from analyzer.text.view import view


class Segments:
    """Stateless: the boundaries of `text.segments` on the clean view, moved to the tokens of the Doc."""

    def __call__(self, doc: Doc) -> Doc:
        """Mark the first token of every segment."""
        if not len(doc):
            return doc
        seen = view(text_of(doc))
        places = boundaries(seen.text)
        if seen.begin is not None and len(seen.begin):
            places = seen.begin[places].tolist()
        tokens = np.searchsorted(doc.to_array([IDX]).ravel(), places, side="left")
        for token in {int(t) for t in tokens if t < len(doc)} | {0}:
            doc[token].is_sent_start = True
        return doc


@Language.factory("jd_segments", assigns=["doc.sents"])
def create(nlp: Language, name: str) -> Segments:
    """The factory named in a model's `config.cfg`."""
    return Segments()

"""From labelled postings to what models learn from: Docs with segments, gold zones, gold duties and their codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from analyzer.analysis import SHIPPED, Scheme
from analyzer.pipeline.duties import Duties
from analyzer.pipeline.features import Batch, make_batch
from analyzer.pipeline.tokenizer import blank
from analyzer.profiles import Profiles
from analyzer.training.augment import changed_copies
from analyzer.training.corpus import Posting, aligned


def cutter(nlp: Language) -> Language:
    """A pipeline that cuts as this one does, with its dictionary, and does no more."""
    plain = blank(str(nlp.lang), entries=getattr(nlp.tokenizer, "entries", None))
    plain.add_pipe("jd_segments")
    return plain


@dataclass
class Prepared:
    """Labelled postings through tokenizer and segments.

    lengths: (P,) segments a posting; zones: (S,) gold zone of each segment; codes: (S,) its gold codes. scheme: the
    functions that are learned; profiles: a user's own, whose titles are.
    """

    postings: Sequence[Posting]
    docs: list[Doc]
    batch: Batch
    lengths: NDArray[np.int64]
    zones: list[str]
    codes: list[list[str]]
    copies: Prepared | None = None
    """Changed copies of the postings, all postings in order once or more; the zone model learns from them too."""
    scheme: Scheme = SHIPPED
    profiles: Profiles | None = None

    def __len__(self) -> int:
        return len(self.postings)

    def stops(self) -> NDArray[np.int64]:
        """(P + 1,) where each posting's segments begin, and the end of the last."""
        return np.append(0, np.cumsum(self.lengths))


def prepare(
    nlp: Language, postings: Sequence[Posting], copies: int = 0, scheme: Scheme = SHIPPED, profiles: Profiles | None = None
) -> Prepared:
    """Run tokenizer and segments (a pipeline without trained parts) and lay the labels over the segments.

    copies: how many changed copies of each posting are prepared beside them (`training.augment`).
    """
    prepared = _prepare(nlp, postings)
    prepared.scheme, prepared.profiles = scheme, profiles
    if copies:
        prepared.copies = _prepare(nlp, changed_copies(postings, copies))
    return prepared


def _prepare(nlp: Language, postings: Sequence[Posting]) -> Prepared:
    docs = [nlp(p["text"]) for p in postings]
    batch = make_batch(docs)
    lengths = np.bincount(batch.doc, minlength=len(docs))
    zones: list[str] = []
    codes: list[list[str]] = []
    at = 0
    for posting, doc, count in zip(postings, docs, lengths.tolist(), strict=True):
        begin = [t.idx for t in doc] + [len(doc.text)]
        starts = [begin[i] for i in batch.starts[at : at + count].tolist()]
        ends = [begin[i] for i in batch.ends[at : at + count].tolist()]
        z, c = aligned(posting, starts, ends)
        zones += z
        codes += c
        at += count
    return Prepared(postings, docs, batch, lengths, zones, codes)


def set_zones(prepared: Prepared, zones: Sequence[str], chosen: Sequence[int], lang: str) -> None:
    """Give the chosen Docs these zones (over all segments) and the duties that follow from them."""
    duties = Duties(lang)
    stops = prepared.stops()
    for number in chosen:
        doc, segments = prepared.docs[number], range(stops[number], stops[number + 1])
        spans = [Span(doc, int(prepared.batch.starts[i]), int(prepared.batch.ends[i]), zones[i]) for i in segments]
        doc.spans["zones"] = SpanGroup(doc, name="zones", spans=spans)
        duties(doc)


def duty_labels(prepared: Prepared, chosen: Sequence[int]) -> tuple[list[list[str]], NDArray[np.int64]]:
    """Gold codes of each duty now on the chosen Docs (empty where the label is no duty), and its Doc's place in `chosen`."""
    stops = prepared.stops()
    codes: list[list[str]] = []
    owner: list[int] = []
    for place, number in enumerate(chosen):
        starts = prepared.batch.starts[stops[number] : stops[number + 1]]
        for duty in prepared.docs[number].spans["duties"]:
            segment = int(np.searchsorted(starts, duty.start, side="right")) - 1
            codes.append(prepared.codes[stops[number] + segment])
            owner.append(place)
    return codes, np.array(owner, np.int64)


def expand(codes: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """One row a (duty, code): the duty's index, the code's index, and its weight (a duty's weights add up to 1)."""
    index = {n: i for i, n in enumerate(names)}
    rows = [(d, index[c], 1 / len(cs)) for d, cs in enumerate(codes) for c in cs]
    duty, code, weight = zip(*rows, strict=True)
    return np.array(duty), np.array(code), np.array(weight)

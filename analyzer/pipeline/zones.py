"""`jd_zones`: the zone of every segment, decided over the whole posting by a conditional random field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from analyzer.errors import ModelDamaged
from analyzer.pipeline import store
from analyzer.pipeline.component import Batched
from analyzer.pipeline.crf import marginals
from analyzer.pipeline.features import FeatureSpace, content_of
from analyzer.pipeline.form import FORM_WIDTH
from analyzer.pipeline.pages import Pages
from analyzer.pipeline.zone_features import STATES, ZONES, Parts, emissions

_SHAPES = {"idf": ("V",), "weights": ("F", "K"), "transitions": ("K", "K"), "start": ("K",), "end": ("K",)}
_OF_ZONE = [[i for i, s in enumerate(STATES) if s[0] == z] for z in ZONES]

_DUTY = ZONES.index("D")
LEAST_OF_A_LONE_DUTY = 0.15
"""A posting of which no segment is most likely a duty has one all the same, its likeliest, from this probability on:
that a posting says nothing at all of the work is rarer than that it says so in an unusual place."""


def lone_duties(chance: NDArray[Any], found: NDArray[np.bool_], owner: NDArray[Any]) -> NDArray[np.int64]:
    """Of each posting without a found duty the segment that is likeliest one, if it is likely enough. owner: ascending."""
    begins = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    without = ~np.logical_or.reduceat(found, begins)
    order = np.lexsort((-chance, owner))[begins]
    return order[without & (chance[order] >= LEAST_OF_A_LONE_DUTY)]


class Zones(Batched):
    """Leaves `doc.spans["zones"]`: one span a segment, labelled D R B C H or X, with its probability in `attrs`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.space: FeatureSpace | None = None
        self.arrays: dict[str, NDArray[Any]] = {}

    def set_weights(self, space: FeatureSpace, weights: Any, transitions: Any, start: Any, end: Any) -> None:
        """Take trained parts: weights (F, K), transitions (K, K), start and end (K,), K internal states."""
        self.space = space
        self.parts = Parts.of(weights, len(space))
        self.arrays = {"weights": weights, "transitions": transitions, "start": start, "end": end}

    def read(self, pages: Pages) -> None:
        """Decode the segments of all postings at once."""
        if self.space is None:
            raise ValueError("JD-103: the zone model has no weights; load a trained model or train one")
        batch, a = content_of(pages), self.arrays
        pages.zones, pages.labels, pages.chance = pages.segments, [], []
        if len(batch):
            lengths = np.bincount(batch.doc, minlength=len(pages))
            scores = emissions(batch, self.space, self.lang, self.parts)
            states = marginals(scores, lengths[lengths > 0], a["transitions"], a["start"], a["end"])
            zones = np.stack([states[:, own].sum(axis=1) for own in _OF_ZONE], axis=1)
            best = zones.argmax(axis=1)
            lone = lone_duties(zones[:, _DUTY], best == _DUTY, np.asarray(batch.doc))
            best[lone] = _DUTY
            pages.labels = [ZONES[zone] for zone in best.tolist()]
            pages.chance = zones[np.arange(len(best)), best].tolist()

    def leave(self, pages: Pages, docs: Sequence[Doc]) -> None:
        """One span a segment."""
        edges = pages.zones.edges(len(pages))
        for number, doc in enumerate(docs):
            attrs = {"probability": pages.chance[edges[number] : edges[number + 1]]}
            doc.spans["zones"] = SpanGroup(doc, name="zones", attrs=attrs, spans=pages.spans(doc, number, pages.zones, pages.labels))

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the component's folder."""
        assert self.space is not None
        arrays = {k: v.astype(np.float32) for k, v in self.arrays.items()} | {"idf": self.space.weights}
        store.write(Path(path), arrays, {"states": list(STATES)}, self.space.names)

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> Zones:
        """Read the component's folder; raises ModelDamaged where it is not whole."""
        arrays, _, names = store.read(Path(path), _SHAPES)
        if arrays["weights"].shape != (4 * len(names) + 3 * FORM_WIDTH + 2 * len(names), len(STATES)):
            raise ModelDamaged(f"{Path(path).name}: the weights do not fit this version's features; train the model again")
        space = FeatureSpace(self.lang, names, arrays["idf"])
        self.set_weights(space, *(arrays[k].astype(np.float64) for k in ("weights", "transitions", "start", "end")))
        return self


@Language.factory("jd_zones", requires=["doc.sents"], assigns=["doc.spans"])
def create(nlp: Language, name: str) -> Zones:
    """The factory named in a model's `config.cfg`."""
    return Zones(str(nlp.lang))

"""A vocabulary within a larger one: words are looked up, and what occurs in a batch is found, once for two models."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.pipeline.features import Batch, FeatureSpace, ones
from analyzer.pipeline.lexicon import Lexicon

Ints = NDArray[np.int64]


def within(space: FeatureSpace, larger: FeatureSpace) -> FeatureSpace:
    """The space, taking what it counts from the larger one, if that holds all its names in the same order; else the space itself."""
    own = {name: at for at, name in enumerate(space.names)}
    places = np.fromiter(map(own.get, larger.names, itertools.repeat(-1)), np.int64, len(larger.names))
    held = places[places >= 0]
    if larger is space or len(held) < len(own) or (held[1:] < held[:-1]).any():
        return space
    return PartSpace(space, larger, places)


class PartSpace(FeatureSpace):
    """A `FeatureSpace` that gives what it would give alone, from what a larger one found."""

    def __init__(self, space: FeatureSpace, larger: FeatureSpace, places: Ints) -> None:
        """places: for each feature of the larger space the one of this space, ascending, or -1."""
        super().__init__(space.lang, space.names, space.weights)
        self.larger, self.places = larger, places
        larger.shared = True

    def features_of(self, known: Lexicon, first: int) -> tuple[Ints, Ints]:
        """Those that the larger space has for each normal form, and are here."""
        offsets, flat = self.larger.table(known)
        here = self.places.take(flat[offsets[first] :])
        return np.diff(np.append(0, np.cumsum(here >= 0))[offsets[first:] - offsets[first]]), here[here >= 0]

    def occurrences(self, batch: Batch) -> tuple[Ints, Ints, Ints, Ints]:
        """What the larger space finds, and is here."""
        segment, feature, position, span = self.larger.occurrences(batch)
        here = self.places.take(feature)
        kept = here >= 0
        return segment[kept], here[kept], position[kept], span[kept]

    def counts(self, batch: Batch) -> sparse.csr_matrix:
        """The larger space's counts in the columns that are here."""
        counts = self.larger.counts(batch)
        columns = self.places.astype(counts.indices.dtype).take(counts.indices)
        kept = columns >= 0
        indptr = np.append(0, np.cumsum(kept))[counts.indptr].astype(counts.indptr.dtype)
        return ones(columns[kept], indptr, (len(batch), len(self)))

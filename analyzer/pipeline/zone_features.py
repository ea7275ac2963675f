"""What tells a segment's zone: its words, its form, the heading it is or stands under, its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.pipeline.features import Batch, FeatureSpace
from analyzer.pipeline.form import FORM_WIDTH, form_matrix

ZONES = ("D", "R", "B", "C", "H", "X")
STATES = ("D", "R", "B", "C", "X", "HD", "HR", "HB", "HC")
"""Internal states: a heading knows what it opens (HC: the company or the rest)."""
OPENED = {"D": "HD", "R": "HR", "B": "HB", "C": "HC", "X": "HC"}

WORDS = 3.0
"""How loud a segment's own words speak beside its form and place: less, and the model trusts the order of zones too much."""


def zone_matrix(batch: Batch, space: FeatureSpace, lang: str) -> sparse.csr_matrix:
    """(S, F): the segment's words and pairs, its first and last words, its form, and its neighbours' beginnings and forms."""
    words = space.matrix(batch) * WORDS
    first, second, last = (space.picked(batch, which) for which in ("first", "second", "last"))
    form = form_matrix(batch, lang)
    before, after = _neighbours(batch)
    return sparse.hstack(
        [words, first, second, last, form, before @ first, after @ first, before @ form, after @ form], format="csr", dtype=np.float32
    )


def _neighbours(batch: Batch) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Matrices that move each row to the segment after it, or before it, within one posting."""
    size = len(batch)
    same: NDArray[np.int64] = np.flatnonzero(batch.doc[1:] == batch.doc[:-1])
    ones = np.ones(len(same), np.float32)
    return sparse.csr_matrix((ones, (same + 1, same)), (size, size)), sparse.csr_matrix((ones, (same, same + 1)), (size, size))


@dataclass(frozen=True)
class Parts:
    """The weights (F, K) of `zone_matrix`'s columns by what they are multiplied with.

    words (V, K); first and form (…, 3 K): a segment's own, the next segment's, the one before's; second, last (V, K).
    """

    words: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    last: NDArray[np.float64]
    form: NDArray[np.float64]

    @classmethod
    def of(cls, weights: NDArray[np.float64], size: int) -> Parts:
        """weights: (F, K), of a vocabulary of `size` features."""
        sizes = [size, size, size, size, FORM_WIDTH, size, size, FORM_WIDTH, FORM_WIDTH]
        words, first, second, last, form, first_before, first_after, form_before, form_after = np.split(weights, np.cumsum(sizes)[:-1])
        return cls(words, np.hstack([first, first_before, first_after]), second, last, np.hstack([form, form_before, form_after]))


def emissions(batch: Batch, space: FeatureSpace, lang: str, parts: Parts) -> NDArray[np.float64]:
    """(S, K): `zone_matrix @ weights`, without making that matrix."""
    states = parts.words.shape[1]
    out = (space.matrix(batch) * WORDS) @ parts.words
    out += space.picked(batch, "second") @ parts.second
    out += space.picked(batch, "last") @ parts.last
    near = space.picked(batch, "first") @ parts.first + form_matrix(batch, lang) @ parts.form
    out += near[:, :states]
    same = np.flatnonzero(batch.doc[1:] == batch.doc[:-1])
    out[same + 1] += near[same, states : 2 * states]
    out[same] += near[same + 1, 2 * states :]
    return out

"""What codes the duties of postings have: a linear model that looks twice, and lists read by their items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from spacy.tokens import Doc

from analyzer.pipeline.features import Batch, FeatureSpace, content_of, restrict
from analyzer.pipeline.pages import Pages, Spans, pages_of
from analyzer.pipeline.statements import whole_jobs
from analyzer.pipeline.sums import Array, other_means, others_times, sums, whole_texts


def softmax(logits: Array) -> Array:
    """Rows to probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


class DutyModel:
    """Codes of duties, in two looks.

    The first is linear in the duty's own words and the words of its posting's other duties. The second moves it by
    what those were taken for, and by what the whole text speaks of: the same words serve different functions in a
    shop's posting and in a brand manager's.
    """

    def __init__(self, codes: Sequence[str], space: FeatureSpace, arrays: Mapping[str, Array]) -> None:
        self.codes = list(codes)
        self.space = space
        self.a = dict(arrays)

    def first_look(self, rows: sparse.csr_matrix, owner: NDArray[np.int64]) -> Array:
        """(N, K) logits from the duties' feature rows (N, V) and the posting each belongs to (N,)."""
        return rows @ self.a["own"] + self._around(rows, owner)

    def _around(self, rows: sparse.csr_matrix, owner: NDArray[np.int64]) -> Array:
        return others_times(rows, owner, self.a["context"]) + self.a["bias"]

    def text_logits(self, texts: sparse.csr_matrix) -> Array:
        """(P, A) what whole texts (P, V) speak of: centred logits of the answers."""
        logits = texts @ self.a["text"] + self.a["text_bias"]
        return logits - logits.mean(axis=1, keepdims=True)

    def surroundings(self, own: Array, around: Array, owner: NDArray[np.int64], text: Array) -> Array:
        """(N, K) logits of all but the duty's own words, after both looks.

        own, around: (N, K) the first look, what the own words give and what the rest does; text: (P, A) logits of the postings.
        """
        first = softmax(own + around)
        return around + other_means(first, owner) @ self.a["stack"] + text[owner] @ self.a["text_stack"]

    def judge(self, pages: Pages) -> Judgement:
        """Judge the duties and phrases of the pages."""
        whole = content_of(pages)
        text = self.text_logits(whole_texts(self.space.matrix(whole), whole.doc, len(pages)))
        duties = restrict(whole, pages.duties)
        if not len(duties):
            none = np.zeros((0, len(self.codes)))
            return Judgement(none, none, text, np.ones(len(pages)))
        rows = self.space.matrix(duties)
        own = rows @ self.a["own"]
        around = self.surroundings(own, self._around(rows, duties.doc), duties.doc, text)
        told = softmax(own + around)
        phrases = self._phrases(pages, whole, around)
        return Judgement(
            listed(told, phrases, pages.phrases[:, 0], whole_jobs(pages)), phrases, text, self.known_shares(duties, len(pages))
        )

    def known_shares(self, duties: Batch, count: int) -> Array:
        """(P,) share of the words in the duties of each of `count` postings that are in the vocabulary; 1 where there is no duty."""
        owner = duties.doc[duties.segment]
        every = np.bincount(owner, minlength=count)
        known = np.bincount(owner[self.space.known(duties)], minlength=count)
        return np.where(every > 0, known / np.maximum(every, 1), 1.0)

    def _phrases(self, pages: Pages, whole: Batch, around: Array) -> Array:
        """(M, K) of each phrase, from the words of its verb and object in its duty's surroundings."""
        found = pages.phrases
        if not len(found):
            return np.zeros((0, len(self.codes)))
        both = Spans(np.concatenate([found[:, 1], found[:, 3]]), np.concatenate([found[:, 2], found[:, 4]]), np.tile(found[:, 0], 2))
        half, feature, _, _ = self.space.occurrences(restrict(whole, both))
        rows = self.space.weigh(self.space.presence(half % len(found), feature, len(found)))
        return softmax(rows @ self.a["own"] + around[found[:, 0]])


@dataclass(frozen=True)
class Judgement:
    """duties: (N, K) and phrases: (M, K) probabilities; text: (P, A) logits; known: (P,) shares of words in the vocabulary."""

    duties: Array
    phrases: Array
    text: Array
    known: Array


LISTED = (0.0, 0.0, 0.5, 0.9)
"""Weight of its phrases in a statement of none, one, two, three phrases or more: a list is as good as its items."""
SHARPENED = 3
"""Power that a phrase's probabilities are raised to in a list: a phrase carries one code, whatever surrounds it."""


def listed(duties: Array, phrases: Array, owner: NDArray[np.int64], whole_job: NDArray[np.bool_]) -> Array:
    """(N, K): a statement of several phrases is judged in part by the mean of its phrases, where it tells the whole job.

    So that `brand strategy, image and public relations` is two parts brand and one part marketing. whole_job: (N,) which
    duties are all, or nearly all, that their text says.
    """
    items = whole_job[owner]
    if not items.any():
        return duties
    owner, sharp = owner[items], phrases[items] ** SHARPENED
    total = sums(sharp / sharp.sum(axis=1, keepdims=True), owner, len(duties))
    count = np.bincount(owner, minlength=len(duties))
    weight = np.array(LISTED)[np.minimum(count, len(LISTED) - 1)][:, None]
    return (1 - weight) * duties + weight * total / np.maximum(count, 1)[:, None]


def duty_batch(docs: Sequence[Doc]) -> Batch:
    """The duties of the Docs as the segments of a batch: their content tokens alone."""
    pages = pages_of(docs)
    return restrict(content_of(pages), pages.duties)

"""A small correction of a posting's answers, learned from own labels on top of what a trained model says of them.

The model's log-odds are stretched (slope), shifted (offset) and moved by the shares of the duties. Each of these is
held near "no change" by a normal prior whose strength does not grow with the data: a handful of postings moves little,
thousands move as far as they say. The correction goes into the model's own posting layer, so that a score stays the
sum over its duties and the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from analyzer.pipeline.duty_model import softmax
from analyzer.pipeline.functions import answer_logits, calibrated, function_logits, sigmoid
from analyzer.pipeline.sums import Array

SLOPE, OFFSET, SHARES = 20.0, 15.0, 5.0
"""Precision of the priors of the slope's logarithm, the offsets, and the weights of the shares."""
RARE = 0.25
"""Power by which a posting of a rare answer counts more: the answers are to be told equally well, the rare ones too."""
MIX = 50.0
"""How many postings the shipped mix of life counts as, beside the own postings' mix."""
LAYER = (
    *("share_weights", "text_weights", "rest_bias", "calibration", "prior_shift"),
    *("answer_weights", "text_answers", "answer_bias", "answer_shift", "life", "thresholds"),
)
"""The arrays of a model's posting layer."""


@dataclass(frozen=True)
class Seen:
    """What models that had not seen a posting's label say of it: shares (P, S) of its duties, text (P, A) logits."""

    shares: Array
    text: Array

    def take(self, rows: NDArray[np.int64]) -> Seen:
        """The chosen postings."""
        return Seen(self.shares[rows], self.text[rows])

    def answers(self, arrays: Mapping[str, Array]) -> Array:
        """(P, A) logits of the primary answers by a posting layer."""
        return answer_logits(arrays, self.shares, self.text)

    def functions(self, arrays: Mapping[str, Array]) -> Array:
        """(P, F) calibrated log-odds of the functions by a posting layer."""
        return calibrated(arrays, function_logits(arrays, self.shares, self.text))


def corrected(arrays: Mapping[str, Array], seen: Seen, primary: NDArray[np.int64], functions: NDArray[np.bool_]) -> dict[str, Array]:
    """The arrays of the model's posting layer, corrected by own labels.

    primary: (P,) places of the labelled answers; functions: (P, F) those that are part of the job.
    """
    a = {k: np.array(arrays[k], np.float64) for k in LAYER}
    if not len(primary):
        return a
    logits = seen.answers(a)
    often = np.bincount(primary, minlength=logits.shape[1])[primary] ** -RARE
    slope, offset, moved = _fitted(logits, seen.shares, np.eye(logits.shape[1])[primary], softmax, often / often.mean())
    a["answer_weights"] = slope * a["answer_weights"] + moved
    a["text_answers"] = slope * a["text_answers"]
    a["answer_bias"] = slope * (a["answer_bias"] + a["answer_shift"]) + offset - a["answer_shift"]
    logits = seen.functions(a)
    for f in range(functions.shape[1]):
        slope, offset, moved = _fitted(logits[:, [f]], seen.shares, functions[:, [f]].astype(float), sigmoid, np.ones(len(primary)))
        scale, shift = a["calibration"][f, 0], a["prior_shift"][f]
        a["share_weights"][:, f] += moved[:, 0] / (slope * scale)
        a["calibration"][f] = slope * scale, slope * (a["calibration"][f, 1] + shift) + offset[0] - shift
        odds = a["thresholds"][f] / (1 - a["thresholds"][f])  # the threshold is stretched with the scores, or it would cut elsewhere
        a["thresholds"][f] = odds**slope / (1 + odds**slope)
    a["life"] = (MIX * a["life"] + functions.sum(axis=0)) / (MIX + len(functions))
    return a


def _fitted(logits: Array, shares: Array, target: Array, link: Callable[[Array], Array], weight: Array) -> tuple[float, Array, Array]:
    """Slope, offsets (K,) and weights (S, K) that make the targets (P, K) likeliest under the priors; weight: (P,)."""
    count, width = logits.shape[1], shares.shape[1]

    def loss(flat: Array) -> tuple[float, Array]:
        slope, offset, moved = np.exp(flat[0]), flat[1 : count + 1], flat[count + 1 :].reshape(width, count)
        p = link(slope * logits + offset + shares @ moved)
        missed = target * np.log(np.maximum(p, 1e-12))
        if count == 1:
            missed = missed + (1 - target) * np.log(np.maximum(1 - p, 1e-12))
        prior = SLOPE * flat[0] ** 2 + OFFSET * (offset @ offset) + SHARES * (moved**2).sum()
        left = (p - target) * weight[:, None]
        steps = [[slope * (left * logits).sum() + SLOPE * flat[0]], left.sum(axis=0) + OFFSET * offset]
        return float(0.5 * prior - weight @ missed.sum(axis=1)), np.concatenate([*steps, (shares.T @ left + SHARES * moved).ravel()])

    best = minimize(loss, np.zeros(1 + count + width * count), jac=True, method="L-BFGS-B").x
    return float(np.exp(best[0])), best[1 : count + 1], best[count + 1 :].reshape(width, count)


def log_loss(logits: Array, primary: NDArray[np.int64]) -> Array:
    """(P,) minus the logarithm of the probability of the labelled answer."""
    return -np.log(np.maximum(softmax(logits)[np.arange(len(primary)), primary], 1e-6))

"""Whether the duties an explanation names are what the score rests on.

Comprehensiveness and sufficiency (DeYoung et al., 2020, "ERASER"): how far the score falls without the named text, and
with nothing but it, against text of the same length taken at random.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.analysis import Analysis

SHARE = 0.2
"""Share of a posting's characters that is taken as its explanation."""
DRAWS = 3
"""Random selections a posting, whose mean is held against the explanation."""

Span = tuple[int, int]
Judge = Callable[[Sequence[str]], Sequence[Analysis]]


@dataclass(frozen=True)
class Faithfulness:
    """Mean falls of the primary function's score, each -1 to 1, over `postings` postings that have one.

    comprehensiveness: without the explanation (more is better); sufficiency: with the explanation alone (less is
    better); the same for random text.
    """

    postings: int
    comprehensiveness: float
    sufficiency: float
    random_comprehensiveness: float
    random_sufficiency: float


def faithfulness(judge: Judge, texts: Sequence[str], share: float = SHARE, draws: int = DRAWS, seed: int = 0) -> Faithfulness | None:
    """Measure on these texts; None where none of them has a primary function and a duty that speaks for it.

    judge: gives the Analysis of each text, in order. share: of a posting's characters, 0 to 1.
    """
    rng = random.Random(seed)  # noqa: S311  not a secret
    cases = []
    for text, result in zip(texts, judge(texts), strict=True):
        if result.ok and result.primary in result.scores:
            named = _named(result, share * len(text))
            if named:
                length = sum(end - start for start, end in named)
                cases.append((text, result, [named, *(_drawn(result, length, rng) for _ in range(draws))]))
    if not cases:
        return None
    changed = [(str(r.primary), t) for text, r, choices in cases for spans in choices for t in (without(text, spans), only(text, spans))]
    scores = [_score(r, primary) for (primary, _), r in zip(changed, judge([t for _, t in changed]), strict=True)]
    before = np.array([r.scores[str(r.primary)] for _, r, _ in cases])
    mean = (before[:, None, None] - np.reshape(scores, (len(cases), 1 + draws, 2))).mean(axis=0)
    drawn = mean[1:].mean(axis=0)
    return Faithfulness(len(cases), *(float(x) for x in (mean[0, 0], mean[0, 1], drawn[0], drawn[1])))


def without(text: str, spans: Sequence[Span]) -> str:
    """The text with the spans cut out."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def only(text: str, spans: Sequence[Span]) -> str:
    """Nothing but the spans, a line each."""
    return "\n".join(text[start:end] for start, end in sorted(spans))


def _named(result: Analysis, budget: float) -> list[Span]:
    """The duties that add most to the primary function's log-odds, the strongest at least, while they fit the budget."""
    primary = str(result.primary)
    strongest = sorted((d for d in result.duties if d.weights[primary] > 0), key=lambda d: -d.weights[primary])
    spans: list[Span] = []
    for duty in strongest:
        if spans and sum(e - s for s, e in spans) + duty.end - duty.start > budget:
            break
        spans.append((duty.start, duty.end))
    return spans


def _drawn(result: Analysis, length: int, rng: random.Random) -> list[Span]:
    """Segments at random, of the given length in all."""
    spans: list[Span] = []
    for zone in rng.sample(result.zones, len(result.zones)):
        end = min(zone.end, zone.start + length)
        if end > zone.start:
            spans.append((zone.start, end))
            length -= end - zone.start
    return spans


def _score(result: Analysis, function: str) -> float:
    """The function's score; 0 where nothing is left to score."""
    return result.scores[function] if result.ok else 0.0

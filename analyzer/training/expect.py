"""From a label of the whole posting to labels of its duties: the expectation step.

A model trained before says what each duty is, and the posting's own label pulls: the probabilities of its functions
are tilted just as far as it takes for the duties, counted as in GUIDELINES.md, to give the label (posterior
regularisation, Ganchev et al., 2010). A label that it would take too much to reach is left to the posting alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.analysis import SHIPPED, Scheme, of_a_function
from analyzer.pipeline.duty_model import softmax
from analyzer.pipeline.functions import best_codes, group_matrix
from analyzer.pipeline.sums import Array
from analyzer.training.corpus import Posting
from analyzer.training.derive import derive, duty_shares
from analyzer.training.newfunctions import Lean

SECOND = 0.4
"""A second code is given where its probability is at least this share of the strongest one's."""
STEPS = 1_000
"""Postings after which progress is told."""
STEP, FARTHEST = 0.25, 4.0
"""Log-odds by which a function is tilted at a time, and at most."""


def expect(
    base: Language,
    postings: Sequence[Posting],
    constrained: bool = True,
    lean: Lean | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Posting]:
    """The postings with segments: zones as `base` finds them, codes of the duties as their posting's label allows.

    constrained: otherwise the codes are what `base` takes the duties for, whatever the label.
    lean: which duties are a function's that `base` does not know yet.
    """
    out = []
    for posting, doc in zip(postings, base.pipe(p["text"] for p in postings), strict=True):
        out.append(_labelled(posting, doc, constrained, lean))
        if len(out) % STEPS == 0 or len(out) == len(postings):
            progress(f"{base.lang}: duties told by their posting's label, {len(out)} of {len(postings)} postings")
    return out


def with_families(base: Language, posting: Posting) -> Posting:
    """The posting with the likeliest family (`n.sales`, `n.tech`) for duties labelled `n`, another function, alone."""
    doc = base(posting["text"])
    group = doc.spans["duties"]
    segments = []
    for segment in posting["segments"]:
        codes = list(segment["codes"])
        if "n" in codes:
            shared = [min(s.end_char, segment["end"]) - max(s.start_char, segment["start"]) for s in group]
            best = int(np.argmax(shared)) if shared else -1
            family = "n.other"
            if best >= 0 and shared[best] > 0:
                told = {c: p for c, p in zip(group.attrs["codes"], group.attrs["probabilities"][best], strict=True) if c.startswith("n.")}
                family = max(told, key=lambda c: (told[c], c), default=family)
            codes = list(dict.fromkeys(family if c == "n" else c for c in codes))
        segments.append({**segment, "codes": codes})
    return {**posting, "segments": segments}


def _labelled(posting: Posting, doc: Doc, constrained: bool, lean: Lean | None) -> Posting:
    group = doc.spans["duties"]
    probabilities, names = (np.asarray(group.attrs["probabilities"]), list(group.attrs["codes"])) if len(group) else (np.zeros((0, 0)), [])
    scheme = lean.scheme if lean else SHIPPED
    if lean:
        probabilities, names = lean.widened(probabilities, names, posting)
    codes, reached = _codes(probabilities, names, posting, scheme) if constrained else (_hard(probabilities, names), True)
    segments = _segments(doc, codes)
    functions = list(posting["functions"])
    if not posting.get("functions_told"):
        functions = sorted({*functions, *derive(segments, scheme)[1]})
    return {**posting, "segments": segments, "functions": functions, "reached": reached}


def _segments(doc: Doc, codes: Sequence[list[str]]) -> list[dict[str, Any]]:
    duties = [(s.start_char, s.end_char) for s in doc.spans["duties"]]
    segments: list[dict[str, Any]] = []
    at = 0
    for zone in doc.spans["zones"]:
        inside: list[str] = []
        if zone.label_ == "D":
            if at < len(duties) and zone.start_char <= duties[at][0] < zone.end_char:
                inside = codes[at]
                at += 1
            inside = inside or ["g"]
        segments.append({"start": zone.start_char, "end": zone.end_char, "zone": zone.label_, "codes": inside})
    return segments


def _codes(probabilities: Array, names: Sequence[str], posting: Posting, scheme: Scheme) -> tuple[list[list[str]], bool]:
    """Codes of each duty so that they give the posting's label, and whether that could be reached."""
    plain = _hard(probabilities, names)
    if not len(probabilities):
        return plain, False
    groups, logits = group_matrix(names, scheme), np.log(np.maximum(probabilities, 1e-9))
    tilt = np.zeros(len(scheme.shares))
    while np.abs(tilt).max() <= FARTHEST:
        codes = _hard(softmax(logits + groups @ tilt), names)
        step = _pull(codes, posting, scheme)
        if not step.any():
            return codes, True
        tilt += STEP * step
    return plain, False


def _pull(codes: Sequence[list[str]], posting: Posting, scheme: Scheme) -> Array:
    """Which functions (and other) must gain or lose before the codes give the label."""
    segments = [{"codes": c} for c in codes]
    shares, _ = duty_shares(segments, scheme)
    primary, functions = derive(segments, scheme)
    step = np.zeros(len(scheme.shares))
    if primary != posting["primary"]:
        step[scheme.answers.index(posting["primary"])] = 1  # `none` stands where `other` does
    if posting.get("functions_told"):
        for at, function in enumerate(scheme.functions):
            if function in posting["functions"] and shares[function] < 0.2:
                step[at] = 1
            elif function not in posting["functions"] and function in functions:
                step[at] = -1
    return step


def _hard(probabilities: Array, names: Sequence[str]) -> list[list[str]]:
    out: list[list[str]] = []
    for row, best in zip(probabilities, best_codes(probabilities, names), strict=True):
        codes = [names[best]]
        order = np.argsort(-row, kind="stable")
        second = next((int(i) for i in order if i != best), best)
        if second != best and of_a_function(names[second]) and of_a_function(names[best]) and row[second] >= SECOND * row[best]:
            codes.append(names[second])
        out.append(codes)
    return out

"""What follows from a posting's labels: the mix, the primary function, the functions that are part of the job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.analysis import FUNCTIONS, LETTERS, SHIPPED, Scheme, function_of
from analyzer.profiles import Profiles

__all__ = ["FUNCTIONS", "JUDGED", "LETTERS", "SUBSTANTIVE", "derive", "duty_shares", "function_of", "scheme_of"]

SUBSTANTIVE = 0.25
"""Share of the duties from which a function is a substantive part of the job (GUIDELINES.md, section 3)."""
JUDGED = (0.12, 0.40)
"""Shares between which a reader may judge a function to be part of the job, or not, against the count."""


def scheme_of(profiles: Profiles | None) -> Scheme:
    """All functions of the profiles: the shipped three and the user's own, each with the prefix of its codes."""
    functions = profiles.functions.values() if profiles else ()
    return Scheme(tuple((f.key, f.prefix) for f in functions if f.key not in FUNCTIONS))


def duty_shares(segments: Sequence[Mapping[str, Any]], scheme: Scheme = SHIPPED) -> tuple[dict[str, float], list[str]]:
    """Shares of each function and `other` among the duties, and the functions in order of appearance.

    General duties count for nothing; a duty of several codes counts in equal parts; where a duty's phrases
    carry codes, the phrases decide. The shares add up to 1, or are all 0 where there is no duty.
    """
    counts = dict.fromkeys(scheme.shares, 0.0)
    order: list[str] = []
    for segment in segments:
        codes = [p["code"] for p in segment.get("phrases", [])] or list(segment.get("codes", []))
        names = [scheme.function_of(c) for c in codes]
        for name in names:
            if name != "general":
                counts[name] += 1 / len(names)
                order.append(name)
    total = sum(counts.values())
    return ({k: v / total for k, v in counts.items()} if total else counts), list(dict.fromkeys(order))


def derive(segments: Sequence[Mapping[str, Any]], scheme: Scheme = SHIPPED) -> tuple[str, list[str]]:
    """Primary function (or `none`) and the functions that hold about a quarter of the duties or more."""
    shares, order = duty_shares(segments, scheme)
    if not order:
        return "none", []
    best = max(shares.values())
    leader = next(name for name in order if shares[name] >= best - 1e-9)
    functions = sorted(f for f in scheme.functions if shares[f] >= SUBSTANTIVE - 1e-9)
    if leader != "other" and leader not in functions:
        functions = sorted([*functions, leader])
    return ("none" if leader == "other" else leader), functions

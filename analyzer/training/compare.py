"""`jd-analyzer compare`: whether one model is better than another on the same labelled postings, by more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analyzer.analysis import Analysis, Duty
from analyzer.training.corpus import Posting
from analyzer.training.figures import FIGURES, ROUNDS, SMALLER_IS_BETTER, Counts, count, figures, scheme_seen

CHANCE = 0.05
"""Differences that chance alone gives more often than this are no differences."""
DECIDING = "primary_macro_f1"
VERDICTS = ("better", "worse", "same")


def mcnemar(first: Counts, second: Counts) -> dict[str, Any]:
    """Exact McNemar test on the primary answers: postings right under one model only, and the chance of such a split."""
    from scipy.stats import binomtest

    a, b = first.gold == first.answer, second.gold == second.answer
    lost, won = int((a & ~b).sum()), int((~a & b).sum())
    p = float(binomtest(min(lost, won), lost + won).pvalue) if lost + won else 1.0
    return {"only_first_right": lost, "only_second_right": won, "p": round(p, 4)}


def paired(first: Counts, second: Counts, rounds: int = ROUNDS) -> dict[str, Any]:
    """Of every figure the difference second - first, with a 95 % interval from a paired bootstrap."""
    random = np.random.default_rng(7)
    before, after = figures(first), figures(second)
    names = [n for n in FIGURES if before.get(n) is not None and after.get(n) is not None]
    drawn: dict[str, list[float]] = {n: [] for n in names}
    for _ in range(rounds):
        rows = random.integers(len(first), size=len(first))
        a, b = first.take(rows), second.take(rows)
        for name in names:
            drawn[name].append(FIGURES[name](b) - FIGURES[name](a))
    out = {}
    for name in names:
        low, high = np.quantile([v for v in drawn[name] if not np.isnan(v)] or [0.0], [0.025, 0.975])
        out[name] = {
            "first": before[name],
            "second": after[name],
            "difference": round((after[name] or 0) - (before[name] or 0), 4),
            "interval": [round(float(low), 4), round(float(high), 4)],
        }
    return out


def verdict(differences: Mapping[str, Any], test: Mapping[str, Any]) -> tuple[str, str]:
    """`better`, `worse` or `same` for the second model, and why in words."""
    d = differences[DECIDING]
    low, high = d["interval"]
    told = f"{DECIDING} {d['first']:.3f} → {d['second']:.3f} (difference {d['difference']:+.3f}, "
    told += f"95 % interval {low:+.3f} to {high:+.3f}; McNemar p = {test['p']:.3f})"
    if low > 0:
        worse = [n for n, x in differences.items() if n != DECIDING and _sign(n) * x["interval"][1 if _sign(n) > 0 else 0] < 0]
        also = f". But {', '.join(worse)} got worse: look at them first" if worse else ""
        return "better", f"The second model is better by more than chance: {told}{also}."
    if high < 0:
        return "worse", f"Keep the first model: the second is worse by more than chance. {told}."
    return "same", f"Keep the first model: the difference is no more than chance. {told}."


def _sign(name: str) -> int:
    return -1 if name in SMALLER_IS_BETTER else 1


def changed(postings: Sequence[Posting], first: Sequence[Analysis], second: Sequence[Analysis]) -> list[dict[str, Any]]:
    """The postings on which the models answer differently, with the duties that speak for each answer."""
    out = []
    for posting, a, b in zip(postings, first, second, strict=True):
        if a.primary != b.primary or set(a.functions) != set(b.functions):
            kind = (
                "won"
                if b.primary == posting["primary"] != a.primary
                else "lost"
                if a.primary == posting["primary"] != b.primary
                else "other"
            )
            out.append(
                {
                    "id": posting["id"],
                    "where": posting.get("where"),
                    "labelled": posting["primary"],
                    "change": kind,
                    "first": _evidence(a),
                    "second": _evidence(b),
                }
            )
    return out


def _evidence(result: Analysis) -> dict[str, Any]:
    duties: list[Duty] = []
    if result.primary in result.scores:
        duties = sorted(result.duties, key=lambda d: -d.weights.get(result.primary or "", 0.0))[:3]
    elif result.ok:
        duties = sorted((d for d in result.duties if d.function == "other"), key=lambda d: -d.probability)[:3]
    told = [{"text": d.text, "code": d.code, "start": d.start, "end": d.end} for d in duties]
    return {"primary": result.primary, "functions": list(result.functions), "duties": told}


def compare(postings: Sequence[Posting], first: Sequence[Analysis], second: Sequence[Analysis]) -> dict[str, Any]:
    """Differences, test, verdict and changed postings, for each language."""
    out = {}
    for lang in sorted({p["language"] for p in postings}):
        rows = [n for n, p in enumerate(postings) if p["language"] == lang]
        mine, a, b = [postings[n] for n in rows], [first[n] for n in rows], [second[n] for n in rows]
        scheme = scheme_seen(mine, [*a, *b])
        one, two = count(mine, a, scheme), count(mine, b, scheme)
        differences, test = paired(one, two), mcnemar(one, two)
        answer, words = verdict(differences, test)
        out[lang] = {
            "postings": len(mine),
            "verdict": answer,
            "words": words,
            "differences": differences,
            "mcnemar": test,
            "changed": changed(mine, a, b),
        }
    return out


def as_text(found: Mapping[str, Any], most: int = 20) -> str:
    """A comparison for the terminal."""
    lines = []
    for lang, part in found.items():
        lines += [f"{lang}, {part['postings']} postings. {part['words']}", ""]
        for name, d in part["differences"].items():
            lines.append(
                f"  {name:24} {d['first']:.3f} → {d['second']:.3f}   {d['difference']:+.3f}   "
                f"[{d['interval'][0]:+.3f}, {d['interval'][1]:+.3f}]"
            )
        lines += ["", f"  {len(part['changed'])} postings changed"]
        for row in part["changed"][:most]:
            lines.append(f"  {row['where'] or row['id']} (labelled {row['labelled']}; {row['change']})")
            for side in ("first", "second"):
                shown = "; ".join(f"{d['text'][:60]} [{d['code']}]" for d in row[side]["duties"]) or "no duty speaks for it"
                lines.append(f"    {side}: {row[side]['primary']} – {shown}")
        if len(part["changed"]) > most:
            lines.append(f"  … {len(part['changed']) - most} more: see --json")
    return "\n".join(lines)

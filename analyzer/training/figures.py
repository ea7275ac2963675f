"""The figures results are judged by, over labelled postings, with bootstrap intervals over postings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.analysis import LETTERS, SHIPPED, Analysis, Scheme, own_functions, prefix_of

Array = NDArray[Any]
ROUNDS = 300
"""Bootstrap rounds."""


@dataclass(frozen=True)
class Counts:
    """What was counted for P postings, one row each; NaN where a posting's labels cannot tell.

    gold, answer: (P,) places in the scheme's answers, one beyond them for no result; wanted, told, scores: (P, F) functions;
    letters: (P, 3) of duty text found rightly, found wrongly, missed; duty: (P, 3) labelled duties, those with the
    right function, with the right code; kinds: (P, F + 2, 3) hits, false, missed of each class of duty; mix: (P,) error;
    review: (P,) whether a person should look.
    """

    gold: Array
    answer: Array
    wanted: Array
    told: Array
    scores: Array
    letters: Array
    duty: Array
    kinds: Array
    mix: Array
    review: Array
    scheme: Scheme = SHIPPED

    def __len__(self) -> int:
        """Postings counted."""
        return len(self.gold)

    def take(self, rows: Array) -> Counts:
        """The chosen postings, in that order; one may be taken twice."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "scheme"})


def scheme_seen(postings: Sequence[Mapping[str, Any]], results: Sequence[Analysis]) -> Scheme:
    """The functions that results tell or postings are labelled with, and what the codes of each begin with."""
    labelled = (f for p in postings for f in (p["primary"], *p["functions"]) if f not in SHIPPED.answers)
    own = dict.fromkeys([*own_functions(results), *labelled])
    if not own:
        return SHIPPED
    prefixes = {d.function: prefix_of(d.code) for r in results for d in r.duties if d.function in own}
    return Scheme(tuple((f, prefixes.get(f, f)) for f in own))


def count(postings: Sequence[Mapping[str, Any]], results: Sequence[Analysis], scheme: Scheme | None = None) -> Counts:
    """Compare results with the labels of the same postings; scheme: the functions, where not said those that are seen."""
    scheme = scheme or scheme_seen(postings, results)
    rows = [_one(p, r, scheme) for p, r in zip(postings, results, strict=True)]
    names = [f.name for f in fields(Counts) if f.name != "scheme"]
    arrays: dict[str, Any] = {n: np.array(column) for n, column in zip(names, zip(*rows, strict=True), strict=True)}
    return Counts(**arrays, scheme=scheme)


def count_answers(postings: Sequence[Mapping[str, Any]], answers: Sequence[str], functions: Sequence[Sequence[str]]) -> Counts:
    """Compare bare answers, as a baseline gives them, with the labels."""
    results = [
        Analysis("ok", p["language"], "baseline", primary=a, functions=tuple(f))
        for p, a, f in zip(postings, answers, functions, strict=True)
    ]
    return count([{**p, "segments": []} for p in postings], results)


def _one(posting: Mapping[str, Any], result: Analysis, scheme: Scheme) -> tuple[Any, ...]:
    usable = result.ok and result.primary is not None
    answer = scheme.answers.index(result.primary) if usable and result.primary else len(scheme.answers)
    wanted = [f in posting["functions"] for f in scheme.functions]
    told = [f in result.functions for f in scheme.functions]
    scores = [float(result.scores.get(f, np.nan)) for f in scheme.functions]
    kind = len(_classes(scheme))
    letters, duty, kinds, mix = (
        _duties(posting, result, scheme) if labelled_inside(posting) else ([np.nan] * 3, [np.nan] * 3, [[np.nan] * 3] * kind, np.nan)
    )
    return scheme.answers.index(posting["primary"]), answer, wanted, told, scores, letters, duty, kinds, mix, bool(result.review)


def _classes(scheme: Scheme) -> tuple[str, ...]:
    """What a duty can be of."""
    return (*scheme.shares, "general")


def _function_of(code: str, scheme: Scheme) -> str:
    """A code's function; `other` where it is of one that nothing is known of."""
    return scheme.prefixes.get(prefix_of(code), LETTERS["n"])


def labelled_inside(posting: Mapping[str, Any]) -> bool:
    """Whether a posting's segments were labelled, not the posting alone."""
    return bool(posting.get("segments")) and posting.get("level") != "posting"


def _duties(posting: Mapping[str, Any], result: Analysis, scheme: Scheme) -> tuple[list[float], list[float], list[list[float]], float]:
    text = posting["text"]
    letter = np.fromiter((c.isalpha() for c in text), bool, len(text))
    gold, found = np.zeros(len(text), bool), np.zeros(len(text), bool)
    wanted = labelled_duties(posting)
    for segment in posting["segments"]:
        if segment["zone"] == "D":
            gold[segment["start"] : segment["end"]] = True
    for one in result.duties:
        found[one.start : one.end] = True
    gold, found = gold & letter, found & letter
    duty = [float(len(wanted)), 0.0, 0.0]
    classes = _classes(scheme)
    kinds = np.zeros((len(classes), 3))
    for segment in wanted:
        best = max(result.duties, key=lambda d: min(d.end, segment["end"]) - max(d.start, segment["start"]), default=None)
        if best is not None and min(best.end, segment["end"]) <= max(best.start, segment["start"]):
            best = None
        names = {_function_of(c, scheme) for c in segment["codes"]}
        said = best.function if best else None
        duty[1] += said in names
        duty[2] += best is not None and _plain(best.code) in {_plain(c) for c in segment["codes"]}
        for k, kind in enumerate(classes):
            kinds[k] += (kind in names and said == kind, said == kind and kind not in names, kind in names and said not in names)
    letters = [float((gold & found).sum()), float((found & ~gold).sum()), float((gold & ~found).sum())]
    return letters, duty, kinds.tolist(), _mix_error(wanted, result, scheme)


def labelled_duties(posting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The labelled duties; a broken line (same codes, begins in lower case) belongs to the duty before it."""
    out: list[dict[str, Any]] = []
    for segment in posting["segments"]:
        if segment["zone"] == "D":
            if out and out[-1]["codes"] == segment["codes"] and posting["text"][segment["start"]].islower():
                out[-1] = {**out[-1], "end": segment["end"]}
            else:
                out.append(dict(segment))
    return out


def _plain(code: str) -> str:
    """The families of other functions (n.sales, n.hr) count as one."""
    return "n" if code.startswith("n") else code


def _mix_error(wanted: Sequence[Mapping[str, Any]], result: Analysis, scheme: Scheme) -> float:
    """Half the sum of differences between the labelled and the told shares: 0 the same, 1 nothing in common."""
    share = dict.fromkeys(scheme.shares, 0.0)
    for segment in wanted:
        for code in segment["codes"]:
            function = _function_of(code, scheme)
            if function != "general":
                share[function] += 1 / len(segment["codes"])
    total, told = sum(share.values()), sum(result.mix.values()) if result.mix else 0.0
    if not total or not told:
        return float(bool(total) != bool(told))
    return sum(abs(v / total - result.mix.get(k, 0.0)) for k, v in share.items()) / 2


def _f1(hits: float, false: float, missed: float) -> float:
    return 2 * hits / (2 * hits + false + missed) if hits + false + missed else float("nan")


def _mean(values: Sequence[float] | Array) -> float:
    good = np.asarray(values, float)
    good = good[~np.isnan(good)]
    return float(good.mean()) if len(good) else float("nan")


def primary_f1(c: Counts) -> dict[str, float]:
    """F1 of each answer that occurs among the labels."""
    out = {}
    for k, name in enumerate(c.scheme.answers):
        if (c.gold == k).any():
            out[name] = _f1(
                ((c.gold == k) & (c.answer == k)).sum(), ((c.gold != k) & (c.answer == k)).sum(), ((c.gold == k) & (c.answer != k)).sum()
            )
    return out


def functions_f1(c: Counts) -> dict[str, float]:
    """F1 of each function as a substantive part of the job."""
    return {
        f: _f1((c.wanted[:, k] & c.told[:, k]).sum(), (~c.wanted[:, k] & c.told[:, k]).sum(), (c.wanted[:, k] & ~c.told[:, k]).sum())
        for k, f in enumerate(c.scheme.functions)
    }


def _duty_share(which: int) -> Callable[[Counts], float]:
    def share(c: Counts) -> float:
        total = np.nansum(c.duty[:, 0])
        return float(np.nansum(c.duty[:, which]) / total) if total else float("nan")

    return share


def calibration_bins(scores: Array, truth: Array) -> list[tuple[float, float, int]]:
    """Mean score, share that is true and size of bins of about equal size; equal scores stay together."""
    order = np.argsort(scores, kind="stable")
    scores, truth = scores[order], truth[order]
    bins = max(1, min(10, len(scores) // 20))
    edges = (
        sorted({int(np.searchsorted(scores, scores[(i + 1) * len(scores) // bins - 1], side="right")) for i in range(bins)})
        if len(scores)
        else []
    )
    return [(float(scores[a:b].mean()), float(truth[a:b].mean()), b - a) for a, b in zip([0, *edges], edges, strict=False)]


def calibration_error(c: Counts) -> float:
    """Mean distance of score and truth over bins, averaged over the functions."""
    errors = []
    for k in range(len(c.scheme.functions)):
        good = ~np.isnan(c.scores[:, k])
        bins = calibration_bins(c.scores[good, k], c.wanted[good, k].astype(float))
        errors.append(sum(n * abs(p - t) for p, t, n in bins) / max(1, sum(n for _, _, n in bins)) if bins else float("nan"))
    return _mean(errors)


def auroc(c: Counts) -> float:
    """Chance that a posting with the function scores higher than one without, averaged over the functions."""
    from scipy.stats import rankdata

    areas = []
    for k in range(len(c.scheme.functions)):
        good = ~np.isnan(c.scores[:, k])
        truth, ranks = c.wanted[good, k], rankdata(c.scores[good, k])
        yes, no = int(truth.sum()), int((~truth).sum())
        areas.append((ranks[truth].sum() - yes * (yes + 1) / 2) / (yes * no) if yes and no else float("nan"))
    return _mean(areas)


FIGURES: Mapping[str, Callable[[Counts], float]] = {
    "primary_macro_f1": lambda c: _mean(list(primary_f1(c).values())),
    "primary_accuracy": lambda c: float((c.gold == c.answer).mean()),
    "functions_macro_f1": lambda c: _mean(list(functions_f1(c).values())),
    "duty_char_f1": lambda c: _f1(*np.nansum(c.letters, axis=0)) if not np.isnan(c.letters).all() else float("nan"),
    "duty_function_accuracy": _duty_share(1),
    "duty_function_macro_f1": lambda c: (
        _mean([_f1(*row) for row in np.nansum(c.kinds, axis=0)]) if not np.isnan(c.kinds).all() else float("nan")
    ),
    "duty_code_accuracy": _duty_share(2),
    "mix_error": lambda c: _mean(c.mix),
    "auroc": auroc,
    "calibration_error": calibration_error,
    "kept_without_review": lambda c: float((~c.review).mean()),
    "accuracy_of_kept": lambda c: _mean((c.gold == c.answer)[~c.review].astype(float)),
}
"""Figure → how it is reckoned. `mix_error` and `calibration_error` are better when smaller."""
SMALLER_IS_BETTER = frozenset({"mix_error", "calibration_error"})
BARE = ("primary_macro_f1", "primary_accuracy", "functions_macro_f1")
"""The figures that bare answers have."""


def figures(c: Counts, names: Sequence[str] = tuple(FIGURES)) -> dict[str, float | None]:
    """The figures by name; None where the labels cannot tell."""
    out = {n: FIGURES[n](c) for n in names} if len(c) else {}
    return {n: None if np.isnan(v) else round(float(v), 4) for n, v in out.items()}


def intervals(c: Counts, names: Sequence[str] = tuple(FIGURES), rounds: int = ROUNDS) -> dict[str, list[float] | None]:
    """95 % bootstrap intervals over postings, the same on every run."""
    random = np.random.default_rng(7)
    seen: dict[str, list[float]] = {n: [] for n in names}
    for _ in range(rounds):
        drawn = c.take(random.integers(len(c), size=len(c)))
        for name in names:
            seen[name].append(FIGURES[name](drawn))
    out: dict[str, list[float] | None] = {}
    for name, values in seen.items():
        good = [v for v in values if not np.isnan(v)]
        out[name] = [round(float(q), 4) for q in np.quantile(good, [0.025, 0.975])] if good else None
    return out


def confusion(c: Counts) -> list[list[int]]:
    """Rows: the labelled answer; columns: the answers told, then `no result`."""
    return [[int(((c.gold == g) & (c.answer == a)).sum()) for a in range(len(c.scheme.answers) + 1)] for g in range(len(c.scheme.answers))]

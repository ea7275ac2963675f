"""From a finished training to a model directory: figures into `meta.json`, files, card, plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.analyzer import Analyzer
from analyzer.training import card, compare, evaluate
from analyzer.training.corpus import Posting
from analyzer.training.faithful import faithfulness
from analyzer.training.figures import count, figures, intervals
from analyzer.training.retrain import Plan, Trained, open_shipped, profile_name
from analyzer.training.train import save

FAITHFUL = 150
"""Postings, evenly taken, on which explanations are tried."""


@dataclass(frozen=True)
class Delivered:
    """What was written: the model's hash, its out-of-fold figures, and the comparison with the shipped one, if made."""

    hash: str
    figures: dict[str, float | None]
    against: dict[str, Any] | None


def deliver(trained: Trained, plan: Plan, directory: Path, problems: Mapping[str, int] | None = None) -> Delivered:
    """Write the model to `directory`, with its card. Replaces what was there."""
    postings, results = trained.judged, trained.results
    counts = count(postings, results)
    values, ranges = figures(counts), intervals(counts)
    trained.nlp.meta["performance"] = {k: v for k, v in values.items() if v is not None}
    trained.nlp.meta["jd"]["metrics"] = {k: {"value": v, "interval": ranges[k]} for k, v in values.items() if v is not None}
    against = _against(plan, postings, results)
    digest = save(trained.nlp, directory, {f"profiles/{profile_name(f)}": f.read_bytes() for f in plan.profile_files})
    meta = json.loads((directory / "meta.json").read_text(encoding="utf-8"))
    jd = evaluate.open_analyzer(directory)
    more = [_apart(plan.apart, jd), _faithful(plan.lang, jd, trained.postings)]
    text = card.card(plan.lang, meta, trained.postings, postings, results, problems, against, more)
    card.write(directory, text, card.calibration_plot(postings, results, f"{plan.lang} {plan.version}, out of fold"))
    return Delivered(digest, values, against)


def _apart(apart: Sequence[Posting], jd: Analyzer) -> str:
    """How the model does on the postings of the corpus that it was kept from."""
    if not apart:
        return ""
    found = figures(count(apart, evaluate.analyse(jd, apart)))
    names = ("primary_accuracy", "duty_char_f1", "duty_function_accuracy", "mix_error")
    told = ", ".join(f"{n} {value:.3f}" for n in names if (value := found.get(n)) is not None)
    return (
        f"## Traditional script and lost characters\n{len(apart)} postings of the corpus in traditional script or with inline pinyin "
        f"or lost characters, from which nothing was learned: {told}.\n"
    )


def _faithful(lang: str, jd: Analyzer, postings: Sequence[Posting]) -> str:
    """Whether the duties that are told as evidence are what the score rests on."""
    texts = [str(p["text"]) for p in postings if p["language"] == lang][:: max(1, len(postings) // FAITHFUL)]
    found = faithfulness(lambda some: list(jd.analyze_many([{"text": t, "language": lang} for t in some])), texts)
    return card.faithful(found) if found else ""


def _against(plan: Plan, postings: Sequence[dict[str, Any]], results: Sequence[Any]) -> dict[str, Any] | None:
    """This model out of fold beside the shipped one, on the own postings that the shipped one never saw."""
    rows = [n for n, p in enumerate(postings) if p.get("own")]
    if not rows or plan.shipped is None or open_shipped(plan) is None:
        return None
    mine = [postings[n] for n in rows]
    before = evaluate.analyse(evaluate.open_analyzer(plan.shipped), mine)
    return dict(compare.compare(mine, before, [results[n] for n in rows])[plan.lang])

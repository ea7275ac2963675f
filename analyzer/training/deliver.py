"""From a finished training to a model directory: figures into `meta.json`, files, card, plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.training import card, compare, evaluate
from analyzer.training.figures import count, figures, intervals
from analyzer.training.retrain import Plan, Trained, open_shipped, profile_name
from analyzer.training.train import save


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
    text = card.card(plan.lang, meta, trained.postings, postings, results, problems, against)
    card.write(directory, text, card.calibration_plot(postings, results, f"{plan.lang} {plan.version}, out of fold"))
    return Delivered(digest, values, against)


def _against(plan: Plan, postings: Sequence[dict[str, Any]], results: Sequence[Any]) -> dict[str, Any] | None:
    """This model out of fold beside the shipped one, on the own postings that the shipped one never saw."""
    rows = [n for n, p in enumerate(postings) if p.get("own")]
    if not rows or plan.shipped is None or open_shipped(plan) is None:
        return None
    mine = [postings[n] for n in rows]
    before = evaluate.analyse(evaluate.open_analyzer(plan.shipped), mine)
    return dict(compare.compare(mine, before, [results[n] for n in rows])[plan.lang])

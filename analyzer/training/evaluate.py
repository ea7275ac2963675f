"""`jd-analyzer evaluate`: how good a model is on labelled postings, beside what is easily had."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.analysis import Analysis
from analyzer.analyzer import Analyzer
from analyzer.errors import InputError
from analyzer.training.baselines import baselines
from analyzer.training.corpus import Posting
from analyzer.training.figures import BARE, FIGURES, Counts, confusion, count, figures, functions_f1, intervals, primary_f1
from analyzer.training.labelled import Problem
from analyzer.training.suitability import seen_before

SLICES = ("batch", "site", "stratum", "industry", "seniority", "company_kind", "country", "year", "register", "script", "deceptive")
"""Fields of a posting by which figures are told apart where they hold a few values."""
SMALLEST_SLICE = 10


def analyse(analyzer: Analyzer, postings: Sequence[Posting], progress: Callable[[str], None] = lambda _: None) -> list[Analysis]:
    """What a model says of the postings, in order."""
    items = [{"id": p["id"], "text": p["text"], "title": p.get("title"), "language": p["language"]} for p in postings]
    out = []
    for number, result in enumerate(analyzer.analyze_many(items), 1):
        out.append(result)
        if number % 200 == 0:
            progress(f"{number} of {len(items)} postings")
    return out


def leaked(analyzer: Analyzer, postings: Sequence[Posting]) -> list[Problem]:
    """Postings that the model was trained on."""
    problems = []
    for lang in sorted({p["language"] for p in postings}):
        seen = analyzer.pipeline(lang).meta.get("jd", {}).get("seen", [])
        problems += seen_before(seen, [p for p in postings if p["language"] == lang])
    return problems


def report(
    postings: Sequence[Posting], results: Sequence[Analysis], train: Sequence[Posting] = (), by: Sequence[str] = SLICES
) -> dict[str, Any]:
    """Figures of each language with intervals, of each label and slice, and the baselines' figures.

    Raises InputError where there is nothing to judge by.
    """
    if not postings:
        raise InputError("no usable labelled posting to judge by")
    out: dict[str, Any] = {}
    for lang in sorted({p["language"] for p in postings}):
        rows = np.array([n for n, p in enumerate(postings) if p["language"] == lang])
        mine = [postings[n] for n in rows]
        counts = count(mine, [results[n] for n in rows])
        out[lang] = {
            "model": next((results[n].model for n in rows if results[n].ok), None),
            "postings": len(mine),
            "without_result": sum(not results[n].ok for n in rows),
            "figures": figures(counts),
            "intervals": intervals(counts),
            "primary_f1": _rounded(primary_f1(counts)),
            "functions_f1": _rounded(functions_f1(counts)),
            "confusion": {"rows_and_columns": [*counts.scheme.answers, "no result"], "counts": confusion(counts)},
            "slices": _slices(mine, counts, by),
            "baselines": {name: figures(c, BARE) for name, c in baselines(mine, [p for p in train if p["language"] == lang]).items()},
        }
    return out


def _rounded(values: Mapping[str, float]) -> dict[str, float | None]:
    return {k: None if np.isnan(v) else round(float(v), 4) for k, v in values.items()}


def _slices(postings: Sequence[Posting], counts: Counts, by: Sequence[str]) -> dict[str, Any]:
    """Figures of every value, of those fields that have two to thirty of them, that ten postings or more hold."""
    out: dict[str, Any] = {}
    for name in by:
        values = [str(p.get(name)) for p in postings]
        distinct = sorted(set(values) - {"None"})
        if not 2 <= len(distinct) <= 30:
            continue
        held = {v: np.array([n for n, x in enumerate(values) if x == v]) for v in distinct}
        out[name] = {
            v: {"postings": len(rows), **figures(counts.take(rows), BARE)} for v, rows in held.items() if len(rows) >= SMALLEST_SLICE
        }
    return {k: v for k, v in out.items() if v}


def open_analyzer(model: Path) -> Analyzer:
    """An Analyzer of a directory of models (`zh` and `es` in it), or of one language's model directory."""
    if (model / "config.cfg").is_file():
        if model.name not in ("zh", "es"):
            raise InputError(f"{model.name}: a model directory is called by its language, zh or es; name the directory that holds it")
        return Analyzer(models=model.parent)
    if not any((model / lang / "config.cfg").is_file() for lang in ("zh", "es")):
        raise InputError(f"{model}: no model in this directory; it should hold zh or es, as `jd-analyzer train -o` writes them")
    return Analyzer(models=model)


def served(model: Path) -> list[str]:
    """The languages a model directory, or directory of models, serves."""
    if (model / "config.cfg").is_file():
        return [model.name]
    return [lang for lang in ("zh", "es") if (model / lang / "config.cfg").is_file()]


def as_text(found: Mapping[str, Any]) -> str:
    """A report for the terminal."""
    lines = []
    for lang, part in found.items():
        lines.append(f"{lang}: {part['postings']} postings, model {part['model']}")
        for name in FIGURES:
            value, interval = part["figures"].get(name), part["intervals"].get(name)
            if value is not None:
                lines.append(f"  {name:24} {value:.3f}" + (f"   [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""))
        lines.append("  F1 by primary function   " + _inline(part["primary_f1"]))
        lines.append("  F1 by part of the job    " + _inline(part["functions_f1"]))
        lines.append("  confusion (rows: labelled; columns: " + ", ".join(part["confusion"]["rows_and_columns"]) + ")")
        for name, row in zip(part["confusion"]["rows_and_columns"], part["confusion"]["counts"], strict=False):
            lines.append(f"    {name:12}" + "".join(f"{n:6}" for n in row))
        lines.append("  beside it (primary_macro_f1, primary_accuracy, functions_macro_f1)")
        for name, values in part["baselines"].items():
            lines.append(f"    {name:30}" + "".join(f"  {values[n]:.3f}" if values.get(n) is not None else "      –" for n in BARE))
        for field, values in part["slices"].items():
            lines.append(f"  by {field}")
            lines += [f"    {v:24} {row['postings']:5}  {_inline({n: row[n] for n in BARE})}" for v, row in values.items()]
    return "\n".join(lines)


def _inline(values: Mapping[str, float | None]) -> str:
    return "  ".join(f"{k} {v:.3f}" for k, v in values.items() if v is not None)

"""The model card `train` writes: README.md and a calibration plot beside the model, the same bytes on every run."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.analysis import ANSWERS, Analysis
from analyzer.training.faithful import SHARE, Faithfulness
from analyzer.training.figures import FIGURES, Counts, calibration_bins, confusion, count, figures, functions_f1, intervals, primary_f1

EXAMPLES = 8
"""Failures shown."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Of the functions in the calibration plot, told apart by the colour-blind too."""
NAMES = {"zh": "Chinese", "es": "Spanish"}

INTENDED = """\
The model reads what a job posting says the work is and tells how far it is {functions}. It is meant
for postings: sorting them, comparing them, finding those whose title and duties disagree. It judges texts, not people:
it must not be used to rank, select or pay candidates or employees, and says nothing of how well a person does a job.
A posting marked for review should be read by a person before anything follows from it."""

LIMITS = """\
- Only {language} is learned. A posting in another language gets no scores; a mixed one is marked for review.
- The shipped corpus was written for this project after the labelling guidelines; real postings are messier and longer
  than it. Figures on your own labelled postings (`jd-analyzer evaluate`) count for more than those below.
- Scores are calibrated for the mix of postings named in `meta.json` (`recipe`); where yours differs, give a prior.
- Brand is the rarest of the three in life, and the one that readers themselves disagree on most.
- A word is kept in the vocabulary only where two companies wrote it, so names and figures of one company are unknown
  to the model, and so are its own terms of art."""


def card(
    lang: str,
    meta: Mapping[str, Any],
    learned: Sequence[Mapping[str, Any]],
    postings: Sequence[Mapping[str, Any]],
    results: Sequence[Analysis],
    problems: Mapping[str, int] | None = None,
    against: Mapping[str, Any] | None = None,
    more: Sequence[str] = (),
) -> str:
    """The card in Markdown.

    learned: all postings the model learned from. postings, results: of the out-of-fold run. problems: how many remarks of
    each kind the checks made. against: a comparison with the shipped model on the user's own postings. more: further sections, in Markdown.
    """
    counts = count(postings, results)
    jd = meta["jd"]
    parts = [
        f"# {lang} {meta['version']}: job duties in {NAMES[lang]} and the functions they serve\n",
        f"Content hash `{jd['hash']}`. Licence {meta['license']}. Format {jd['format']}, spaCy {meta['spacy_version']}.\n",
        f"## Intended use\n{INTENDED.format(functions=_listed(counts.scheme.functions))}\n",
        _data(jd, learned, problems or {}),
        _figures(counts),
        _calibration(counts),
        _confusion(counts),
        _failures(postings, results),
        _against(against),
        *more,
        f"## Limits\n{LIMITS.format(language=NAMES[lang])}\n",
        _files(jd),
    ]
    return "\n".join(p for p in parts if p)


def _data(jd: Mapping[str, Any], postings: Sequence[Mapping[str, Any]], problems: Mapping[str, int]) -> str:
    own = jd.get("own", {})
    counted = "" if own.get("weights_tried") else f", each own one counting {own.get('weight', 1)} times"
    lines = ["## Data and splits", "| labelled | postings | of them own |", "| --- | --: | --: |"]
    for answer in jd.get("answers", ANSWERS):
        mine = [p for p in postings if p["primary"] == answer]
        lines.append(f"| {answer} | {len(mine)} | {sum(bool(p.get('own')) for p in mine)} |")
    lines += [
        "",
        f"{jd['corpus']['postings']} postings of the shipped corpus (data `{jd['corpus']['data']}`), {own.get('postings', 0)} own ones"
        f"{counted}; data `{jd['data']}`, profiles `{jd['profiles']}`, seed {jd['seed']}.",
        _splits(jd, own),
    ]
    if own.get("weights_tried"):
        told = "; ".join(f"{name}: {loss:.3f}" for name, loss in own["weights_tried"].items())
        lines.append(
            "How much own postings say of the words of duties and of whole texts was chosen by the log-loss of held-out own "
            f"postings ({told}). Chosen: duties {own['weight']}, texts {own['text_weight']}."
        )
    if jd.get("own_codes"):
        lines.append("Codes of the user's own profiles: " + ", ".join(f"`{c}` ({n})" for c, n in jd["own_codes"].items()) + ".")
    for function, own_one in jd.get("own_functions", {}).items():
        lines.append(
            f"`{function}` ({own_one['name']}) is a function of the user's own. What its share in life is, nobody has counted: scores are "
            f"calibrated for its share among the own postings, a part of the job in {own_one['part_of']:.0%} of them and the primary "
            f"function in {own_one['primary_in']:.0%}. Where yours differs, give a prior."
        )
    if problems:
        lines.append("Remarks of the checks: " + ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in sorted(problems.items())) + ".")
    return "\n".join(lines) + "\n"


def _splits(jd: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """What the figures were made on."""
    together = "A company's postings, and near copies of one another, are always in one fold."
    if own.get("postings") and jd["corpus"]["postings"]:
        return (
            "Every figure below is of the own postings, out of fold: words and correction were learned without the companies of one "
            f"fold, and judged on them; zones are the shipped model's. {together}"
        )
    return (
        f"Every figure below is out of fold: {jd['recipe']['folds']} times a model, its calibration and its thresholds were made "
        f"without the companies of one fold, and judged on them. {together}"
    )


def _figures(counts: Counts) -> str:
    values, ranges = figures(counts), intervals(counts)
    lines = ["## Figures", "| figure | value | 95 % interval |", "| --- | --: | --- |"]
    for name in FIGURES:
        if values[name] is not None:
            low, high = ranges[name] or [float("nan"), float("nan")]
            lines.append(f"| {name} | {values[name]:.3f} | {low:.3f} to {high:.3f} |")
    lines += ["", "| | " + " | ".join(counts.scheme.answers) + " |", "| --- " * (len(counts.scheme.answers) + 1) + "|"]
    for name, per in (("F1 as primary", primary_f1(counts)), ("F1 as part of the job", functions_f1(counts))):
        lines.append(f"| {name} | " + " | ".join(f"{per[a]:.3f}" if a in per else "–" for a in counts.scheme.answers) + " |")
    return "\n".join(lines) + "\n"


def faithful(found: Faithfulness) -> str:
    """The section on explanations."""
    lines = [
        "## Do the explanations bear the score?",
        f"On {found.postings} postings of the corpus, how far the primary function's score falls (DeYoung et al., 2020): without the "
        f"duties that add most to it, up to {SHARE:.0%} of the text (comprehensiveness; more is better), and with nothing but them "
        "(sufficiency; less is better), beside as much text taken at random.",
        "",
        "| | named duties | random text |",
        "| --- | --: | --: |",
        f"| comprehensiveness | {found.comprehensiveness:.3f} | {found.random_comprehensiveness:.3f} |",
        f"| sufficiency | {found.sufficiency:.3f} | {found.random_sufficiency:.3f} |",
    ]
    return "\n".join(lines) + "\n"


def _calibration(counts: Counts) -> str:
    lines = [
        "## Calibration",
        "![Scores against the share that is true](calibration.png)",
        "",
        "| function | mean score → share true |",
        "| --- | --- |",
    ]
    for k, function in enumerate(counts.scheme.functions):
        good = ~np.isnan(counts.scores[:, k])
        bins = calibration_bins(counts.scores[good, k], counts.wanted[good, k].astype(float))
        lines.append(f"| {function} | " + ", ".join(f"{p:.2f} → {t:.2f}" for p, t, _ in bins) + " |")
    return (
        "\n".join(lines)
        + "\n\nScores are calibrated for the mix met in life; in the corpus every function is commoner, so the points lie above the line.\n"
    )


def _confusion(counts: Counts) -> str:
    answers = counts.scheme.answers
    head = "| labelled | " + " | ".join(f"told {a}" for a in answers) + " | no result |"
    lines = ["## Confusion", head, "| --- " + "| --: " * (len(answers) + 1) + "|"]
    lines += [f"| {a} | " + " | ".join(str(n) for n in row) + " |" for a, row in zip(answers, confusion(counts), strict=True)]
    return "\n".join(lines) + "\n"


def _failures(postings: Sequence[Mapping[str, Any]], results: Sequence[Analysis]) -> str:
    """The surest wrong answers; texts of the shipped corpus only, never a user's own."""
    wrong = [
        (r.probability.get(r.primary or "", 0.0), p, r)
        for p, r in zip(postings, results, strict=True)
        if r.ok and r.primary != p["primary"]
    ]
    lines = [
        "## Failures",
        f"{len(wrong)} of {len(postings)} postings got another primary function out of fold than labelled. The surest of the corpus:",
    ]
    shown = [item for item in sorted(wrong, key=lambda item: (-item[0], str(item[1]["id"]))) if not item[1].get("own")][:EXAMPLES]
    for sure, posting, result in shown:
        duties = sorted(result.duties, key=lambda d: -d.weights.get(result.primary or "", 0.0))[:2]
        told = "; ".join(f"“{_short(d.text)}” ({d.code})" for d in duties) or "no duty found"
        lines.append(
            f"- `{posting['id']}` {posting.get('title') or ''}: labelled {posting['primary']}, told {result.primary} ({sure:.2f}). {told}"
        )
    return "\n".join(lines) + "\n"


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: `a, b or c`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def _against(against: Mapping[str, Any] | None) -> str:
    if not against:
        return ""
    lines = [
        "## Beside the shipped model, on the own postings",
        f"{against['postings']} own postings, this model out of fold. {against['words']}",
        "",
    ]
    lines += ["| figure | shipped | this one | difference | 95 % interval |", "| --- | --: | --: | --: | --- |"]
    for name, d in against["differences"].items():
        low, high = d["interval"]
        lines.append(f"| {name} | {d['first']:.3f} | {d['second']:.3f} | {d['difference']:+.3f} | {low:+.3f} to {high:+.3f} |")
    kinds = [row["change"] for row in against["changed"]]
    lines.append(f"\n{len(kinds)} answers changed: {kinds.count('won')} now right, {kinds.count('lost')} now wrong.")
    return "\n".join(lines) + "\n"


def _files(jd: Mapping[str, Any]) -> str:
    lines = [
        "## Files",
        "| file | sha256 |",
        "| --- | --- |",
        *[f"| {name} | `{digest[:16]}…` |" for name, digest in sorted(jd["files"].items())],
    ]
    return "\n".join(lines) + "\n"


def calibration_plot(postings: Sequence[Mapping[str, Any]], results: Sequence[Analysis], title: str) -> bytes:
    """A PNG: score against the share of postings for which it is true, one line a function."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = count(postings, results)
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=(5.2, 4.4), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, label="as told")
        for k, function in enumerate(counts.scheme.functions):
            colour, mark = COLOURS[k % len(COLOURS)], "os^DvP"[k % 6]
            good = ~np.isnan(counts.scores[:, k])
            bins = calibration_bins(counts.scores[good, k], counts.wanted[good, k].astype(float))
            axes.plot([b[0] for b in bins], [b[1] for b in bins], marker=mark, color=colour, label=function, linewidth=1.2, markersize=5)
        axes.set(xlabel="score", ylabel="share of postings with the function", title=title, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.legend(frameon=False)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def write(directory: Path, text: str, plot: bytes) -> None:
    """Put the card beside the model."""
    (directory / "README.md").write_text(text, encoding="utf-8")
    (directory / "calibration.png").write_bytes(plot)

"""What to label next, which labels look wrong, pre-filled labels for other tools, and corrections as data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analyzer.analysis import Analysis, Scheme
from analyzer.errors import CorpusError, InputError
from analyzer.training.corpus import Posting, fold_of
from analyzer.training.derive import derive
from analyzer.training.figures import scheme_seen
from analyzer.training.groups import groups, near_copies
from analyzer.training.labelled import NAMES, Options
from analyzer.training.sheets import read_sheet

if TYPE_CHECKING:
    from analyzer.analyzer import Analyzer

Array = NDArray[np.float64]
UNLIKE = 0.5
"""How much a posting of unknown words counts beside one the model is unsure of."""
SAMENESS = 0.6
"""How much likeness to what was chosen already counts against a posting."""


def read_texts(path: Path, options: Options | None = None) -> list[dict[str, Any]]:
    """Unlabelled postings of a CSV, TSV, XLSX or JSONL file, or of one text file: text, id, title, language, row."""
    options = options or Options()
    suffix = path.suffix.lower()
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if suffix in (".csv", ".tsv", ".xlsx"):
        rows, header = read_sheet(path)
        lowered = {h.casefold(): h for h in header}
        columns = {
            k: options.columns.get(k) or next((lowered[n] for n in NAMES[k] if n in lowered), None)
            for k in ("text", "title", "language", "id")
        }
        if columns["text"] not in header:
            raise InputError(f"{path.name}: no column with the texts; name it with --text-column (columns: {', '.join(header)})")
        found = [{k: row.get(c) for k, c in columns.items() if c} | {"row": n} for n, row in enumerate(rows, 2)]
    elif suffix == ".jsonl":
        try:
            found = [
                {**json.loads(line), "row": n} for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if line.strip()
            ]
        except (ValueError, TypeError) as error:
            raise InputError(f"{path.name}: not JSONL ({error})") from None
    else:
        found = [{"text": path.read_text(encoding="utf-8"), "row": 1}]
    out = []
    for row in found:
        text = row.get("text")
        if isinstance(text, str) and text.strip():
            out.append(
                {**row, "id": str(row.get("id") or f"{path.name}:{row['row']}"), "language": row.get("language") or options.language}
            )
    return out


def vectors(texts: Sequence[str]) -> sparse.csr_matrix:
    """(N, 16384) runs of two and three characters of each text, hashed, rows of length 1: good enough to tell what is alike."""
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(analyzer="char_wb", ngram_range=(2, 3), n_features=1 << 14, alternate_sign=False).transform(texts)


def uncertainty(result: Analysis) -> float:
    """Entropy of the answer, 0 sure to 1 no idea."""
    return -sum(p * math.log(p) for p in result.probability.values() if p > 0) / math.log(max(len(result.probability), 2))


def unknown_shares(analyzer: Analyzer, items: Sequence[Mapping[str, Any]], results: Sequence[Analysis]) -> list[float]:
    """Share of the words in each posting's duties that its model never met."""
    out = []
    for item, result in zip(items, results, strict=True):
        if not result.ok or not result.language:
            out.append(0.0)
            continue
        nlp = analyzer.pipeline(result.language)
        with nlp.memory_zone():
            out.append(1 - nlp.get_pipe("jd_functions").known_share(nlp(item["text"])))  # type: ignore[attr-defined]
    return out


def suggest(items: Sequence[Mapping[str, Any]], results: Sequence[Analysis], unknown: Sequence[float], count: int) -> list[dict[str, Any]]:
    """The postings worth a person's time most, best first: unsure, unlike the training data, unlike each other.

    unknown: share of each posting's words that the model never met.
    """
    firsts = near_copies([i["text"] for i in items])
    usable = [n for n, r in enumerate(results) if r.ok and firsts[n] == n]
    if not usable:
        return []
    rows = vectors([items[n]["text"] for n in usable])
    worth = np.array([uncertainty(results[n]) + UNLIKE * unknown[n] for n in usable])
    nearest = np.zeros(len(usable))
    chosen: list[int] = []
    while len(chosen) < min(count, len(usable)):
        score = worth - SAMENESS * nearest
        score[chosen] = -np.inf
        best = int(score.argmax())
        chosen.append(best)
        nearest = np.maximum(nearest, (rows @ rows[best].T).toarray().ravel())
    out = []
    for at in chosen:
        n = usable[at]
        why = [
            "close scores" if uncertainty(results[n]) > 0.5 else "",
            "unlike the training data" if unknown[n] > 0.4 else "",
            *results[n].reasons,
        ]
        out.append(
            {
                "id": items[n]["id"],
                "row": items[n].get("row"),
                "worth": round(float(worth[at]), 4),
                "primary": results[n].primary,
                "probability": results[n].probability,
                "why": ", ".join(dict.fromkeys(w for w in why if w)),
                "text": items[n]["text"],
            }
        )
    return out


def answers_of(postings: Sequence[Posting], results: Sequence[Analysis]) -> tuple[str, ...]:
    """The primary functions that the postings may be labelled with."""
    return scheme_seen(postings, results).answers


def label_probabilities(postings: Sequence[Posting], results: Sequence[Analysis], folds: int = 5) -> Array:
    """(P, A) how likely each of `answers_of` is for each posting, by models that had not seen its label, nor its company's.

    A small logistic regression learns, out of fold, how the user's labels follow from what the model says and from the
    words; its answer is averaged with the model's own, which has seen no label of the user's.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    answers = answers_of(postings, results)
    told = np.array([[r.probability.get(a, 0.0 if r.ok else 1 / len(answers)) for a in answers] for r in results])
    mix = np.array([[r.mix.get("other" if a == "none" else a, 0.0) for a in answers] for r in results])
    rows = sparse.hstack(
        [sparse.csr_matrix(np.log(np.maximum(told, 0.01))), sparse.csr_matrix(2 * mix), vectors([p["text"] for p in postings])],
        format="csr",
    )
    labels = np.array([answers.index(p["primary"]) for p in postings])
    fold = fold_of(groups(postings), folds)
    learned = told.copy()
    for f in range(folds):
        held, rest = fold == f, fold != f
        if held.any() and len(set(labels[rest].tolist())) > 1:
            with threadpool_limits(1):
                model = LogisticRegression(C=1.0, max_iter=300).fit(rows[rest], labels[rest])
            learned[held] = 0.0
            learned[np.ix_(held, model.classes_)] = model.predict_proba(rows[held])
    return (told + learned) / 2


def review(postings: Sequence[Posting], results: Sequence[Analysis]) -> list[dict[str, Any]]:
    """All postings, those whose label looks wrong first (confident learning, Northcutt et al., 2021).

    `suspect` is true where another answer is likelier than it usually is for postings labelled so, and likelier than
    the label given; `against` holds the duties that speak for that answer.
    """
    if not postings:
        return []
    p = label_probabilities(postings, results)
    answers = answers_of(postings, results)
    labels = np.array([answers.index(x["primary"]) for x in postings])
    usual = np.array([p[labels == k, k].mean() if (labels == k).any() else 1.0 for k in range(len(answers))])
    given = p[np.arange(len(p)), labels]
    over = p / usual[None, :]
    over[np.arange(len(p)), labels] = -1
    other = over.argmax(axis=1)
    likelier = p[np.arange(len(p)), other]
    suspect = (likelier >= usual[other]) & (likelier > given)
    order = sorted(range(len(p)), key=lambda n: (float(given[n] / usual[labels[n]] - over[n, other[n]]), str(postings[n]["id"])))
    return [_doubt(postings[n], results[n], answers[other[n]], float(given[n]), float(likelier[n]), bool(suspect[n])) for n in order]


def _doubt(posting: Posting, result: Analysis, answer: str, given: float, likelier: float, suspect: bool) -> dict[str, Any]:
    if answer == "none":
        duties = sorted((d for d in result.duties if d.function == "other"), key=lambda d: -d.probability)
    else:
        duties = sorted((d for d in result.duties if d.function == answer), key=lambda d: -d.weights.get(answer, 0.0))
    against = [{"text": d.text, "code": d.code, "start": d.start, "end": d.end} for d in duties[:3]]
    return {
        "id": posting["id"],
        "where": posting.get("where"),
        "label": posting["primary"],
        "likelier": answer,
        "probability_of_label": round(given, 4),
        "probability_of_likelier": round(likelier, 4),
        "suspect": suspect,
        "against": against,
    }


def prefilled(items: Iterable[Mapping[str, Any]], results: Iterable[Analysis]) -> list[Posting]:
    """Postings labelled as the model sees them, for a person to correct in another tool or in JSONL."""
    return [record(item, result) for item, result in zip(items, results, strict=True) if result.ok]


def record(item: Mapping[str, Any], result: Analysis) -> Posting:
    """One posting labelled as the model sees it, in the corpus's own form."""
    segments = []
    for zone in result.zones:
        duty = next((d for d in result.duties if zone.start <= d.start < zone.end), None)
        label = zone.label if zone.label != "D" or duty else "X"
        segments.append(
            {"start": zone.start, "end": zone.end, "zone": label, "codes": [c for c, _ in duty.codes] if duty and label == "D" else []}
        )
    primary, functions = derive(segments, scheme_seen((), [result]))
    kept = {k: str(item[k]) for k in ("title", "company") if item.get(k)}
    return {
        "id": str(item.get("id") or "posting"),
        "language": result.language,
        **kept,
        "text": item["text"],
        "primary": primary,
        "functions": functions,
        "segments": segments,
    }


def corrected(
    item: Mapping[str, Any], result: Analysis, corrections: Mapping[int, str], known: Iterable[str], scheme: Scheme | None = None
) -> Posting:
    """A labelled posting from what the model said and a person put right, ready for `train`.

    corrections: number of the duty, from 1 in the order of `Analysis.duties`, → its code, several joined by `+`, or a
    zone (`R`, `B`, `C`, `H`, `X`) where it is no duty. Raises CorpusError for a duty or code that is not there.
    scheme: the functions of the codes, where not said those of the result.
    """
    codes = set(known)
    posting = record(item, result)
    for number, label in corrections.items():
        if not 1 <= number <= len(result.duties):
            raise CorpusError(f"there is no duty {number}: the posting has {len(result.duties)}")
        start = result.duties[number - 1].start
        segment = next(s for s in posting["segments"] if s["start"] <= start < s["end"])
        wanted = [] if label in tuple("RBCHX") else label.split("+")
        strange = [c for c in wanted if c not in codes]
        if strange:
            raise CorpusError(f"unknown code {strange[0]!r}; known are {', '.join(sorted(codes))}")
        segment.update(zone="D" if wanted else label, codes=wanted, confirmed=True)
    posting["primary"], posting["functions"] = derive(posting["segments"], scheme or scheme_seen((), [result]))
    return posting


def forecast(points: Sequence[tuple[int, float, float]], more: int) -> tuple[float, float]:
    """What `more` labelled postings would bring: the gain in accuracy, and in log-loss (less is better).

    points: (postings learned from, accuracy, log-loss). A straight line over the logarithm of the count, as learning
    curves nearly are over a few doublings; never more than is left to gain.
    """
    seen = [p for p in points if p[0] > 0]
    if len(seen) < 2:
        return 0.0, 0.0
    x = np.log2([p[0] for p in seen])
    gain, loss = (float(np.polyfit(x, [p[k] for p in seen], 1)[0]) for k in (1, 2))
    steps = math.log2((seen[-1][0] + more) / seen[-1][0])
    return min(max(0.0, gain * steps), 1 - seen[-1][1]), min(0.0, loss * steps)

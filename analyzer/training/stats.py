"""`corpus stats`: what the postings are like, beside what is known of real ones (counts only)."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language

from analyzer.pipeline.tokenizer import blank
from analyzer.text.segments import body_start
from analyzer.text.words import spanish
from analyzer.training.layout import FEATURES, known_shares, layout_shares
from analyzer.training.rules import Rules
from analyzer.training.tables import Record, Row, Table, balance_tables, by_language

SAMPLE_WORDS = 9_000
"""Duty words over which types are counted, so that corpora of different size can be held together."""
DRAWS = 5
_OPENERS = 20


@dataclass(frozen=True)
class Known:
    """What is known of real duty lines of a language, in counts.

    words: word → frequency per 10,000 duty words; openers: first word → per 1,000 duty lines; postings: labelled real
    postings, read for their counts only; layout: feature → share.
    """

    words: Mapping[str, float] = field(default_factory=dict)
    openers: Mapping[str, float] = field(default_factory=dict)
    postings: Sequence[Record] = ()
    layout: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Stats:
    """Tables, and notes on what could not be told."""

    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """All tables in Markdown."""
        return "\n".join([t.markdown() for t in self.tables] + [f"*{n}*\n" for n in self.notes])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"tables": [t.to_dict() for t in self.tables], "notes": self.notes}


@cache
def _tokenizer(language: str) -> Language:
    return blank(language)


def duty_words(postings: Iterable[Record], language: str) -> list[list[str]]:
    """The words of each duty, list mark left out: normal forms by the project's tokenizer, numbers and marks left out."""
    texts = []
    for posting in postings:
        for s in posting["segments"]:
            if s["zone"] == "D":
                duty = posting["text"][s["start"] : s["end"]]
                texts.append(duty[body_start(duty) :])
    nlp = _tokenizer(language)
    out = []
    for text in texts:
        with nlp.memory_zone():
            out.append([t.norm_ for t in nlp.make_doc(text) if any(c.isalpha() for c in t.norm_)])
    return out


def digits(postings: Iterable[Record]) -> list[int]:
    """Digits in each duty, list mark left out."""
    found = []
    for posting in postings:
        for s in posting["segments"]:
            if s["zone"] == "D":
                duty = posting["text"][s["start"] : s["end"]]
                found.append(sum(c.isdigit() for c in duty[body_start(duty) :]))
    return found


def types_at(duties: Sequence[Sequence[str]], size: int = SAMPLE_WORDS, draws: int = DRAWS) -> float | None:
    """Different words among the first `size` of the duties in random order, the mean of several draws; None where there are fewer."""
    if sum(map(len, duties)) < size:
        return None
    order, counts = list(duties), []
    for seed in range(draws):
        random.Random(seed).shuffle(order)  # noqa: S311 - a sample, not a secret
        words = (w for duty in order for w in duty)
        counts.append(len({w for _, w in zip(range(size), words, strict=False)}))
    return sum(counts) / draws


def covered(own: Iterable[str], known: Mapping[str, float]) -> float:
    """Share of the known frequency whose words occur among `own`."""
    mine = set(own)
    return sum(f for w, f in known.items() if w in mine) / (sum(known.values()) or 1.0)


def read_known(folder: Path | None, language: str) -> Known:
    """What a folder tells of real postings: words_<language>.tsv, dev_<language>.jsonl, noise_<language>.md, each if there."""
    if folder is None:
        return Known()
    words: Counter[str] = Counter()
    openers: Counter[str] = Counter()
    table = folder / f"words_{language}.tsv"
    for line in table.read_text(encoding="utf-8").split("\n") if table.is_file() else []:
        kind, _, rest = line.partition("\t")
        text, _, counts = rest.partition("\t")
        if kind in ("word", "opener"):
            norm = spanish(text) if language == "es" else text.lower()
            (words if kind == "word" else openers)[norm] += float(counts.split("\t")[0])  # type: ignore[assignment]
    dev = folder / f"dev_{language}.jsonl"
    postings = [json.loads(x) for x in dev.read_text(encoding="utf-8").split("\n") if x.strip()] if dev.is_file() else []
    return Known(words, openers, postings, known_shares(folder / f"noise_{language}.md", language))


def corpus_stats(postings: Sequence[Record], rules: Rules, beside: Path | None = None) -> Stats:
    """All tables of a corpus. beside: a folder that tells of real postings (see `read_known`)."""
    stats = Stats(balance_tables(postings, rules))
    for language, mine in by_language(postings).items():
        known = read_known(beside, language)
        if not known.words:
            stats.notes.append(f"{language}: no words_{language}.tsv at hand, so no figures of real postings stand beside the corpus's own")
        duties = duty_words(mine, language)
        real = duty_words(known.postings, language)
        stats.tables += [
            Table(f"Size and words ({language})", ("figure", "corpus", "real"), _figures(mine, duties, known, real, language)),
            Table(
                f"Length deciles ({language})",
                ("what", *(f"{d} %" for d in range(10, 100, 10))),
                _lengths(mine, duties, known, real, language),
            ),
            Table(f"Openers ({language}), per 1,000 duties", ("first word", "corpus", "real"), _opener_rows(duties, known)),
            Table(f"Layout and noise ({language}), share of postings", ("feature", "corpus", "real"), _layout(mine, known, language)),
        ]
    return stats


def _or_dash(value: float | None, places: int = 4) -> float | str:
    return "–" if value is None else round(value, places)


def _figures(
    mine: Sequence[Record], duties: Sequence[Sequence[str]], known: Known, real: Sequence[Sequence[str]], language: str
) -> list[Row]:
    own = Counter(w for d in duties for w in d)
    theirs = Counter(w for d in real for w in d)
    here, there = digits(mine), digits(known.postings)
    total = sum(theirs.values())
    first = next(iter(sorted(known.openers, key=lambda w: -known.openers[w])), None)
    opened = Counter(d[0] for d in duties if d)
    rows: list[Row] = [
        ("postings", len(mine), len(known.postings) or "–"),
        ("segments", sum(len(p["segments"]) for p in mine), sum(len(p["segments"]) for p in known.postings) or "–"),
        ("duties", len(duties), len(real) or "–"),
        ("duty words", own.total(), total or "–"),
        ("duty word types", len(own), len(theirs) or "–"),
        (f"types in {SAMPLE_WORDS:,} duty words", _or_dash(types_at(duties), 0), _or_dash(types_at(real), 0)),
        ("digits a duty", _or_dash(float(np.mean(here)) if here else None, 3), _or_dash(float(np.mean(there)) if there else None, 3)),
        (
            "duties with a digit",
            _or_dash(float(np.mean(np.array(here) > 0)) if here else None, 3),
            _or_dash(float(np.mean(np.array(there) > 0)) if there else None, 3),
        ),
    ]
    if first:
        rows.append(
            (
                f"share of duties that open with {first}",
                _or_dash(opened[first] / max(len(duties), 1)),
                _or_dash(known.openers[first] / 1000),
            )
        )
    if known.words:
        rows.append((f"share of words_{language}.tsv's duty-word mass the corpus holds", _or_dash(covered(own, known.words)), "–"))
    if total:
        rows.append(
            (
                "real duty words the corpus never shows, by frequency",
                _or_dash(sum(n for w, n in theirs.items() if w not in own) / total),
                "–",
            )
        )
    return rows


def _lengths(
    mine: Sequence[Record], duties: Sequence[Sequence[str]], known: Known, real: Sequence[Sequence[str]], language: str
) -> list[Row]:
    rows = [("characters a posting", [len(p["text"]) for p in mine])]
    rows.append(("characters a real posting", [len(p["text"]) for p in known.postings]))
    if language == "es":
        rows.append(("words a posting", [len(p["text"].split()) for p in mine]))
    rows += [("characters a duty", [s["end"] - s["start"] for p in mine for s in p["segments"] if s["zone"] == "D"])]
    rows += [("characters a real duty", [s["end"] - s["start"] for p in known.postings for s in p["segments"] if s["zone"] == "D"])]
    rows += [("words a duty", [len(d) for d in duties]), ("words a real duty", [len(d) for d in real])]
    deciles = np.arange(0.1, 0.95, 0.1)
    return [(name, *(int(v) for v in np.quantile(values, deciles).round())) for name, values in rows if values]


def _opener_rows(duties: Sequence[Sequence[str]], known: Known) -> list[Row]:
    opened = Counter(d[0] for d in duties if d)
    rate = 1000 / max(len(duties), 1)
    chosen = sorted(known.openers, key=lambda w: -known.openers[w])[:_OPENERS] or [w for w, _ in opened.most_common(_OPENERS)]
    extra = [w for w, _ in opened.most_common(_OPENERS // 2) if w not in chosen]
    return [(w, round(opened[w] * rate, 1), _or_dash(known.openers.get(w), 1)) for w in [*chosen, *extra]]


def _layout(mine: Sequence[Record], known: Known, language: str) -> list[Row]:
    own = layout_shares(mine, language)
    return [(name, round(own[name], 3), _or_dash(known.layout.get(name), 3)) for name in FEATURES[language]]

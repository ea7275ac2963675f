"""Texts of rows to Analyses: columns joined with their offsets kept, repeated texts scored once, no row able to stop the rest."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from analyzer.analysis import Analysis
from analyzer.errors import AnalyzerError

JOINT = "\n"
"""Put between the texts of several columns."""


class Scorer(Protocol):
    """What scores: an Analyzer, or a stand-in."""

    def analyze_many(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        """An Analysis for each of `items`, in order; each has text, title, language and id."""
        ...


@runtime_checkable
class RowScorer(Protocol):
    """A scorer that can leave out what no column of a table shows."""

    def analyze_rows(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        """As `analyze_many`, good for `Analysis.to_row` alone."""
        ...


@dataclass(frozen=True, slots=True)
class Posting:
    """One row's posting. parts: (column, where its text begins in `text`, its length), in order."""

    text: str
    title: str | None = None
    language: str | None = None
    parts: tuple[tuple[str, int, int], ...] = ()

    def place(self, start: int, end: int) -> tuple[str | None, int | None, int | None]:
        """The column that a span of the joined text lies in, and its start and end there; None where it spans two."""
        for column, begins, length in self.parts:
            if begins <= start and end <= begins + length:
                return column, start - begins, end - begins
        return None, None, None


def posting(texts: Sequence[tuple[str, Any]], title: Any = None, language: Any = None) -> Posting:
    """A row's posting from the cells of its text columns, by name; empty cells are left out."""
    pieces, parts, at = [], [], 0
    for column, value in texts:
        text = as_text(value)
        if text or len(texts) == 1:
            parts.append((column, at, len(text)))
            pieces.append(text)
            at += len(text) + len(JOINT)
    said = as_text(language).strip().lower().replace("_", "-").partition("-")[0]
    return Posting(JOINT.join(pieces), as_text(title).strip() or None, said if said in ("zh", "es") else None, tuple(parts))


def as_text(value: Any) -> str:
    """A cell as text; empty for None and for what pandas has instead."""
    if isinstance(value, str):
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):  # a JSONL may list a posting's lines
        return JOINT.join(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Cache:
    """Results of the texts met last, by a hash of the text, its title and language; the least recently used goes first."""

    def __init__(self, size: int) -> None:
        """size: results kept."""
        self.size, self.hits = size, 0
        self._kept: OrderedDict[bytes, Analysis] = OrderedDict()

    @staticmethod
    def key(item: Posting) -> bytes:
        """16 bytes that tell one posting from another."""
        whole = "\0".join((str(len(item.text)), item.text, item.title or "", item.language or ""))
        return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def get(self, key: bytes) -> Analysis | None:
        """The result kept, if any."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            self.hits += 1
        return found

    def put(self, key: bytes, result: Analysis) -> None:
        """Keep a result."""
        self._kept[key] = result
        if len(self._kept) > self.size:
            self._kept.popitem(last=False)


def score(scorer: Scorer, items: Sequence[Posting], cache: Cache | None = None, evidence: bool = True) -> list[Analysis]:
    """An Analysis for each posting, in order, without ids. With a cache, postings that were met before are not scored again.

    evidence: otherwise the Analyses are good for `to_row` alone, where the scorer is quicker so.
    """
    if cache is None:
        return _safely(scorer, items, evidence)
    keys = [cache.key(i) for i in items]
    results: dict[bytes, Analysis] = {}
    new: dict[bytes, Posting] = {}
    for key, item in zip(keys, items, strict=True):
        if key in results or key in new:
            cache.hits += 1
        elif (kept := cache.get(key)) is not None:
            results[key] = kept
        else:
            new[key] = item
    for key, result in zip(new, _safely(scorer, list(new.values()), evidence), strict=True):
        results[key] = result
        cache.put(key, result)
    return [results[k] for k in keys]


@contextmanager
def unswept() -> Iterator[None]:
    """No search for cyclic garbage while a chunk is scored: it went through the models' words again and again, and found nothing."""
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()


def remember_lines(scorer: Scorer, count: int) -> None:
    """Have a scorer that can keep what it found of the last `count` different lines."""
    remember = getattr(scorer, "remember_lines", None)
    if remember is not None:
        remember(count)


def _safely(scorer: Scorer, items: Sequence[Posting], evidence: bool) -> list[Analysis]:
    try:
        return _plainly(scorer, items, evidence)
    except (AnalyzerError, MemoryError):
        raise
    except Exception:  # one posting must not cost the others theirs: they are scored one by one
        return [_alone(scorer, item, evidence) for item in items]


def _plainly(scorer: Scorer, items: Sequence[Posting], evidence: bool) -> list[Analysis]:
    given = [{"text": i.text, "title": i.title, "language": i.language, "id": None} for i in items]
    return list(scorer.analyze_rows(given) if not evidence and isinstance(scorer, RowScorer) else scorer.analyze_many(given))


def _alone(scorer: Scorer, item: Posting, evidence: bool) -> Analysis:
    try:
        return _plainly(scorer, [item], evidence)[0]
    except (AnalyzerError, MemoryError):
        raise
    except Exception as error:
        return bad("failed", f"internal_{type(error).__name__}")


def bad(status: str, *reasons: str) -> Analysis:
    """The result of a row that has none."""
    return Analysis(status, None, "none", review=True, reasons=reasons)


def with_reason(result: Analysis, reason: str) -> Analysis:
    """The result, to be looked at for one more reason."""
    return dataclasses.replace(result, review=True, reasons=(*result.reasons, reason))

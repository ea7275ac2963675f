"""The Analyzer: picks the language, runs the pipeline, gives Analyses; one text or a stream of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spacy.language import Language

from analyzer import language as languages
from analyzer.analysis import Analysis
from analyzer.pipeline.build import find_model, open_model
from analyzer.pipeline.component import Batched
from analyzer.pipeline.functions import Functions
from analyzer.pipeline.pages import Pages
from analyzer.profiles import Profiles, load_profiles
from analyzer.reading import Reader
from analyzer.settings import LIMITS, Limits

Item = str | Mapping[str, Any]
BATCH = 256
"""Texts analysed together; results do not depend on it."""


class Analyzer:
    """Holds one pipeline a language, opened when first needed.

    models: directory with `zh` and `es`, else the shipped ones. prior: share of postings, in the user's own mix, of
    which each function is a substantive part, such as {"brand": 0.3}; else the mix the models are calibrated for.
    """

    def __init__(self, models: Path | str | None = None, limits: Limits = LIMITS, prior: Mapping[str, float] | None = None) -> None:
        self.models = Path(models) if models else None
        self.limits = limits
        self.prior = dict(prior) if prior else None
        self._pipelines: dict[str, Language] = {}
        self._lines = 0

    def pipeline(self, lang: str) -> Language:
        """The spaCy pipeline of a language; raises ModelNotFound or ModelDamaged."""
        if lang not in self._pipelines:
            nlp = open_model(find_model(lang, self.models))
            if self.prior:
                nlp.get_pipe("jd_functions").set_prior(self.prior)  # type: ignore[attr-defined]
            _remember(nlp, self._lines)
            self._pipelines[lang] = nlp
        return self._pipelines[lang]

    def profiles(self, lang: str | None) -> Profiles:
        """The profiles a language's model was trained with: the names of its codes and functions."""
        if lang not in languages.SUPPORTED:
            return load_profiles()
        return self.pipeline(lang).get_pipe("jd_functions").profiles or load_profiles()  # type: ignore[attr-defined]

    def model_name(self, lang: str | None) -> str:
        """Name, version and content hash of a language's model, such as `zh-1.0.0+3f2a91c`."""
        if lang not in languages.SUPPORTED:
            return "none"
        meta = self.pipeline(lang).meta
        return f"{lang}-{meta['version']}+{meta.get('jd', {}).get('hash', 'unsaved')}"

    def remember_lines(self, count: int) -> None:
        """Keep what was found of the last `count` different lines, for texts that repeat each other's; 0 keeps none. No result changes."""
        self._lines = count
        for nlp in self._pipelines.values():
            _remember(nlp, count)

    def analyze(self, text: str, title: str | None = None, language: str | None = None, id: str | None = None) -> Analysis:
        """Analyse one posting. Never raises for what the text holds: see `Analysis.status`."""
        return next(self.analyze_many([{"text": text, "title": title, "language": language, "id": id}]))

    def analyze_many(self, items: Iterable[Item], batch_size: int = BATCH, *, evidence: bool = True) -> Iterator[Analysis]:
        """Analyse texts, or mappings with `text` and perhaps `title`, `language`, `id`, in order.

        evidence: otherwise what no column of `Analysis.to_row` shows is left out, for speed: duties, phrases, zones, steps, log-odds.
        Texts are read in batches, and words met in them are forgotten after each, so memory stays flat.
        """
        iterator = iter(items)
        while group := [_as_mapping(i) for i in itertools.islice(iterator, batch_size)]:
            yield from self._batch(group, evidence)

    def analyze_rows(self, items: Iterable[Item]) -> Iterator[Analysis]:
        """As `analyze_many`, for `Analysis.to_row` alone."""
        return self.analyze_many(items, evidence=False)

    def _batch(self, group: list[Mapping[str, Any]], evidence: bool) -> list[Analysis]:
        texts = [_text(i) for i in group]
        found = languages.find_many(texts, self.limits, [i.get("language") for i in group])
        results: list[Analysis | None] = [None] * len(group)
        for lang in languages.SUPPORTED:
            mine = [n for n, f in enumerate(found) if f.status == "ok" and f.language == lang]
            if not mine:
                continue
            pages = self._pages(lang, [texts[n] for n in mine], evidence)
            component: Functions = self.pipeline(lang).get_pipe("jd_functions")  # type: ignore[assignment]
            reader = Reader(component, pages, self.model_name(lang), evidence)
            for place, n in enumerate(mine):
                results[n] = self._read(reader, place, group[n], found[n])
        return [
            r or Analysis(f.status, f.language, self.model_name(None), id=_id(i), review=True, reasons=(f.reason or f.status,))
            for r, f, i in zip(results, found, group, strict=True)
        ]

    def _pages(self, lang: str, texts: list[str], evidence: bool = True) -> Pages:
        """The texts through the pipeline's tokenizer and components, without Docs."""
        nlp = self.pipeline(lang)
        pages: Pages = nlp.tokenizer.pages(texts)  # type: ignore[union-attr]
        pages.evidence = evidence
        for name, component in nlp.pipeline:
            if not isinstance(component, Batched):
                raise TypeError(f"the component {name!r} reads Docs only; call the pipeline itself")
            component.read(pages)
        return pages

    def _read(self, reader: Reader, place: int, item: Mapping[str, Any], found: languages.Found) -> Analysis:
        title = item.get("title")
        return reader.read(place, title=str(title) if title else None, id=_id(item), mixed=found.mixed)


def on_one_core() -> None:
    """From now on this process does its products on one core: so small ones only lose by several threads, which wait for each other."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(limits=1)


def _remember(nlp: Language, count: int) -> None:
    for _, component in nlp.pipeline:
        if isinstance(component, Batched):
            component.remember_lines(count)


def _as_mapping(item: Item) -> Mapping[str, Any]:
    return {"text": item} if isinstance(item, str) else item


def _text(item: Mapping[str, Any]) -> str:
    text = item.get("text")
    return text if isinstance(text, str) else "" if text is None else str(text)


def _id(item: Mapping[str, Any]) -> str | None:
    return None if item.get("id") is None else str(item["id"])

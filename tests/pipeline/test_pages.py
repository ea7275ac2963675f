"""Scoring without Docs says what the spaCy pipeline says, and its short cuts compute what the long way does."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analyzer import Analyzer
from analyzer.pipeline import lexicon as lexicons
from analyzer.pipeline.crf import forward_backward, marginals
from analyzer.pipeline.features import FeatureSpace, content_of, restrict
from analyzer.pipeline.pages import pages_of
from analyzer.pipeline.part_space import PartSpace, within
from analyzer.pipeline.statements import FEW
from analyzer.pipeline.tokenizer import blank
from analyzer.pipeline.zone_features import Parts, emissions, zone_matrix
from analyzer.reading import read_doc

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
PIPELINES = {lang: blank(lang) for lang in ("zh", "es")}
TEXT = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("運營(yùn)<br/>&amp;\u200b\u202e\x00e\u0301ñ@/a 1、")),
    max_size=200,
)


def some(lang: str, count: int) -> list[str]:
    lines = [line for f in sorted((CORPUS / lang).glob("*.jsonl")) for line in f.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line)["text"] for line in random.Random(3).sample(lines, count)]


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4), st.sampled_from(["zh", "es"]))
def test_pages_and_docs_hold_the_same_tokens(texts: list[str], lang: str) -> None:
    pages = PIPELINES[lang].tokenizer.pages(texts)  # type: ignore[attr-defined]
    again = pages_of([PIPELINES[lang](text) for text in texts])
    assert pages.first.tolist() == again.first.tolist()
    assert pages.start.tolist() == again.start.tolist()
    assert pages.end.tolist() == again.end.tolist()
    assert pages.norms(0, len(pages.word)) == again.norms(0, len(again.word))
    assert pages.lexicon.marks[pages.word].tolist() == again.lexicon.marks[again.word].tolist()


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_the_spacy_pipeline_says_the_same(lang: str, jd: Analyzer) -> None:
    texts = some(lang, 12)
    nlp = jd.pipeline(lang)
    through_docs = [read_doc(nlp, nlp(t), title=None, id=None, model=jd.model_name(lang), mixed=False) for t in texts]
    assert through_docs == list(jd.analyze_many([{"text": t, "language": lang} for t in texts]))


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_emissions_are_those_of_the_matrix(lang: str, jd: Analyzer) -> None:
    pages = jd._pages(lang, some(lang, 12))
    batch, zones = content_of(pages), jd.pipeline(lang).get_pipe("jd_zones")
    space, weights = zones.space, zones.arrays["weights"]  # type: ignore[attr-defined]
    assert emissions(batch, space, lang, Parts.of(weights, len(space))) == pytest.approx(
        zone_matrix(batch, space, lang) @ weights, abs=1e-10
    )


def test_marginals_are_those_of_forward_and_backward() -> None:
    chance = np.random.default_rng(1)
    lengths = np.array([3, 1, 9, 9, 2])
    scores, moves = 20 * chance.normal(size=(int(lengths.sum()), 4)), 5 * chance.normal(size=(4, 4))
    start, end = chance.normal(size=4), chance.normal(size=4)
    long_way, _, _ = forward_backward(scores, lengths, moves, start, end)
    short = marginals(scores, lengths, moves, start, end)
    assert short == pytest.approx(long_way, abs=1e-12)
    alone = marginals(scores[4:13], lengths[2:3], moves, start, end)
    assert (alone == short[4:13]).all(), "to the last bit, whatever else is in the batch"


def test_a_full_lexicon_is_left_and_begun_anew(jd: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = some("es", 6)
    before = list(jd.analyze_many(texts))
    monkeypatch.setattr(lexicons, "LARGEST", 10)
    first = lexicons.lexicon("es")
    assert list(jd.analyze_many(texts, batch_size=2)) == before
    assert lexicons.lexicon("es") is not first


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_remembered_lines_change_nothing(lang: str) -> None:
    texts = some(lang, 8)
    jd = Analyzer()
    before = list(jd.analyze_many(texts))
    jd.remember_lines(100)
    assert list(jd.analyze_many(texts)) == before
    phrases = jd.pipeline(lang).get_pipe("jd_duties")._phrases  # type: ignore[attr-defined]
    assert list(jd.analyze_many(texts)) == before
    assert phrases.cache_info().hits >= sum(len(a.duties) for a in before)
    jd.remember_lines(0)
    assert list(jd.analyze_many(texts)) == before


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_rows_need_no_evidence(lang: str, jd: Analyzer) -> None:
    items = [{"text": t, "title": "Brand manager"} for t in some(lang, 8)]
    assert [a.to_row() for a in jd.analyze_rows(items)] == [a.to_row() for a in jd.analyze_many(items)]
    assert [a.to_row() for a in jd.analyze_rows(items)] == [jd.analyze(**i).to_row() for i in items]


LISTS = {
    "zh": "负责品牌策略、形象设计与公关传播",
    "es": "Encargarse de la estrategia de marca, del diseño de imagen y de las relaciones públicas",
}


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_rows_look_for_the_phrases_that_scores_depend_on(lang: str, jd: Analyzer) -> None:
    texts = [*some(lang, 8), LISTS[lang]]
    shown, hidden = (jd._pages(lang, texts, evidence) for evidence in (True, False))
    short = np.bincount(shown.segments.owner, minlength=len(texts)) <= FEW
    assert short[-1] and not short.all()
    in_short = short[shown.duties.owner[shown.phrases[:, 0]]]
    assert hidden.phrases.tolist() == shown.phrases[in_short].tolist() and 2 <= in_short.sum() < len(in_short)
    assert hidden.probabilities.tobytes() == shown.probabilities.tobytes() and hidden.scores.tobytes() == shown.scores.tobytes()
    read = [n for n, of in enumerate(shown.duties.owner.tolist()) if short[of]]
    assert [hidden.purposes[n] for n in read] == [shown.purposes[n] for n in read]
    assert len(hidden.purposes) == len(shown.purposes)


@pytest.mark.parametrize("lang", ["zh", "es"])
def test_a_vocabulary_within_another_gives_what_it_gives_alone(lang: str, jd: Analyzer) -> None:
    larger = jd.pipeline(lang).get_pipe("jd_zones").space  # type: ignore[attr-defined]
    own = jd.pipeline(lang).get_pipe("jd_functions").duty.space  # type: ignore[attr-defined]
    assert isinstance(own, PartSpace) and own.larger is larger, "the shipped models count words once"
    some_names = range(0, len(larger), 3)
    alone = FeatureSpace(lang, [larger.names[n] for n in some_names], larger.weights[some_names])
    part = within(alone, larger)
    for texts in (some(lang, 6), some(lang, 12)):  # the second time with words that are new
        pages = jd._pages(lang, texts)
        for batch in (content_of(pages), restrict(content_of(pages), pages.duties)):
            one, other = alone.matrix(batch), part.matrix(batch)
            assert (one != other).nnz == 0 and one.nnz > 100
            assert (one.indices == other.indices).all() and (one.indptr == other.indptr).all()
            assert (alone.known(batch) == part.known(batch)).all()
            for left, right in zip(alone.occurrences(batch), part.occurrences(batch), strict=True):
                assert left.tolist() == right.tolist()


def test_a_vocabulary_that_is_not_within_another_counts_for_itself() -> None:
    weights = np.ones(2, np.float32)
    larger = FeatureSpace("es", ["w:a", "w:b"], weights)
    for names in (["w:a", "w:c"], ["w:b", "w:a"]):
        space = FeatureSpace("es", names, weights)
        assert within(space, larger) is space
    assert within(larger, larger) is larger
    assert not larger.shared

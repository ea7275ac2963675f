"""The packaged profiles hold what the documents and the labelling scheme say, in every language."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from analyzer.profiles import load_profiles, normal_term
from analyzer.profiles.matching import _inflected
from analyzer.profiles.reading import SOURCES

PROFILES = load_profiles()
BRAND = ["b.strategy", "b.creative", "b.visual", "b.publicity"]
MARKETING = ["m.pr", "m.planning", "m.events", "m.media", "m.search", "m.channel"]
OPERATIONS = ["o.content", "o.user", "o.activity", "o.product", "o.newmedia", "o.appstore", "o.store", "o.category"]
OTHER = ["n.sales", "n.service", "n.design", "n.tech", "n.hr", "n.finance", "n.logistics", "n.product", "n.other"]
RECORDS = [
    (f"{section} {key}", record)
    for section in ("functions", "families", "subfunctions", "goals", "overlaps", "titles", "synonyms", "steps")
    for key, record in getattr(PROFILES, section).items()
]


def test_every_code_of_the_scheme_and_no_other() -> None:
    assert list(PROFILES.subfunctions) == [*BRAND, *MARKETING, *OPERATIONS, *OTHER, "g"]
    assert list(PROFILES.functions) == ["marketing", "operations", "brand"]
    assert list(PROFILES.families) == ["other", "general", "none"]


@pytest.mark.parametrize(
    ("codes", "function"), [(BRAND, "brand"), (MARKETING, "marketing"), (OPERATIONS, "operations"), (OTHER, "other"), (["g"], "general")]
)
def test_function_of_every_code(codes: list[str], function: str) -> None:
    assert {PROFILES.function_of(code) for code in codes} == {function}
    assert PROFILES.codes_of(function) == tuple(codes)
    assert PROFILES.function_of(codes[0].split(".")[0]) == function


@pytest.mark.parametrize("code", PROFILES.subfunctions)
def test_sub_function_is_rich_in_both_languages(code: str) -> None:
    held = PROFILES.subfunctions[code]
    for text in (held.name, held.description):
        assert text.en and text.es and text.zh
    for terms in (held.terms.zh, held.terms.es):
        assert 15 <= len(terms) <= 45


@pytest.mark.parametrize("key", PROFILES.functions)
def test_function_says_all_the_documents_say(key: str) -> None:
    held = PROFILES.functions[key]
    for field in ("name", "makes", "essence", "faces", "manner", "judged_by", "scene", "is_not"):
        text = getattr(held, field)
        assert text.en and text.es and text.zh, field


@pytest.mark.parametrize(("label", "record"), RECORDS, ids=[label for label, _ in RECORDS])
def test_every_entry_names_its_document(label: str, record: Any) -> None:
    assert record.source in SOURCES[:-1]
    assert len(record.where) >= 3


@pytest.mark.parametrize(("label", "record"), RECORDS, ids=[label for label, _ in RECORDS])
def test_terms_are_written_in_normal_form(label: str, record: Any) -> None:
    for field in ("terms", "exceptions", "cues", "words"):
        terms = getattr(record, field, None)
        for language in ("zh", "es", "en") if terms else ():
            words = getattr(terms, language)
            assert [normal_term(word, language) for word in words] == list(words)
            assert len(set(words)) == len(words)
            if language == "es":  # two words with a form in common are one word written twice
                forms = [form for word in words for form in _inflected(word)]
                assert len(forms) == len(set(forms)), [form for form in forms if forms.count(form) > 1]


def test_chinese_is_simplified() -> None:
    convert = pytest.importorskip("opencc").OpenCC("t2s").convert
    for label, record in RECORDS:
        for field in ("terms", "exceptions", "cues", "words"):
            terms = getattr(record, field, None)
            for word in terms.zh if terms else ():
                assert convert(word) == word, label


def test_nine_steps() -> None:
    assert list(PROFILES.steps) == list(range(1, 10))
    assert [step.name.zh for step in PROFILES.steps.values()] == [
        "讲故事", "铺信息", "建渠道", "玩圈子", "产品升级", "事件营销", "发起号召", "整合营销", "品牌升级",
    ]  # fmt: skip
    for step in PROFILES.steps.values():
        for text in (step.name, step.what, step.purpose):
            assert text.en and text.es and text.zh
        assert len(step.cues.zh) >= 15 and len(step.cues.es) >= 15


def test_goals_figures_and_models_of_operations() -> None:
    assert [goal.name.zh for goal in PROFILES.goals.values()] == ["拉新", "促活", "留存", "转化", "自传播"]
    for language in ("zh", "es"):
        assert {"pv", "uv", "roi", "gmv", "dau", "mau", "aarrr", "rfm"} <= set(PROFILES.functions["operations"].terms.of(language))


def test_names_that_mean_the_same() -> None:
    sets = {frozenset(held.words.zh) for held in PROFILES.synonyms.values()}
    assert {
        frozenset({"品牌部", "企划部"}), frozenset({"市场部", "营销部", "企划部"}), frozenset({"销售部", "业务部"}),
        frozenset({"公关部", "pr部"}), frozenset({"新媒体部", "数字营销部"}),
    } <= sets  # fmt: skip


def test_overlaps_are_shown() -> None:
    assert ("m.media", "o.newmedia") in {overlap.codes for overlap in PROFILES.overlaps.values()}
    assert ("b.publicity", "m.events", "o.activity") in {overlap.codes for overlap in PROFILES.overlaps.values()}
    assert all(code in PROFILES.subfunctions for overlap in PROFILES.overlaps.values() for code in overlap.codes)


def test_names_fall_back() -> None:
    assert PROFILES.name("m.pr", "zh") == "公关"
    assert PROFILES.name("marketing", "es") == "Marketing"
    assert PROFILES.name("none", "en") == "None of the three"
    assert PROFILES.name("n", "en") == "Other function"
    assert PROFILES.name("m.pr", "fr") == "Public relations"
    assert PROFILES.name("x.gone", "es") == "x.gone"


def test_import_does_no_work() -> None:
    code = "import analyzer.profiles as p; assert p._packaged.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_hash_is_short_stable_and_of_the_content() -> None:
    assert len(PROFILES.hash()) == 12 and int(PROFILES.hash(), 16) >= 0
    assert load_profiles() is PROFILES
    code = "from analyzer.profiles import load_profiles; print(load_profiles().hash())"
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert other.stdout.strip() == PROFILES.hash()

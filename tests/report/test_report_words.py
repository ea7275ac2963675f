"""Words, figures and the interface language."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from analyzer.analysis import Analysis
from analyzer.report.summary import summarise
from analyzer.report.words import UI_LANGUAGES, Words, choose_ui, locale_language, messages


def test_every_message_is_in_every_language_with_the_same_blanks() -> None:
    for section, entries in messages().items():
        for key, said in entries.items():
            assert tuple(said) == UI_LANGUAGES, f"{section}.{key}"
            blanks = {tuple(sorted(re.findall(r"\{\w+\}", text))) for text in said.values()}
            assert len(blanks) == 1, f"{section}.{key}"
            assert all(text.strip() for text in said.values()), f"{section}.{key}"


def test_reasons_and_statuses_the_analyzer_gives_have_words() -> None:
    for reason in ("no_duty_found", "too_little_text", "close_scores", "two_languages", "several_jobs", "unlike_training"):
        assert "_" not in Words("en").review(reason)
    for status in ("unsupported_language", "empty", "too_long", "unreadable"):
        assert all(Words(ui).status(status) != Words(ui).status("?") for ui in UI_LANGUAGES)
        assert all(Words(ui).advice(status) != Words(ui).advice("?") for ui in UI_LANGUAGES)
    for reason in ("lone_surrogates", "not_text", "no_text", "unknown_script", "over_200000_characters", "pt", "ja"):
        assert "_" not in Words("zh").reason(reason)
    assert Words("en").reason("over_200000_characters") == "It has over 200000 characters."
    assert Words("es").reason("pt") == "Parece portugués."
    assert Words("en").reason("never_heard_of") == "never heard of"


@pytest.mark.parametrize(
    ("share", "en", "es"),
    [
        (0.0, "0%", "0\u00a0%"),
        (0.001, "<1%", "<1\u00a0%"),
        (0.456, "46%", "46\u00a0%"),
        (0.999, ">99%", ">99\u00a0%"),
        (1.0, "100%", "100\u00a0%"),
    ],
)
def test_percent(share: float, en: str, es: str) -> None:
    assert (Words("en").percent(share), Words("es").percent(share)) == (en, es)


def test_figures_and_strengths() -> None:
    assert Words("en").signed(-1.234) == "\u22121.23"
    assert Words("es").signed(1.5) == "+1,50"
    assert Words("es").signed(-0.004) == "0,00"
    assert [Words("en").strength(p) for p in (0.95, 0.7, 0.2, 0.19, 0.0)] == [
        "almost certainly",
        "likely",
        "perhaps",
        "unlikely",
        "almost certainly not",
    ]


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LC_ALL": "zh_CN", "LANG": "es_ES"}, "zh"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "fr_FR"}, None),
        ({}, None),
        ({"LANG": "en"}, "en"),
    ],
)
def test_locale(environment: dict[str, str], found: str | None) -> None:
    assert locale_language(environment) == found


def test_interface_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "C")
    assert choose_ui("zh", "es") == "zh"
    assert choose_ui(None, "es") == "es"
    assert choose_ui(None, "pt") == "en"
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert choose_ui(None, "es") == "en"


def test_unknown_interface_language() -> None:
    with pytest.raises(ValueError, match="en, es, zh"):
        Words("fr")


def test_summary(analysis: Analysis, text: str) -> None:
    told = summarise(analysis, text, Words("en"))
    assert told.headline == "The work is most likely operations, but that is not certain (70%)."
    assert told.notes == ("Also a substantive part of it: brand.",)
    assert told.title_line is not None
    assert "says brand, and the duties keep it" in told.title_line
    assert [s.counted for s in told.scores] == [False, True, True]
    assert [e.function for e in told.evidence] == ["operations", "brand"]
    assert [(w.number, w.weight) for w in told.evidence[0].supporting] == [(2, 1.75)]
    assert [(w.number, w.weight) for w in told.evidence[0].opposing] == [(3, -1.0), (1, -0.25)]
    assert [(s.key, round(s.share, 2)) for s in told.subfunctions] == [
        ("n.sales", 0.33),
        ("o.user", 0.33),
        ("b.strategy", 0.2),
        ("m.planning", 0.13),
    ]
    assert [(s.number, s.words) for s in told.steps] == [(4, ("会员",))]
    assert told.review[-1] == "something new"


def test_summary_of_none_and_mismatch(analysis: Analysis, text: str) -> None:
    assert analysis.title
    title = replace(analysis.title, mismatch=True)
    none = replace(
        analysis,
        primary="none",
        probability={**analysis.probability, "none": 0.9},
        functions=(),
        reasons=(),
        other={"n.sales": 0.6},
        title=title,
    )
    told = summarise(none, text, Words("en"))
    assert told.headline == "The work is mainly none of marketing, operations and brand (90% sure)."
    assert told.notes == ("Most of its duties are: Sales (60%).",)
    assert told.title_mismatch
    assert "the duties say none of the three" in (told.title_line or "")
    assert [e.function for e in told.evidence] == ["operations"]
    assert told.review == ("The title promises another function than the duties.",)


def test_summary_without_result(failed: Analysis) -> None:
    told = summarise(failed, "", Words("en"))
    assert told.headline == "No result"
    assert told.notes[1] == "It looks like Portuguese."
    assert "--language" in told.notes[2]

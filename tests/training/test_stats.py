from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from written import ES, ZH, posting, simple

from analyzer.cli import app
from analyzer.training.charts import draw
from analyzer.training.exchange import write_jsonl
from analyzer.training.layout import FEATURES, known_shares, layout_shares
from analyzer.training.rules import Rules
from analyzer.training.stats import corpus_stats, covered, digits, duty_words, read_known, types_at


@pytest.fixture
def postings(tmp_path: Path) -> list[dict[str, Any]]:
    return [posting(ZH, tmp_path), posting(ES, tmp_path)]


def test_duty_words_are_normal_forms_without_marks_and_numbers(postings: list[dict[str, Any]]) -> None:
    assert duty_words(postings[1:], "es") == [
        ["visitar", "veterinarias", "y", "cerrar", "pedidos"],
        ["armar", "el", "catalogo", "y", "cobrar", "las", "facturas"],
    ]
    zh = duty_words(postings[:1], "zh")
    assert zh[0][:3] == ["搭建", "会员", "等级"]
    assert len(zh) == 2


def test_digits_leave_the_list_mark_out() -> None:
    made = simple("zh-1", [("o.user", "1、维护3个会员群"), ("o.user", "2、每月回访老客户")], "zh")
    assert digits([made]) == [1, 0]


def test_types_are_counted_over_a_sample_of_fixed_size() -> None:
    assert types_at([["a", "b"], ["a", "b"]], size=4) == 2
    assert types_at([["a"]] * 3, size=4) is None


def test_coverage_weighs_by_frequency() -> None:
    assert covered(["pan"], {"pan": 3.0, "queso": 1.0}) == 0.75
    assert covered([], {}) == 0


def _beside(folder: Path) -> Path:
    (folder / "words_es.tsv").write_text(
        "# counts\nopener\tvisitar\t40.5\t\nopener\tcerrar\t10\t\nword\tcatálogo\t30\t1\nword\tzapato\t10\t1\n"
        "collocation\tel catálogo\t9\t\n",
        encoding="utf-8",
    )
    (folder / "noise_es.md").write_text("- one line only: 50 (62.5%)\n- one line only and over: 1 (1%)\n", encoding="utf-8")
    real = simple("r1", [("n.sales", "Visitar talleres")])
    (folder / "dev_es.jsonl").write_text(json.dumps(real) + "\n", encoding="utf-8")
    return folder


def test_what_is_known_of_real_postings_is_read_where_it_is(tmp_path: Path) -> None:
    known = read_known(_beside(tmp_path), "es")
    assert known.words == {"catalogo": 30.0, "zapato": 10.0}
    assert known.openers == {"visitar": 40.5, "cerrar": 10.0}
    assert known.layout == {"all on one line": 0.625}
    assert len(known.postings) == 1
    assert read_known(tmp_path, "zh").words == {}
    assert read_known(None, "es").openers == {}


def test_the_corpus_stands_beside_real_counts(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    stats = corpus_stats(postings, Rules(), _beside(tmp_path))
    tables = {t.name: {row[0]: row[1:] for row in t.rows} for t in stats.tables}
    figures = tables["Size and words (es)"]
    assert figures["share of words_es.tsv's duty-word mass the corpus holds"] == (0.75, "–")
    assert figures["real duty words the corpus never shows, by frequency"] == (0.5, "–")
    assert figures["share of duties that open with visitar"] == (0.5, 0.0405)
    assert tables["Openers (es), per 1,000 duties"]["visitar"] == (500.0, 40.5)
    assert tables["Layout and noise (es), share of postings"]["all on one line"] == (0.0, 0.625)
    assert [n for n in stats.notes if n.startswith("zh:")] != []
    assert [n for n in stats.notes if n.startswith("es:")] == []


def test_tables_are_markdown_and_json(postings: list[dict[str, Any]]) -> None:
    stats = corpus_stats(postings, Rules())
    text = stats.markdown()
    assert "### Length deciles (zh)\n\n| what | 10 % |" in text
    assert json.loads(json.dumps(stats.to_dict()))["tables"][0]["name"] == "Primary function"


@pytest.mark.parametrize(
    ("language", "feature", "text"),
    [
        ("zh", "list mark 1、", "1、写稿\n2、排版"),
        ("zh", "all on one line", "负责写稿"),
        ("zh", "heading in brackets 【】", "【岗位职责】\n写稿"),
        ("zh", "pay figure", "月薪8000-9000元"),
        ("zh", "inline pinyin or lost characters", "品(pǐn)牌"),
        ("zh", "half-width comma between Han", "写稿,排版"),
        ("es", "glued sentences or words, 3 or more", "TareasVender pan.Cobrar.Requisitos:Saber leer"),
        ("es", "whole text in capitals", "VENDER PAN EN EL LOCAL"),
        ("es", "gender form", "Buscamos vendedor/a"),
        ("es", "pay figure", "Renta $650.000"),
        ("es", "blank lines", "Vender\n\nCobrar"),
    ],
)
def test_layout_features(language: str, feature: str, text: str) -> None:
    made = {"text": text, "segments": [{"start": 0, "end": len(text), "zone": "D", "codes": ["g"]}]}
    plain = {"text": "写稿\n排版" if language == "zh" else "- Vender pan\n- Cobrar", "segments": made["segments"]}
    shares = layout_shares([made, plain], language)
    assert set(shares) == set(FEATURES[language])
    assert shares[feature] == 0.5


def test_notes_that_are_missing_tell_nothing(tmp_path: Path) -> None:
    assert known_shares(tmp_path / "noise_zh.md", "zh") == {}


def test_charts_are_drawn(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    paths = draw(postings, Rules(), tmp_path / "figures")
    assert [p.name for p in paths] == ["codes.png", "sectors.png", "lengths.png"]
    assert all(p.read_bytes()[:4] == b"\x89PNG" for p in paths)


def test_the_stats_command(tmp_path: Path, postings: list[dict[str, Any]]) -> None:
    own = tmp_path / "own.jsonl"
    write_jsonl(own, postings)
    result = CliRunner().invoke(app, ["corpus", "stats", str(own), "--format", "json", "--beside", str(tmp_path / "none")])
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["notes"]) == 2

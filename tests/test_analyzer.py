"""The analyzer as Python users meet it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import analyzer
from analyzer.analyzer import Analyzer
from analyzer.errors import ModelNotFound

ZH = "岗位职责：\n1、负责会员体系的搭建与完善，提升用户留存；\n2、策划、执行线上活动；\n3、完成领导交办的其他工作。\n任职要求：\n1、本科学历；\n2、有品牌策划经验者优先。"
ES = "Funciones:\n- Gestionar las cuentas de Instagram y responder comentarios.\n- Planificar la pauta en redes.\nRequisitos:\n- Experiencia en marcas."


def test_a_chinese_posting(jd: Analyzer) -> None:
    result = jd.analyze(ZH, title="品牌经理")
    assert (result.status, result.language, result.primary) == ("ok", "zh", "operations")
    assert [d.text for d in result.duties][:2] == ["负责会员体系的搭建与完善，提升用户留存", "策划、执行线上活动"]
    assert [(p.verb.text, p.object.text) for p in result.duties[1].phrases] == [("策划", "线上活动"), ("执行", "线上活动")]
    assert result.duties[0].purpose is not None
    assert "用户留存" in result.duties[0].purpose.text
    assert result.title is not None
    assert (result.title.function, result.title.mismatch) == ("brand", True)
    assert {z.label for z in result.zones} >= {"H", "D", "R"}


def test_the_title_never_enters_the_scores(jd: Analyzer) -> None:
    plain, titled = jd.analyze(ES).to_dict(), jd.analyze(ES, title="Brand Manager").to_dict()
    assert titled.pop("title") is not None
    assert plain.pop("title") is None
    assert plain == titled


def test_script_does_not_matter(jd: Analyzer) -> None:
    traditional = "職責：\n1、負責會員體系的搭建與完善，提升用戶留存；\n2、策劃、執行線上活動；"
    simplified = "职责：\n1、负责会员体系的搭建与完善，提升用户留存；\n2、策划、执行线上活动；"
    assert jd.analyze(traditional).scores == jd.analyze(simplified).scores


def test_two_languages_and_several_jobs_are_flagged(jd: Analyzer) -> None:
    both = jd.analyze(
        ZH
        + "\nFunciones: gestionar las redes sociales de la marca y responder a los clientes en español todos los días del año con el equipo de la empresa."
    )
    assert "two_languages" in both.reasons
    several = jd.analyze(
        "招聘运营：\n" + ZH + "\n招聘销售：\n岗位职责：\n1、负责客户开发和合同签订；\n2、完成销售任务。\n任职要求：\n1、有销售经验；"
    )
    assert "several_jobs" in several.reasons


def test_english_duties_inside_are_found(jd: Analyzer) -> None:
    text = "岗位职责：\n1、负责海外社媒账号的日常运营；\n2、Manage the Facebook and Instagram accounts and reply to comments;\n任职要求：英语六级"
    assert any("Facebook" in d.text for d in jd.analyze(text).duties)


def test_a_prior_of_ones_own_moves_the_scores(jd: Analyzer) -> None:
    text = "负责公司品牌宣传活动的策划与执行，配合市场推广工作。"
    more = analyzer.load(prior={"brand": 0.5}).analyze(text)
    less = analyzer.load(prior={"brand": 0.02}).analyze(text)
    assert less.scores["brand"] < jd.analyze(text).scores["brand"] < more.scores["brand"]
    with pytest.raises(ValueError, match="JD-104"):
        analyzer.load(prior={"brand": 2}).analyze(text)


def test_a_missing_model_says_where_and_what(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"JD-101.*train"):
        analyzer.load(tmp_path).analyze(ZH)


def test_words_of_users_are_forgotten(jd: Analyzer) -> None:
    jd.analyze("负责市场推广")
    before = len(jd.pipeline("es").vocab.strings)
    list(jd.analyze_many(f"Gestionar la campaña palabraunica{i} de la empresa en redes sociales" for i in range(300)))
    assert len(jd.pipeline("es").vocab.strings) <= before + 60


def test_the_source_documents_are_read_whole(jd: Analyzer, shared: Path) -> None:
    for file in sorted((shared / "seeds").glob("*.txt")):
        text = file.read_text(encoding="utf-8")
        jd.analyze(text)
        start = time.perf_counter()
        result = jd.analyze(text)
        assert result.ok
        assert result.duties
        assert all(text[d.start : d.end] == d.text for d in result.duties)
        assert time.perf_counter() - start < 5, "under a second on a quiet machine; see benchmarks"

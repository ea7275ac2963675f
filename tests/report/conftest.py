"""Results made by hand, so that the views are tested without a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, Duty, Title
from analyzer.profiles import Profiles, load_profiles

TEXT = "岗位职责：\n1、负责品牌定位；\n2、搭建会员体系\x1b[2J\u202e提升留存。\n3、<b>拜访</b>客户 & 签约\n4、开会\n要求：本科"


def duty(text: str, part: str, code: str, function: str, weights: tuple[float, float, float], second: str | None = None) -> Duty:
    start = text.index(part)
    codes = ((code, 0.6), (second, 0.4)) if second else ((code, 1.0),)
    named = dict(zip(("marketing", "operations", "brand"), weights, strict=True))
    return Duty(start, start + len(part), part, function, code, codes, 0.9, named)


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def analysis() -> Analysis:
    duties = (
        duty(TEXT, "负责品牌定位", "b.strategy", "brand", (-0.5, -0.25, 2.0), "m.planning"),
        duty(TEXT, "搭建会员体系\x1b[2J\u202e提升留存", "o.user", "operations", (-0.3, 1.75, -0.02)),
        duty(TEXT, "<b>拜访</b>客户 & 签约", "n.sales", "other", (-0.2, -1.0, -0.1)),
        duty(TEXT, "开会", "g", "general", (0.0, 0.0, 0.0)),
    )
    start = TEXT.index("会员")
    return Analysis(
        "ok",
        "zh",
        "zh-1.0.0+abc1234",
        primary="operations",
        probability={"marketing": 0.1, "operations": 0.7, "brand": 0.15, "none": 0.05},
        functions=("operations", "brand"),
        scores={"marketing": 0.05, "operations": 0.93, "brand": 0.5},
        raw={"marketing": -1.5, "operations": 1.0, "brand": 0.0},
        rest={"marketing": -0.5, "operations": 0.5, "brand": -1.88},
        mix={"marketing": 0.133333, "operations": 0.333333, "brand": 0.2, "other": 0.333334},
        other={"n.sales": 0.333334},
        title=Title("品牌<i>专员\x1b[31m", "brand", False, {"marketing": 0.1, "operations": 0.88, "brand": 0.6}),
        steps=({"step": 4, "evidence": [{"start": start, "end": start + 2}, {"start": start, "end": start + 2}]},),
        review=True,
        reasons=("close_scores", "something_new"),
        duties=duties,
    )


@pytest.fixture
def plain(analysis: Analysis) -> Analysis:
    """The same without anything to review and without a title."""
    return replace(analysis, title=None, review=False, reasons=())


@pytest.fixture
def growth(tmp_path: Path) -> Profiles:
    """Profiles with a fourth function and a renamed one."""
    (tmp_path / "growth.toml").write_text(
        '[functions.growth]\nprefix = "gr"\nname = { en = "Growth", es = "Crecimiento", zh = "增长" }\n'
        '[subfunctions."gr.loops"]\nname = { en = "Referral loops" }\n[functions.brand]\nname = { en = "House of brands" }\n',
        encoding="utf-8",
    )
    return load_profiles(tmp_path / "growth.toml")


@pytest.fixture
def fourth(plain: Analysis) -> Analysis:
    """A result of a model that scores growth as well."""
    growing = {"code": "gr.loops", "codes": (("gr.loops", 1.0),), "function": "growth"}
    moved = [replace(d, weights={**d.weights, "growth": 0.5}, **(growing if d.code == "o.user" else {})) for d in plain.duties]
    return replace(
        plain,
        duties=tuple(moved),
        primary="growth",
        functions=("brand", "growth"),
        probability={"marketing": 0.1, "operations": 0.1, "brand": 0.1, "growth": 0.65, "none": 0.05},
        scores={**plain.scores, "growth": 0.8},
        raw={**plain.raw, "growth": 1.0},
        rest={**plain.rest, "growth": -1.0},
        mix={"marketing": 0.1, "operations": 0.0, "brand": 0.2, "growth": 0.4, "other": 0.3},
    )


@pytest.fixture
def failed() -> Analysis:
    return Analysis("unsupported_language", "pt", "none", review=True, reasons=("pt",))

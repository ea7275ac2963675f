"""The source documents' nine departments come out as they say, in both languages, read from the duties alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from analyzer.analyzer import Analyzer

DEPARTMENTS = tomllib.loads((Path(__file__).parent / "departments.toml").read_text(encoding="utf-8"))["department"]
CASES = [pytest.param(d, lang, id=f"{d['name']} ({lang})") for d in DEPARTMENTS for lang in ("zh", "es")]


@pytest.mark.parametrize(("department", "lang"), CASES)
def test_department(jd: Analyzer, department: dict[str, Any], lang: str) -> None:
    result = jd.analyze(department[lang])
    told = [(d.code, d.text) for d in result.duties]
    assert result.language == lang
    assert result.primary in department["primary"], told
    assert sorted(result.functions) == sorted(department["functions"]), told
    if len(department["primary"]) > 1:
        assert result.review, "a department that two readers would call differently is sent to a person"

"""Small data for the training tests: a few dozen postings of the corpus, and one small model for all tests of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from growing import TOML, chosen
from training_data import QUICK

from analyzer.training.labelled import read_labelled

ROOT = Path(__file__).resolve().parents[2]
Posting = dict[str, Any]


@pytest.fixture(scope="session")
def spanish() -> list[Posting]:
    """All Spanish postings of the corpus."""
    found = read_labelled([ROOT / "corpus" / "es"])
    assert not found.problems
    return found.postings


@pytest.fixture(scope="session")
def few(spanish: list[Posting]) -> list[Posting]:
    """Forty of them, all four answers among them."""
    return spanish[:: len(spanish) // 40][:40]


@pytest.fixture(scope="session")
def others(spanish: list[Posting], few: list[Posting]) -> list[Posting]:
    """Twenty-five more."""
    return [p for p in spanish[5 :: len(spanish) // 30] if p not in few][:25]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, few: list[Posting]) -> Path:
    """A directory of models with a small Spanish one in it, made of `few`."""
    from analyzer.training.deliver import deliver
    from analyzer.training.retrain import Plan, run

    place = tmp_path_factory.mktemp("models")
    plan = Plan("es", few, recipe=QUICK)
    deliver(run(plan), plan, place / "es")
    return place


@pytest.fixture(scope="session")
def toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The profile of growth, a function of the user's own."""
    file = tmp_path_factory.mktemp("profiles") / "growth.toml"
    file.write_text(TOML, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def growing(spanish: list[Posting], few: list[Posting]) -> list[Posting]:
    """Own postings, sixteen of them growth's."""
    known = {p["id"] for p in few}
    return chosen([p for p in spanish if p["id"] not in known], 16, 34)


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory, growing: list[Posting], toml: Path) -> Path:
    """A directory of models with a small Spanish one in it, made of `growing` alone."""
    from analyzer.profiles import load_profiles
    from analyzer.training.deliver import deliver
    from analyzer.training.retrain import Plan, run

    place = tmp_path_factory.mktemp("grown")
    plan = Plan("es", [], growing, alone=True, recipe=QUICK, profiles=load_profiles(toml), profile_files=(toml,))
    deliver(run(plan), plan, place / "es")
    return place

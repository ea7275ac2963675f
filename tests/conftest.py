"""What all tests share: the loaded analyzer, and where data kept outside the project would lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

import analyzer
from analyzer.analyzer import Analyzer

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# The same examples each run, so that a run tells about the change and not about chance; JD_HYPOTHESIS=search looks for new ones.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", derandomize=False)
settings.load_profile(os.environ.get("JD_HYPOTHESIS", "same"))


@pytest.fixture(scope="session")
def jd() -> Analyzer:
    """The shipped models, opened once."""
    return analyzer.load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Documents kept beside the project; tests that need them skip where they are missing."""
    if not SHARED.is_dir():
        pytest.skip("the source documents and labelled postings are kept beside the project and are not here")
    return SHARED

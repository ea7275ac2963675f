"""A corrected posting as one line of labelled data, of the shape `jd-analyzer train` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from analyzer.analysis import Analysis
from analyzer.profiles import Profiles, load_profiles
from analyzer.text.mark import mark_of
from analyzer.training.derive import scheme_of
from analyzer.training.desk import NO_DUTY
from analyzer.training.label import corrected as with_labels


def record(
    text: str,
    analysis: Analysis,
    corrected: Mapping[int, str],
    primary: str | None = None,
    title: str = "",
    profiles: Profiles | None = None,
) -> dict[str, Any]:
    """The labels of a posting after a person's corrections.

    corrected: number of the duty (from 0) -> its right code, or the zone that it is instead of a duty (R B C H X);
    what is neither, or no duty of the posting, is passed over. primary: a function of the profiles or none, where
    the person said so, else what follows from the labels.
    """
    profiles = profiles or load_profiles()
    known, scheme = profiles.subfunctions, scheme_of(profiles)
    good = {n + 1: said for n, said in corrected.items() if 0 <= n < len(analysis.duties) and (said in NO_DUTY or said in known)}
    made = with_labels({"id": f"corrected-{mark_of(text)[:12]}", "text": text, "title": title}, analysis, good, known, scheme)
    if primary in scheme.answers:
        made["primary"] = primary
        if primary != "none":
            made["functions"] = sorted({*made["functions"], primary})
    return made


def line(of: Mapping[str, Any]) -> bytes:
    """The record as a line of JSONL."""
    return (json.dumps(of, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")

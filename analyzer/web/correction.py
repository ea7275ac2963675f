"""A corrected posting as one line of labelled data, of the shape `jd-analyzer train` reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from analyzer.analysis import ANSWERS, Analysis
from analyzer.profiles import load_profiles
from analyzer.training.derive import derive
from analyzer.web.view import NO_DUTY, zone_of


def record(text: str, analysis: Analysis, corrected: Mapping[int, str], primary: str | None = None, title: str = "") -> dict[str, Any]:
    """The labels of a posting after a person's corrections.

    corrected: number of the duty (from 0) -> its right code, or the zone that it is instead of a duty (R B C H X);
    primary: marketing, operations, brand or none, where the person said so, else what follows from the labels.
    """
    known = set(load_profiles().subfunctions)
    code_of: dict[tuple[int, int], list[str]] = {}
    relabelled: dict[tuple[int, int], str] = {}
    starts = [z.start for z in analysis.zones]
    for number, duty in enumerate(analysis.duties):
        zone = zone_of(duty, analysis.zones, starts)
        if zone is None:
            continue
        said = corrected.get(number)
        span = (zone.start, zone.end)
        if said in NO_DUTY:
            relabelled[span] = said
        else:
            code_of[span] = [said] if said in known else [c for c, _ in duty.codes]
    segments = []
    for z in analysis.zones:
        label = relabelled.get((z.start, z.end), z.label)
        codes = code_of.get((z.start, z.end), ["g"]) if label == "D" else []
        segments.append({"start": z.start, "end": z.end, "zone": label, "codes": codes})
    derived, functions = derive(segments)
    chosen = primary if primary in ANSWERS else derived
    if chosen != "none" and chosen not in functions:
        functions = sorted([*functions, chosen])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    out: dict[str, Any] = {"id": f"corrected-{digest}", "language": analysis.language}
    if title:
        out["title"] = title
    return {**out, "text": text, "primary": chosen, "functions": functions, "segments": segments}


def line(of: Mapping[str, Any]) -> bytes:
    """The record as a line of JSONL."""
    return (json.dumps(of, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")

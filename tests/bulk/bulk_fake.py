"""A scorer without a model, for tests of the road that rows take: what it says follows from the text alone."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.analysis import Analysis, Duty


class FakeScorer:
    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.seen: list[str] = []

    def analyze_many(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        for item in items:
            text = item["text"]
            if len(self.seen) < 1000:
                self.seen.append(text)
            if self.pause:
                time.sleep(self.pause)
            if not text.strip():
                yield Analysis("empty", None, "none", review=True, reasons=("no_text",))
                continue
            value = zlib.crc32(text.encode("utf-8", "replace")) % 1000 / 1000
            primary = ("marketing", "operations", "brand", "none")[int(value * 4)]
            first = text.split("\n")[0]
            duty = Duty(
                0, len(first), first, "marketing", "m.pr", (("m.pr", 1.0),), value, {"marketing": value, "operations": 0.0, "brand": 0.0}
            )
            yield Analysis(
                "ok", "zh", "fake-1", primary=primary, probability={primary: value},
                functions=(primary,) if primary != "none" else (),
                scores={"marketing": value, "operations": 0.5, "brand": 0.25},
                mix={"marketing": 1.0, "operations": 0.0, "brand": 0.0, "other": 0.0},
                raw={}, rest={}, duties=(duty,),
            )  # fmt: skip


@dataclass(frozen=True)
class FakeFactory:
    pause: float = 0.0
    version: str = "1"

    def __call__(self) -> FakeScorer:
        return FakeScorer(self.pause)

    def fingerprint(self) -> dict[str, str]:
        return {"fake": self.version}

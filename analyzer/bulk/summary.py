"""What a finished run has to say: how many of each function, how many to look at, bad rows, the slowest part."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.errors import OutputError


@dataclass
class Summary:
    """Counts of a whole run, resumed parts included; seconds are of this call alone, by stage."""

    rows: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    elapsed: float = 0.0
    scored_now: int = 0
    resumed_rows: int = 0
    workers: int = 1
    outputs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """Rows without a result."""
        return self.rows - self.counts.get("status", {}).get("ok", 0)

    @property
    def slowest(self) -> str | None:
        """The stage that took most of the time: read, score, lay out or write."""
        return max(self.seconds, key=lambda s: self.seconds[s]) if self.seconds else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = self.counts.get("told", {})
        return {
            "rows": self.rows,
            "status": self.counts.get("status", {}),
            "bad": self.bad,
            "primary": self.counts.get("primary", {}),
            "review": told.get("review", 0),
            "title_mismatch": told.get("mismatch", 0),
            "titles": told.get("titles", 0),
            "reasons": self.counts.get("reasons", {}),
            "repeated": self.counts.get("cache", {}).get("repeated", 0),
            "rows_per_second": round(self.scored_now / self.elapsed, 1) if self.elapsed else None,
            "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
            "elapsed": round(self.elapsed, 3),
            "slowest": self.slowest,
            "resumed_rows": self.resumed_rows,
            "workers": self.workers,
            "outputs": self.outputs,
            "notes": self.notes,
        }

    def lines(self) -> list[str]:
        """For people, a line each."""
        d = self.to_dict()
        out = [
            f"{self.rows:,} rows"
            + (f" ({self.resumed_rows:,} of them from before)" if self.resumed_rows else "")
            + f" in {self.elapsed:.1f} s"
        ]
        if d["rows_per_second"] and self.scored_now:
            out[0] += f", {d['rows_per_second']:,.0f} rows/s with {max(1, self.workers)} process{'es' if self.workers > 1 else ''}"
        if d["primary"]:
            out.append("primary: " + ", ".join(_share(n, c, self.rows) for n, c in _ordered(d["primary"])))
        out.append(f"to review: {_share('', d['review'], self.rows).strip()}" + _why(d["reasons"]))
        if d["titles"]:
            out.append(
                f"title and duties disagree: {_share('', d['title_mismatch'], d['titles']).strip()} of the {d['titles']:,} telling titles"
            )
        if self.bad:
            bad = {k: v for k, v in d["status"].items() if k != "ok"}
            out.append("without a result: " + ", ".join(f"{k} {v:,}" for k, v in _ordered(bad)))
        if d["repeated"]:
            out.append(f"repeated texts, scored once: {d['repeated']:,} rows")
        if d["slowest"] and self.scored_now:
            total = sum(self.seconds.values()) or 1.0
            out.append(
                "time: "
                + ", ".join(f"{k} {v / total:.0%}" for k, v in sorted(self.seconds.items(), key=lambda p: -p[1]))
                + f"; slowest: {d['slowest']}"
            )
        return out + self.notes + [f"written: {name}" for name in self.outputs]


def write_summary(summary: Summary, path: Path) -> None:
    """Write a summary as JSON. Raises OutputError, which tells that the table itself is done."""
    try:
        path.write_text(json.dumps(summary.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        done = ", ".join(Path(name).name for name in summary.outputs) or "the table"
        raise OutputError(f"the summary {path} cannot be written ({error.strerror}); {done} is whole all the same") from None


def _ordered(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda p: (-p[1], p[0]))


def _share(name: str, count: int, whole: int) -> str:
    return f"{name} {count:,} ({count / whole:.1%})" if whole else f"{name} {count:,}"


def _why(reasons: dict[str, int]) -> str:
    shown = ", ".join(f"{k} {v:,}" for k, v in _ordered(reasons)[:5])
    return f" – {shown}" if shown else ""

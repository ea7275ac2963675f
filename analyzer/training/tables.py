"""Counts over a corpus: how its postings and duties are spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.text.view import LOST, PINYIN
from analyzer.training.rules import Rules, sides_of

Record = Mapping[str, Any]
Row = tuple[str | int | float, ...]


@dataclass(frozen=True)
class Table:
    """A named table: the names of its columns, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: list[Row]

    def markdown(self) -> str:
        """The table in Markdown, with its name as a heading."""
        lines = [f"### {self.name}", "", "| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(_cell(c) for c in row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"name": self.name, "columns": list(self.columns), "rows": [list(r) for r in self.rows]}


def _cell(value: str | int | float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value).replace("|", "\\|")


def noisy(text: str) -> bool:
    """Whether a text holds inline pinyin or characters lost in re-encoding."""
    return bool(PINYIN.search(text) or LOST.search(text) or "\ufffd" in text)


def duties(postings: Iterable[Record]) -> Iterable[Record]:
    """All segments labelled as duties."""
    return (s for p in postings for s in p["segments"] if s["zone"] == "D")


def by_language(postings: Sequence[Record]) -> dict[str, list[Record]]:
    """The postings of each language there is, zh first."""
    return {lang: mine for lang in ("zh", "es") if (mine := [p for p in postings if p["language"] == lang])}


def _spread(name: str, values: Mapping[str, Iterable[str]], totals: Mapping[str, int], first: str) -> Table:
    """Counts and shares of a value, a pair of columns a language, the commonest first."""
    counts = {lang: Counter(v) for lang, v in values.items()}
    every = sorted(set().union(*counts.values()), key=lambda v: (-sum(c[v] for c in counts.values()), v))
    columns = (first, *(c for lang in counts for c in (lang, f"{lang} %")))
    share = {lang: 100 / max(totals[lang], 1) for lang in counts}
    return Table(name, columns, [(v, *(x for lang, c in counts.items() for x in (c[v], round(c[v] * share[lang], 1)))) for v in every])


def balance_tables(postings: Sequence[Record], rules: Rules) -> list[Table]:
    """The tables of `corpus check`: postings by each of their properties, duties by code, cases by side."""
    langs = by_language(postings)
    totals = {lang: len(p) for lang, p in langs.items()}
    tables = [
        _spread("Primary function", {k: [p["primary"] for p in v] for k, v in langs.items()}, totals, "primary"),
        _spread(
            "Functions that are part of the job", {k: [f for p in v for f in p["functions"]] for k, v in langs.items()}, totals, "function"
        ),
        _spread("Functions a posting", {k: [str(len(p["functions"])) for p in v] for k, v in langs.items()}, totals, "functions"),
        Table("Duties by code", ("code", *langs), code_counts(langs)),
        _spread("Zones", {k: [s["zone"] for p in v for s in p["segments"]] for k, v in langs.items()}, segment_totals(langs), "zone"),
        _spread("Sectors", {k: [rules.sector(p) for p in v] for k, v in langs.items()}, totals, "sector"),
    ]
    for key, name in (
        ("deceptive", "Deceptive titles"),
        ("seniority", "Seniority"),
        ("company_kind", "Company kinds"),
        ("register", "Register"),
    ):
        tables.append(_spread(name, {k: [_text(p.get(key)) for p in v] for k, v in langs.items()}, totals, key))
    for key, name in (("script", "Scripts"), ("country", "Countries")):
        some = {k: [_text(p[key]) for p in v if p.get(key)] for k, v in langs.items()}
        tables.append(_spread(name, {k: v for k, v in some.items() if v}, totals, key))
    if rules.sides:
        tables.append(Table("Cases by side", ("case", "side", *langs), case_counts(langs, rules)))
    return [t for t in tables if t.rows]


def _text(value: Any) -> str:
    return {True: "yes", False: "no", None: "not given"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


def segment_totals(langs: Mapping[str, Sequence[Record]]) -> dict[str, int]:
    """Segments of each language."""
    return {lang: sum(len(p["segments"]) for p in postings) for lang, postings in langs.items()}


def code_counts(langs: Mapping[str, Sequence[Record]]) -> list[Row]:
    """(code, duties in each language); a duty of two codes counts for both."""
    counts = {lang: Counter(c for s in duties(p) for c in s["codes"]) for lang, p in langs.items()}
    return [(code, *(c[code] for c in counts.values())) for code in sorted(set().union(*counts.values()))]


def case_counts(langs: Mapping[str, Sequence[Record]], rules: Rules) -> list[Row]:
    """(case, side, labelled segments in each language)."""
    counts: dict[str, Counter[tuple[str, str]]] = {lang: Counter() for lang in langs}
    for lang, postings in langs.items():
        for segment in (s for p in postings for s in p["segments"]):
            for case in segment.get("cases", []):
                counts[lang].update((case, side) for side in sides_of(segment, rules.sides.get(case, {})))
    return [(case, side, *(c[case, side] for c in counts.values())) for case, sides in rules.sides.items() for side in sides]

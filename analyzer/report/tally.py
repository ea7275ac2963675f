"""Counts of a whole scored table, row by row, so that memory stays flat: what the table's report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.analysis import FUNCTIONS, LETTERS, of_a_function, prefix_of
from analyzer.profiles import Profiles
from analyzer.report.labels import fold
from analyzer.report.months import date_of, day_first, ordered_month

MAX_VALUES = 20_000
"""Different values of a column counted one by one; further ones are counted together."""
MAX_REVIEW = 100
"""Postings to review that are listed; all of them are counted."""
MORE = "\0"
"""The group of the further values: no value of a column, which are folded, is named so."""
UNTOLD = "n"
"""Stands for work of other functions where a table does not tell whose; the code `n.other` is a family of its own."""


@dataclass
class Row:
    """One scored row, whatever it was read from. codes: share of each code among the row's duties, general ones left out.

    mismatch: None where no title was scored; file: its name, where several are read.
    """

    number: int
    status: str
    primary: str | None = None
    probability: float | None = None
    functions: tuple[str, ...] = ()
    mix: Mapping[str, float] = field(default_factory=dict)
    codes: Mapping[str, float] = field(default_factory=dict)
    title: str = ""
    promised: str | None = None
    mismatch: bool | None = None
    review: bool = False
    reasons: tuple[str, ...] = ()
    steps: frozenset[int] | None = None
    id: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


@dataclass
class Group:
    """The rows that share a value of a column. shown: the value as the user wrote it, in the spelling met first."""

    shown: str = ""
    rows: int = 0
    ok: int = 0
    primary: Counter[str] = field(default_factory=Counter)
    mix: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    mismatch: int = 0
    compared: int = 0
    promised: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Take in a row."""
        self.rows += 1
        if row.status != "ok":
            return
        self.ok += 1
        self.primary[row.primary or "none"] += 1
        self.mix.update(row.mix)
        self.codes.update(row.codes)
        if row.promised:
            self.promised[row.promised] += 1
        self.mismatch += bool(row.mismatch)
        self.compared += row.mismatch is not None

    def merge(self, other: Group) -> None:
        """Take in another group."""
        self.rows, self.ok = self.rows + other.rows, self.ok + other.ok
        self.mismatch, self.compared = self.mismatch + other.mismatch, self.compared + other.compared
        self.primary.update(other.primary)
        self.promised.update(other.promised)
        self.mix.update(other.mix)
        self.codes.update(other.codes)

    def shares(self) -> dict[str, float]:
        """The duty mix of the group: share of each code, adding up to 1, or nothing where no row has duties.

        A mean over postings: a posting with many duties does not outvote one with few.
        """
        total = sum(self.codes.values())
        return {k: v / total for k, v in sorted(self.codes.items()) if v > 0} if total > 0 else {}


@dataclass
class Tally:
    """All the counts. by: column → value → group; `title` groups rows by their titles; own: functions beside the shipped three.

    titled: there are titles, from title_column if from one; exact: the shares of codes are known, not spread evenly over their names.
    """

    rows: int = 0
    status: Counter[str] = field(default_factory=Counter)
    total: Group = field(default_factory=Group)
    functions: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)
    steps_known: int = 0
    review: int = 0
    reviewed: list[Row] = field(default_factory=list)
    by: dict[str, dict[str, Group]] = field(default_factory=dict)
    titles: dict[str, Group] = field(default_factory=dict)
    months: set[str] = field(default_factory=set)
    own: list[str] = field(default_factory=list)
    titled: bool = False
    title_column: str | None = None
    exact: bool = True

    @property
    def known(self) -> tuple[str, ...]:
        """The functions that the rows were scored for."""
        return (*FUNCTIONS, *self.own)

    def add(self, row: Row) -> None:
        """Take in a row."""
        self.rows += 1
        self.status[row.status] += 1
        self.total.add(row)
        self.functions.update(row.functions)
        self.own += [f for f in row.mix if f not in (*self.known, "other")]
        self.codes.update(code for code in row.codes if of_a_function(code))
        self.reasons.update(row.reasons)
        if row.steps is not None and row.status == "ok":
            self.steps_known += 1
            self.steps.update(row.steps)
        if row.review:
            self.review += 1
            if len(self.reviewed) < MAX_REVIEW:
                self.reviewed.append(row)
        for column, value in row.values.items():
            folded = fold(value)
            if column in self.months:
                value = folded = date_of(folded)
            _group(self.by.setdefault(column, {}), folded, value).add(row)
        if folded := fold(row.title):
            self.titled = True
            _group(self.titles, folded, row.title).add(row)

    def finish(self) -> None:
        """To be called after the last row: dates like 01/02/2026 become months, in the order that all of their column tell."""
        for column in self.months:
            groups = self.by.get(column, {})
            day, merged = day_first(groups), dict[str, Group]()
            for value, group in groups.items():
                label = ordered_month(value, day)
                merged.setdefault(label, Group(label if value != MORE else MORE)).merge(group)
            self.by[column] = merged

    def largest(self, groups: Mapping[str, Group]) -> list[tuple[str, Group]]:
        """All groups with a result, those of most rows first, the first value first among equals; each with its value as written."""
        known = sorted(((v, g) for v, g in groups.items() if v and v != MORE and g.ok), key=lambda p: (-p[1].ok, p[0]))
        return [(group.shown, group) for _, group in known]


def _group(groups: dict[str, Group], value: str, shown: str) -> Group:
    if value not in groups and len(groups) >= MAX_VALUES:
        value = shown = MORE
    if value not in groups:
        groups[value] = Group(shown)
    return groups[value]


def overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How much two duty mixes have in common: the sum of the smaller share of each code; 1 where they are the same.

    Work that is not told apart (`UNTOLD`) is nobody else's: one department's may be sales and another's finance.
    """
    # rounded, so that a mix and itself have all in common
    return round(sum(min(share, other.get(code, 0.0)) for code, share in one.items() if code != UNTOLD), 9)


def alike(mixes: Sequence[Mapping[str, float]]) -> list[list[float]]:
    """The overlap of each mix with each; with itself all is in common, also what is not told apart."""
    return [[1.0 if i == j else overlap(one, other) for j, other in enumerate(mixes)] for i, one in enumerate(mixes)]


def spread(mix: Mapping[str, float], codes: Sequence[str], profiles: Profiles | None = None) -> dict[str, float]:
    """A row's codes with shares where only their names are known: each function's share of the mix, evenly over its codes.

    Work of other functions, whose codes no scored table names, is `UNTOLD`.
    """
    out: dict[str, float] = {}
    new = [f for f in mix if f not in (*FUNCTIONS, "other")]
    prefixes = {**LETTERS, **(profiles.prefixes if profiles else {})}
    # without the profiles that name it, a prefix that is not known is that of the one function there is beside the shipped ones
    unknown = new[0] if len(new) == 1 else "other"
    for function in (*FUNCTIONS, *new):
        own = [c for c in codes if prefixes.get(prefix_of(c), unknown) == function]
        for code in own:
            out[code] = mix.get(function, 0.0) / len(own)
    if mix.get("other"):
        out[UNTOLD] = mix["other"]
    return out

"""The report of a whole scored table: one self-contained HTML page with charts, each readable as a table too."""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.analysis import FUNCTIONS
from analyzer.profiles import Profiles
from analyzer.report.charts import bars, matrix, stacked
from analyzer.report.html import LANG, template
from analyzer.report.labels import is_city
from analyzer.report.months import in_time
from analyzer.report.scored import tally
from analyzer.report.tally import MAX_VALUES, MORE, Group, Tally, alike
from analyzer.report.visible import safe_line
from analyzer.report.words import Words

MOST_VALUES, MOST_MONTHS, MOST_LABELS, MOST_TITLES, MOST_CODES = 15, 36, 10, 20, 30
"""Values of a column, months (the latest), labels in the matrix of overlap, misleading titles and sub-functions that are shown."""


@dataclass(frozen=True)
class Part:
    """A section: a chart and its figures as a table. lines: sentences before it; folded: the table is closed at first."""

    heading: str
    lines: tuple[str, ...] = ()
    chart: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    folded: bool = False


@functools.cache
def _messages() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((Path(__file__).parent / "table_messages.toml").read_text(encoding="utf-8"))


class _Teller:
    """The words of one interface language for the report."""

    def __init__(self, ui: str, profiles: Profiles | None = None) -> None:
        self.words = Words(ui, profiles)
        self.ui = ui

    def say(self, key: str, **values: object) -> str:
        return _messages()[key][self.ui].format(**values)

    def name(self, function: str) -> str:
        return self.say(function) if function in ("none", "none_own", "other") else self.words.name(function)

    def answers(self, functions: Sequence[str]) -> dict[str, str]:
        """The names of the functions and, last, of none of them."""
        own = len(functions) > len(FUNCTIONS)
        return {**{f: self.name(f) for f in functions}, "none": self.name("none_own" if own else "none")}

    def status(self, status: str) -> str:
        """A status in few words."""
        return self.say(f"status_{status}") if f"status_{status}" in _messages() else safe_line(status.replace("_", " "), 60)

    def count(self, number: int) -> str:
        """A whole number with the thousands marked as the language does."""
        shown = f"{number:,}"
        return shown.replace(",", ".") if self.ui == "es" else shown

    def share(self, count: float, whole: float) -> str:
        return self.words.percent(count / whole) if whole else "–"


def table_report(
    path: Path | str | Sequence[Path | str],
    *,
    by: Sequence[str] = (),
    details: Path | str | None = None,
    title: str | None = None,
    prefix: str = "jd_",
    ui: str = "en",
    profiles: Profiles | None = None,
    on_table: Callable[[str], None] | None = None,
) -> str:
    """The HTML of the report on a scored table, or on several of the same columns, in the interface language `ui` (en, es, zh).

    by: columns to break the table down by, else those plainly department, company, city or month. details: the table
    of duties, where the scored table is no JSONL. profiles: those of the model that scored, for their names. on_table: is
    told what was found of each file. Raises TableError, ColumnError.
    """
    paths = [Path(p) for p in ([path] if isinstance(path, Path | str) else path)]
    counted = tally(paths, by, Path(details) if details else None, title, prefix, profiles, on_table)
    return page(counted, ", ".join(p.name for p in paths), ui, profiles)


def page(counted: Tally, name: str, ui: str = "en", profiles: Profiles | None = None) -> str:
    """The HTML of counts. name: the tables they are of."""
    from analyzer import __version__

    tell = _Teller(ui, profiles)
    parts = [_overall(counted, tell)]
    for column, groups in counted.by.items():
        parts += _by(column, groups, counted, tell)
    parts += _overlaps(counted, tell)
    parts += [_mislead(counted, tell), _sub(counted, tell), _steps(counted, tell), _review(counted, tell)]
    lead = [tell.say("lead", ok=tell.count(counted.total.ok), rows=tell.count(counted.rows), review=tell.count(counted.review))]
    failed = {k: v for k, v in counted.status.items() if k != "ok"}
    if failed:
        listed = tell.words.listed([f"{tell.status(k)} ({tell.count(v)})" for k, v in sorted(failed.items(), key=lambda p: (-p[1], p[0]))])
        lead.append(tell.say("no_result", listed=listed))
    made: str = template("table.html").render(
        lang=LANG[ui],
        title=tell.say("title", count=tell.count(counted.rows)),
        made=tell.say("made", version=__version__, name=safe_line(name)),
        lead=lead,
        parts=parts,
        nothing=tell.say("empty_table"),
        folded=tell.say("as_table"),
    )
    return made


def _shares(counts: Mapping[str, float], whole: float) -> dict[str, float]:
    return {k: v / whole for k, v in counts.items()} if whole else {}


def _overall(counted: Tally, tell: _Teller) -> Part:
    total, answers, known = counted.total, (*counted.known, "none"), counted.known
    names = tell.answers(known)
    chart = stacked([("", _shares(total.primary, total.ok))], answers, names, "overall", tell.say("overall")) if total.ok else ""
    mixed = sum(total.mix.values())
    rows = tuple(
        (
            names[a],
            f"{tell.count(total.primary[a])} ({tell.share(total.primary[a], total.ok)})",
            f"{tell.count(counted.functions[a])} ({tell.share(counted.functions[a], total.ok)})" if a in known else "–",
            tell.share(total.mix[a if a in known else "other"], mixed),
        )
        for a in answers
    )
    head = (tell.say("function"), tell.say("main"), tell.say("part"), tell.say("duties"))
    return Part(tell.say("overall"), (tell.say("functions"), tell.say("each_same")), chart, head, rows)


def _by(column: str, groups: Mapping[str, Group], counted: Tally, tell: _Teller) -> list[Part]:
    dated = column in counted.months
    known = counted.largest(groups)
    if not known:
        return []
    shown = sorted(known, key=lambda p: in_time(p[0]))[-MOST_MONTHS:] if dated else known[:MOST_VALUES]
    name, key = safe_line(column), f"by{list(counted.by).index(column)}"
    labels = [(safe_line(value), group) for value, group in shown]
    names = tell.answers(counted.known)
    heading = tell.say("by", column=name)
    chart = stacked([(label, _shares(g.primary, g.ok)) for label, g in labels], tuple(names), names, key, heading)
    lines = [tell.say("by_latest" if dated else "by_note", count=len(shown), whole=tell.count(len(known)), column=name)]
    if empty := groups.get("", Group()).ok:
        lines.append(tell.say("by_empty", count=tell.count(empty)))
    lines += _further(groups, tell)
    head = (name, tell.say("rows"), *names.values())
    rows = tuple((label, tell.count(g.ok), *(tell.share(g.primary[a], g.ok) for a in names)) for label, g in labels)
    return [Part(heading, tuple(lines), chart, head, rows)]


def _further(groups: Mapping[str, Group], tell: _Teller) -> list[str]:
    """A line on the values beyond those that are counted one by one, which are in no list."""
    return [tell.say("further", count=tell.count(groups[MORE].rows), most=tell.count(MAX_VALUES))] if MORE in groups else []


def _overlaps(counted: Tally, tell: _Teller) -> list[Part]:
    """A matrix for the department column, or whatever the table is broken down by, and one for the titles."""
    labelled = [c for c in counted.by if c not in counted.months and not is_city(c)]
    sources = [(safe_line(c), counted.by[c], f"same{n}") for n, c in enumerate(labelled)]
    if counted.title_column not in counted.by:
        sources.append((tell.say("titles"), counted.titles, "sametitles"))
    out = []
    for name, groups, key in sources:
        known = [(safe_line(v), g.shares()) for v, g in counted.largest(groups) if any(g.codes.values())]
        if len(known) >= 2:
            out.append(_overlap(name, known, key, tell, counted.exact))
    return out


def _overlap(name: str, known: Sequence[tuple[str, Mapping[str, float]]], key: str, tell: _Teller, exact: bool) -> Part:
    shown = known[:MOST_LABELS]
    labels = [label for label, _ in shown]
    values = alike([mix for _, mix in shown])
    heading = tell.say("overlap", column=name)
    pairs = sorted(((values[i][j], labels[j], labels[i]) for i in range(len(shown)) for j in range(i)), key=lambda p: (-p[0], p[1], p[2]))
    share, one, other = pairs[0]
    lines = [tell.say("overlap_note")]
    if round(share * 100):
        lines.append(tell.say("alike", one=one, other=other, share=tell.words.percent(share)))
    if len(known) > len(shown):
        lines.append(tell.say("by_note", count=len(shown), whole=tell.count(len(known)), column=name))
    if not exact:
        lines.append(tell.say("overlap_rough"))
    rows = tuple((label, *(tell.words.percent(v) for v in line)) for label, line in zip(labels, values, strict=True))
    return Part(heading, tuple(lines), matrix(labels, values, key, heading), (name, *labels), rows, folded=True)


def _mislead(counted: Tally, tell: _Teller) -> Part:
    heading, total = tell.say("mislead"), counted.total
    if not total.compared and (total.ok or not counted.titled):
        return Part(heading, (tell.say("mislead_unscored" if counted.titled else "mislead_untitled"),))
    if not total.mismatch:
        return Part(heading, (tell.say("mislead_none"),))
    lead = tell.say("mislead_lead", count=tell.count(total.mismatch), whole=tell.count(sum(total.promised.values())))
    if not counted.titled:
        return Part(heading, (lead, tell.say("mislead_unnamed")))
    misled = [(g.shown, g) for v, g in counted.titles.items() if g.mismatch and v != MORE]
    found = sorted(misled, key=lambda p: (-p[1].mismatch, p[0]))[:MOST_TITLES]
    lines = [lead]
    if len(misled) > len(found):
        lines.append(tell.say("mislead_note", count=len(found), whole=tell.count(len(misled))))
    lines += _further(counted.titles, tell)
    head = (tell.say("label"), tell.say("promised"), tell.say("actual"), tell.say("disagree"))
    rows = tuple(
        (safe_line(v), _top(g.promised, tell), _top(_actual(g), tell), f"{tell.count(g.mismatch)} / {tell.count(g.ok)}") for v, g in found
    )
    return Part(heading, tuple(lines), "", head, rows)


def _actual(group: Group) -> Counter[str]:
    """What the duties say where it is not what the title says."""
    promised = group.promised.most_common(1)[0][0] if group.promised else None
    return Counter({k: v for k, v in group.primary.items() if k != promised}) or group.primary


def _top(counts: Counter[str], tell: _Teller) -> str:
    return tell.name(min(counts, key=lambda k: (-counts[k], k))) if counts else "–"


def _sub(counted: Tally, tell: _Teller) -> Part:
    heading, whole = tell.say("sub"), counted.total.ok
    shown = sorted(counted.codes.items(), key=lambda p: (-p[1], p[0]))[:MOST_CODES]
    if not shown:
        return Part(heading)
    rows = tuple(
        (code, tell.words.name(code), tell.name(tell.words.function_of(code)), f"{tell.count(n)} ({tell.share(n, whole)})")
        for code, n in shown
    )
    chart = bars(
        [(tell.words.name(c), n / whole, tell.share(n, whole)) for c, n in shown[:MOST_VALUES]],
        "sub",
        heading,
        [tell.words.look(tell.words.function_of(c)) for c, _ in shown[:MOST_VALUES]],
    )
    lines = [tell.say("sub_note")]
    if len(counted.codes) > len(shown):
        lines.append(tell.say("sub_cut", count=len(shown), whole=tell.count(len(counted.codes))))
    return Part(heading, tuple(lines), chart, (tell.say("code"), tell.say("sub"), tell.say("function"), tell.say("rows")), rows)


def _steps(counted: Tally, tell: _Teller) -> Part:
    heading, whole = tell.say("steps"), counted.steps_known
    if not whole:
        return Part(heading, (tell.say("steps_unknown"),))
    names = {step.number: f"{step.number}. {step.name.of(tell.ui)}" for step in tell.words.profiles.steps.values()}
    shown = [(names.get(n, str(n)), counted.steps[n]) for n in sorted({*names, *counted.steps})]
    chart = bars([(name, n / whole, tell.share(n, whole)) for name, n in shown], "steps", heading)
    rows = tuple((name, f"{tell.count(n)} ({tell.share(n, whole)})") for name, n in shown)
    return Part(heading, (tell.say("steps_note"),), chart, ("", tell.say("rows")), rows)


def _review(counted: Tally, tell: _Teller) -> Part:
    heading = tell.say("review")
    if not counted.review:
        return Part(heading, (tell.say("review_none"),))
    reasons = tell.words.listed(
        [f"{_why(r, tell)} ({tell.count(n)})" for r, n in sorted(counted.reasons.items(), key=lambda p: (-p[1], p[0]))[:12]]
    )
    rows = tuple(
        (
            tell.count(r.number),
            safe_line(" · ".join(filter(None, (r.file, r.id, r.title)))),
            tell.name(r.primary) if r.primary else tell.status(r.status),
            tell.words.percent(r.probability) if r.probability is not None else "–",
            tell.words.listed([_why(reason, tell) for reason in r.reasons]),
        )
        for r in counted.reviewed
    )
    note = tell.say("review_note", shown=len(rows), count=tell.count(counted.review))
    head = (tell.say("row"), tell.say("label"), tell.say("result"), tell.say("sure"), tell.say("why"))
    return Part(heading, (note, reasons, tell.say("row_note")), "", head, rows)


def _why(reason: str, tell: _Teller) -> str:
    """A reason in few words; one that is not known here as it is."""
    if f"why_{reason}" in _messages():
        return tell.say(f"why_{reason}")
    said = tell.words.reason(reason).rstrip(".。")
    return safe_line(said, 80)

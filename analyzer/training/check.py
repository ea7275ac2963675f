"""`corpus check`: whether a labelled corpus is sound, and whether it holds what it is meant to hold.

Each posting is held against the schema, its own text and its own labels; the corpus as a whole against copies,
templates, personal data and, where the folder has a floors.toml, its floors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.analysis import LETTERS, prefix_of
from analyzer.profiles import load_profiles
from analyzer.training.derive import FUNCTIONS, JUDGED, duty_shares
from analyzer.training.personal import personal_data
from analyzer.training.rules import UNSORTED, Rules, load_rules, sides_of
from analyzer.training.schema import Located, corpus_files, read_located, schema_problems
from analyzer.training.shingles import near_copies, repeated_runs
from analyzer.training.tables import Table, balance_tables, by_language, case_counts, code_counts, noisy

NEAR_TIE = 0.15
"""A stated primary may differ from the counted one where its share is at most this far behind: about one duty of seven."""
GENERAL_RATES = {"near_copies": 0.01, "repeated_run": 0.005}
"""Largest shares of postings that may have a near copy, or share one run; a floors.toml may set others."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `line` is 0 and `id` empty where it is about the corpus as a whole."""

    check: str
    message: str
    file: str = ""
    line: int = 0
    id: str = ""

    def __str__(self) -> str:
        """One line: where, which check, what."""
        where = f"{self.file}, line {self.line}, {self.id}: " if self.line else ""
        return f"{where}[{self.check}] {self.message}"


@dataclass
class Report:
    """What `check` found; `notes` say what was not looked at, and why."""

    postings: int = 0
    problems: list[Problem] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        problems = [vars(p) for p in self.problems]
        return {
            "passed": self.passed,
            "postings": self.postings,
            "problems": problems,
            "notes": self.notes,
            "tables": [t.to_dict() for t in self.tables],
        }


def check(folder: Path) -> Report:
    """Check a corpus folder (its JSONL files and those of its folders) or one JSONL file.

    Raises CorpusError where there is no such file, or a data file beside the corpus cannot be read.
    """
    rules = load_rules(folder if folder.is_dir() else folder.parent)
    report = Report()
    sound: list[Located] = []
    for file in corpus_files(folder):
        for item in read_located(file):
            if isinstance(item, tuple):
                report.problems.append(Problem("schema", item[1], file.name, item[0], "?"))
                continue
            report.postings += 1
            wrong = schema_problems(item.posting)
            report.problems += [Problem("schema", m, item.file, item.line, item.id) for m in wrong]
            if not wrong:
                sound.append(item)
                report.problems += [Problem(c, m, item.file, item.line, item.id) for c, m in posting_problems(item.posting, rules)]
    report.problems += corpus_problems(sound, rules)
    if folder.is_dir():
        report.problems += floor_problems([item.posting for item in sound], rules)
    if not rules.floors or not folder.is_dir():
        report.notes.append(
            "no floors: a floors.toml in the corpus folder says how much of what there must be, and is held to for a whole folder only"
        )
    report.tables = balance_tables([item.posting for item in sound], rules)
    return report


def posting_problems(posting: Mapping[str, Any], rules: Rules) -> Iterator[tuple[str, str]]:
    """(check, message) of everything wrong with one posting that fits the schema."""
    for message in offset_problems(posting):
        yield "offsets", message
    for message in label_problems(posting, rules):
        yield "labels", message
    for message in derived_problems(posting):
        yield "derived", message
    for kind, start, end in personal_data(posting["text"]):
        yield "personal", f"looks like a {kind}, characters {start} to {end}: write a placeholder such as <PHONE>, or example.com"


def offset_problems(posting: Mapping[str, Any]) -> Iterator[str]:
    """Segments out of order, out of the text, with letters between them; phrases outside their segment."""
    text, at = posting["text"], 0
    for number, segment in enumerate(posting["segments"], 1):
        start, end = segment["start"], segment["end"]
        if not at <= start < end <= len(text):
            yield f"segment {number} ({start} to {end}) is empty, out of the text or begins before {at}, where the one before it ends"
            return
        if any(c.isalnum() for c in text[at:start]):
            yield f"letters outside segments before segment {number}: {_short(text[at:start])}"
        if text[start:end] != text[start:end].strip():
            yield f"segment {number} ({start} to {end}) begins or ends with a space"
        spans = [span for p in segment.get("phrases", []) for span in (p["verb"], p["object"])] + [segment.get("purpose") or [start, end]]
        for first, last in spans:
            if not start <= first < last <= end:
                yield f"segment {number}: a phrase or purpose ({first} to {last}) is empty or outside its segment ({start} to {end})"
        at = end
    if any(c.isalnum() for c in text[at:]):
        yield f"letters outside segments at the end: {_short(text[at:])}"


def _short(text: str) -> str:
    return repr(text.strip()[:40])


def label_problems(posting: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    """Codes, cases and steps that are outside the scheme."""
    profiles = load_profiles()
    known = set(profiles.subfunctions)
    for number, segment in enumerate(posting["segments"], 1):
        codes = segment["codes"]
        if (segment["zone"] == "D") != bool(codes):
            yield f"segment {number}: a duty (D) has one code or two, any other zone none"
        if len(set(codes)) < len(codes):
            yield f"segment {number}: the same code twice"
        phrases = segment.get("phrases", [])
        if (phrases or segment.get("purpose")) and segment["zone"] != "D":
            yield f"segment {number}: phrases and purpose belong to duties alone"
        for code in {*codes, *(p["code"] for p in phrases)} - known:
            yield f"segment {number}: no such code: {code!r}"
        for code in {p["code"] for p in phrases} - set(codes):
            yield f"segment {number}: a phrase carries {code}, which is none of its duty's codes"
        for case in segment.get("cases", []) if rules.sides else []:
            if case not in rules.sides:
                yield f"segment {number}: no case {case!r} in cases.toml"
            elif not sides_of(segment, rules.sides[case]):
                yield f"segment {number}: its zone and codes stand on no side of the case {case!r}"
    for step in set(posting.get("steps", [])) - set(profiles.steps):
        yield f"no such step: {step}"


def derived_problems(posting: Mapping[str, Any]) -> Iterator[str]:
    """A primary or functions that do not follow from the labels.

    Where no duty tells a function, a reader judges from the requirements, and only the two are held against each other.
    """
    primary, functions = posting["primary"], posting["functions"]
    if functions != sorted(set(functions)):
        yield "functions must be in alphabetical order, each once"
    if primary != "none" and primary not in functions:
        yield f"primary {primary} is not among the functions"
    if any(prefix_of(c) not in LETTERS for s in posting["segments"] for c in s["codes"]):
        return  # said above: no such code
    shares, order = duty_shares(posting["segments"])
    if not order:
        return
    best = max(shares.values())
    if shares["other" if primary == "none" else primary] < best - NEAR_TIE - 1e-9:
        yield f"primary is {primary}, but the duties say {_said(shares)}"
    for name in FUNCTIONS:
        if name in functions and shares[name] < JUDGED[0] and name != primary:
            yield f"{name} is among the functions, but the duties say {_said(shares)}"
        if name not in functions and shares[name] >= JUDGED[1]:
            yield f"{name} is missing in the functions: the duties say {_said(shares)}"


def _said(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{k} {v:.0%}" for k, v in shares.items() if v)


def corpus_problems(items: Sequence[Located], rules: Rules) -> Iterator[Problem]:
    """Ids given twice, near copies, runs that many postings share."""
    seen: dict[str, Located] = {}
    for item in items:
        if item.id in seen:
            yield Problem("ids", f"the id stands already in {seen[item.id].file}, line {seen[item.id].line}", item.file, item.line, item.id)
        seen.setdefault(item.id, item)
    rates = {name: float(rules.floors.get(name, rate)) for name, rate in GENERAL_RATES.items()}
    for language in ("zh", "es"):
        mine = [i for i in items if i.posting["language"] == language]
        pairs = near_copies([i.posting["text"] for i in mine], language)
        if len({place for i, j, _ in pairs for place in (i, j)}) > rates["near_copies"] * len(mine):
            for i, j, similar in pairs:
                yield Problem("copies", f"{similar:.0%} of its shingles are those of {mine[i].id}", mine[j].file, mine[j].line, mine[j].id)
        phrases = rules.set_phrases.get(language, ())
        for run, places in repeated_runs([i.posting for i in mine], language, phrases, rates["repeated_run"]).items():
            ids = ", ".join(mine[p].id for p in places[:6])
            first = mine[places[0]]
            yield Problem("template", f"{len(places)} postings hold {run!r} ({ids}): reword some", first.file, first.line, first.id)


def floor_problems(postings: Sequence[Mapping[str, Any]], rules: Rules) -> Iterator[Problem]:
    """Floors of floors.toml that are not reached, a language at a time."""
    floors = rules.floors
    for posting in postings:
        missing = [k for k in floors.get("required", []) if posting.get(k) is None]
        if missing:
            yield Problem("floors", f"{posting['id']}: no {', '.join(missing)}")
    for language, mine in by_language(postings).items():
        for what, least, there in _held(mine, language, rules):
            if there < least:
                yield Problem("floors", f"{language}: {what}: {there:g}, and {least:g} are needed")


def _held(postings: Sequence[Mapping[str, Any]], language: str, rules: Rules) -> Iterator[tuple[str, float, float]]:
    """(what, the least, what there is) of every floor of a language."""
    floors: dict[str, Any] = {**rules.floors.get("both", {}), **rules.floors.get(language, {})}
    total, langs = len(postings), {language: postings}
    simple = {
        "postings": total,
        "phrases": sum(any(s.get("phrases") for s in p["segments"]) for p in postings),
        "two_functions": round(sum(len(p["functions"]) > 1 for p in postings) / total, 4),
        "deceptive": round(sum(bool(p.get("deceptive")) for p in postings) / total, 4),
        "traditional": sum(p.get("script") == "hant" for p in postings),
        "noisy": sum(noisy(p["text"]) for p in postings),
        "sectors": len({rules.sector(p) for p in postings} - {UNSORTED}),
    }
    yield from ((name, float(floors[name]), there) for name, there in simple.items() if name in floors)
    primary = Counter(p["primary"] for p in postings)
    yield from ((f"share of primary {k}", float(v), round(primary[k] / total, 4)) for k, v in floors.get("primary", {}).items())
    codes = {str(row[0]): row[1] for row in code_counts(langs)}
    yield from ((f"duties of {k}", float(v), float(codes.get(k, 0))) for k, v in floors.get("codes", {}).items())
    if "cases" in floors:
        yield from ((f"case {case}, side {side}", float(floors["cases"]), float(n)) for case, side, n in case_counts(langs, rules))

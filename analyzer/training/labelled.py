"""Users' labelled data in, in the shapes people have it: tables, JSONL, doccano, Label Studio, spaCy DocBin.

Every posting becomes a mapping as in `corpus/`. One labelled as a whole has `level` "posting" and no segments; `where`
names the file and row it came from, for messages, and is dropped before training (`bare`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.language import SUPPORTED, find
from analyzer.profiles import Profiles, load_profiles
from analyzer.settings import LIMITS
from analyzer.training.corpus import Posting
from analyzer.training.derive import derive, scheme_of
from analyzer.training.markup import ZONES
from analyzer.training.sheets import read_sheet

NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        "text",
        "texto",
        "description",
        "job_description",
        "descripcion",
        "descripción",
        "oferta",
        "jd",
        "文本",
        "职位描述",
        "岗位描述",
        "内容",
    ),
    "label": ("label", "labels", "primary", "etiqueta", "etiquetas", "funcion", "función", "function", "标签", "职能", "类别"),
    "functions": ("functions", "funciones"),
    "title": ("title", "job_title", "titulo", "título", "puesto", "职位", "职位名称", "岗位", "岗位名称"),
    "company": ("company", "empresa", "公司", "公司名称"),
    "language": ("language", "lang", "idioma", "语言"),
    "id": ("id", "编号"),
}
"""Column names that are known without being told, first match first."""
_SPLIT = re.compile(r"[;,|+/、，；\n]")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the data. fatal: the rows cannot be used as they are."""

    kind: str
    where: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        """The place, then the message."""
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True)
class Options:
    """How to read tables and labels. columns: role → the user's column name; mapping: the user's label → ours."""

    columns: Mapping[str, str] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    profiles: Profiles | None = None


@dataclass
class Labelled:
    """What was read: usable postings, and what was wrong with the rest."""

    postings: list[Posting]
    problems: list[Problem]


def read_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`Mercadeo=marketing` pairs as a mapping; raises CorpusError for one that is none."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, label = pair.rpartition("=")
        if not sign or not name.strip() or not label.strip():
            raise CorpusError(f"--map {pair!r}: write it as 'your label=ours', such as 'Mercadeo=marketing'")
        found[_folded(name)] = label.strip()
    return found


def bare(posting: Posting) -> Posting:
    """The posting without what only messages need."""
    return {k: v for k, v in posting.items() if k not in ("where", "functions_told")}


def read_labelled(paths: Sequence[Path | str], options: Options | None = None) -> Labelled:
    """The labelled postings of files and folders (a folder: its files, and those of the folders in it).

    Raises CorpusError where a file cannot be read at all; a bad row becomes a Problem.
    """
    options = options or Options()
    out = Labelled([], [])
    labels = Labels(options)
    for path in paths:
        for file in _files(Path(path)):
            for number, record in enumerate(_records(file, options), 1):
                _take(record, file.name, number, labels, options, out)
    return out


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.is_file() and f.suffix.lower() in READERS and not _settings(f))
        if not files:
            raise CorpusError(f"{path.name}: no labelled data in this folder (looked for {', '.join(sorted(READERS))})")
        return files
    if not path.is_file():
        raise CorpusError(f"{path}: there is no such file or folder")
    return [path]


def _settings(file: Path) -> bool:
    """Whether a JSON file in a folder is no list of tasks but something that lies beside data."""
    return file.suffix.lower() == ".json" and not file.read_bytes()[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


def _records(file: Path, options: Options) -> list[dict[str, Any]]:
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise CorpusError(f"{file.name}: {file.suffix or 'a file without ending'} is none of {', '.join(sorted(READERS))}")
    return reader(file, options)


def _sheet(file: Path, options: Options) -> list[dict[str, Any]]:
    rows, header = read_sheet(file)
    if {"start", "end", "zone", "codes"} <= set(header):
        return _exchanged("csv", file)
    columns = {role: _column(role, header, options, file.name) for role in NAMES}
    if columns["text"] is None:
        raise CorpusError(f"{file.name}: no column with the texts; name it with --text-column (columns: {', '.join(header)})")
    if columns["label"] is None and columns["functions"] is None:
        raise CorpusError(f"{file.name}: no column with the labels; name it with --label-column (columns: {', '.join(header)})")
    return [{role: row.get(name) for role, name in columns.items() if name} | {"row": at} for at, row in enumerate(rows, 2)]


def _column(role: str, header: Sequence[str], options: Options, file: str) -> str | None:
    named = options.columns.get(role)
    if named:
        if named not in header:
            raise CorpusError(f"{file}: there is no column {named!r} (columns: {', '.join(header)})")
        return named
    lowered = {_folded(h): h for h in header}
    return next((lowered[n] for n in NAMES[role] if n in lowered), None)


def _jsonl(file: Path, _: Options) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for number, line in enumerate(_text(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise CorpusError(f"{file.name}, line {number}: not JSON ({error})") from None
        if not isinstance(record, dict):
            raise CorpusError(f"{file.name}, line {number}: not a JSON object")
        records.append({**record, "row": number})
    if any("segments" not in r and _spans(r) for r in records):
        return _exchanged("doccano", file)
    for record in records:
        if "label" not in record:
            record["label"] = record.get("primary", record.get("labels"))
    return records


def _spans(record: Mapping[str, Any]) -> bool:
    """Whether a record is labelled by spans, as doccano writes them."""
    labels = record.get("entities") or record.get("label") or record.get("labels")
    return isinstance(labels, list) and bool(labels) and isinstance(labels[0], (list, dict))


def _json(file: Path, _: Options) -> list[dict[str, Any]]:
    return _exchanged("label-studio", file)


def _docbin(file: Path, _: Options) -> list[dict[str, Any]]:
    return _exchanged("docbin", file)


def _exchanged(name: str, file: Path) -> list[dict[str, Any]]:
    """The postings of another tool's export, by `training.exchange`."""
    from analyzer.training.exchange import FORMATS

    return [{**p, "row": n, "label": p.get("primary")} for n, p in enumerate(FORMATS[name].read(file), 1)]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{file.name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None


READERS = {".csv": _sheet, ".tsv": _sheet, ".xlsx": _sheet, ".jsonl": _jsonl, ".json": _json, ".spacy": _docbin}


def _folded(name: str) -> str:
    return " ".join(str(name).casefold().split())


class Labels:
    """Users' labels to functions: our keys, codes, the profiles' names in three languages, and the user's own mapping."""

    def __init__(self, options: Options) -> None:
        """Take profiles and mapping from the options."""
        self.profiles = options.profiles or load_profiles()
        self.scheme = scheme_of(self.profiles)
        functions = self.scheme.functions
        self.known: dict[str, str] = {"none": "none", "other": "none", "general": "none"}
        for key, function in {**self.profiles.functions, **self.profiles.families}.items():
            answer = key if key in functions else "none"
            self.known.update({_folded(n): answer for n in (key, function.name.en, function.name.es, function.name.zh) if n})
        self.codes = frozenset({"n", *self.profiles.subfunctions})
        for code in self.codes - {"n"}:
            owner = self.profiles.subfunctions[code].function
            self.known[_folded(code)] = owner if owner in functions else "none"
        for name, label in options.mapping.items():
            if _folded(label) not in self.known:
                raise CorpusError(
                    f"--map {name}={label}: {label!r} is none of {', '.join(self.scheme.answers)}, nor a code of the profiles"
                )
            self.known[_folded(name)] = self.known[_folded(label)]

    def read(self, cell: Any) -> tuple[list[str], list[str]]:
        """The answers named in a cell, in order, and the labels that nothing is known of."""
        parts = [str(c) for c in cell] if isinstance(cell, (list, tuple)) else [str(cell)] if cell not in (None, "") else []
        answers: list[str] = []
        unknown: list[str] = []
        for part in parts:
            whole = [part] if _folded(part) in self.known else [p for p in _SPLIT.split(part) if p.strip()]
            for name in whole:
                answer = self.known.get(_folded(name))
                if answer is None:
                    unknown.append(name.strip())
                elif answer not in answers:
                    answers.append(answer)
        return answers, unknown


def _take(record: Mapping[str, Any], file: str, number: int, labels: Labels, options: Options, out: Labelled) -> None:
    """Add one record as a posting, or say why not."""
    where = f"{file}, row {record.get('row', number)}"
    text = record.get("text")
    text = text if isinstance(text, str) else ""
    if sum(c.isalnum() for c in text) < LIMITS.min_letters:
        out.problems.append(Problem("empty_text", where, "the text is empty"))
        return
    said = options.language or (str(record["language"]).strip().lower() if record.get("language") else None)
    found = find(text, LIMITS)
    language = said or found.language
    if language not in SUPPORTED or (said and found.language in SUPPORTED and said != found.language):
        told = (
            f"said to be {said!r}, but the text is {found.language!r}"
            if said
            else f"the text is {found.language!r}: only zh and es are learned"
        )
        out.problems.append(Problem("language", where, f"the language is {told}"))
        return
    posting: Posting = {
        "id": str(record.get("id") or f"{file}:{record.get('row', number)}"),
        "language": language,
        "text": text,
        "where": where,
    }
    posting.update({k: str(record[k]) for k in ("title", "company") if record.get(k)})
    problem = _segmented(posting, record, labels) if record.get("segments") else _whole(posting, record, labels)
    if problem:
        out.problems.append(problem)
    else:
        out.postings.append(posting)


def _whole(posting: Posting, record: Mapping[str, Any], labels: Labels) -> Problem | None:
    """Labels of the posting as a whole: the first is the primary one."""
    answers, unknown = labels.read(record.get("label"))
    more, strange = labels.read(record.get("functions"))
    if unknown or strange:
        names = ", ".join(repr(n) for n in dict.fromkeys(unknown + strange))
        return Problem("unknown_label", posting["where"], f'unknown label {names}; map it with --map "{(unknown + strange)[0]}=marketing"')
    every = list(dict.fromkeys(answers + more))
    if not every:
        return Problem("no_label", posting["where"], "no label")
    functions = sorted(f for f in labels.scheme.functions if f in every)
    posting.update(
        primary=(answers or every)[0], functions=functions, segments=[], level="posting", functions_told=bool(more) or len(every) > 1
    )
    return None


def _segmented(posting: Posting, record: Mapping[str, Any], labels: Labels) -> Problem | None:
    """Labels of every segment, as in `corpus/`; the posting's own follow from them where it has none."""
    segments, where, size = [], posting["where"], len(posting["text"])
    for at, segment in enumerate(record["segments"], 1):
        try:
            start, end, zone, codes = (
                int(segment["start"]),
                int(segment["end"]),
                str(segment["zone"]),
                [str(c) for c in segment.get("codes", [])],
            )
        except (KeyError, TypeError, ValueError):
            return Problem("segment", where, f"segment {at} lacks start, end or zone")
        if not 0 <= start < end <= size or zone not in ZONES or (zone == "D") != bool(codes):
            return Problem(
                "segment", where, f"segment {at} ({start}-{end}, zone {zone!r}, codes {codes}) does not fit the text or the scheme"
            )
        strange = [c for c in codes if c not in labels.codes]
        if strange:
            return Problem(
                "unknown_label", where, f"segment {at}: unknown code {', '.join(strange)}; add it in a profile (--profiles), or correct it"
            )
        segments.append({"start": start, "end": end, "zone": zone, "codes": codes})
    primary, functions = derive(segments, labels.scheme)
    given, unknown = labels.read(record.get("primary"))
    if unknown:
        return Problem("unknown_label", where, f"unknown label {unknown[0]!r}")
    told, _ = labels.read(record.get("functions"))
    posting.update(
        {k: v for k, v in record.items() if k not in {*posting, "row", "label", "segments"}},
        primary=given[0] if given else primary,
        functions=sorted(f for f in labels.scheme.functions if f in told) if record.get("functions") is not None else functions,
        segments=[dict(s) for s in record["segments"]],
    )
    return None

"""Labelled postings as CSV, one row a segment, and as the markup they are written in by hand; and back."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.training.labels import judged, meta_of
from analyzer.training.markup import MarkupError, parse

COLUMNS = ("id", "start", "end", "zone", "codes", "cases", "segment", "phrases", "purpose", "text", "fields")
"""`text` and `fields` (the rest of the record, JSON) stand in the first row of a posting; `segment` is for the reader."""
_FORMULA = re.compile(r"[=+\-@\t\r']")


def _guarded(value: str) -> str:
    """A cell no spreadsheet takes for a formula: a quote before its first character."""
    return "'" + value if _FORMULA.match(value) else value


def _unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and _FORMULA.match(value[1:2]) else value


def write_csv(path: Path, postings: Iterable[Mapping[str, Any]]) -> None:
    """One row a segment, UTF-8 with a byte order mark, as spreadsheets expect."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        rows = csv.DictWriter(out, COLUMNS)
        rows.writeheader()
        for posting in postings:
            fields = {k: v for k, v in meta_of(posting).items() if k not in ("id", "cases")}
            for number, s in enumerate(posting["segments"]):
                first = {"text": _guarded(posting["text"]), "fields": json.dumps(fields, ensure_ascii=False)} if number == 0 else {}
                lists = {"codes": "+".join(s["codes"]), "cases": " ".join(s.get("cases", []))}
                json_cells = {k: json.dumps(s[k]) for k in ("phrases", "purpose") if k in s}
                place = {"id": posting["id"], "start": s["start"], "end": s["end"], "zone": s["zone"]}
                rows.writerow(place | lists | json_cells | {"segment": _guarded(posting["text"][s["start"] : s["end"]])} | first)


def read_csv(path: Path) -> Iterator[dict[str, Any]]:
    """The postings of such a file. Raises CorpusError, naming the row, where a cell cannot be read."""
    csv.field_size_limit(10_000_000)
    posting: dict[str, Any] | None = None
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = csv.DictReader(source)
        if missing := {"id", "start", "end", "zone", "codes", "text"} - set(rows.fieldnames or ()):
            raise CorpusError(f"{path.name}: no column {', '.join(sorted(missing))}")
        for number, row in enumerate(rows, 2):
            try:
                if row["text"]:
                    if posting:
                        yield _ordered(posting)
                    posting = {"id": row["id"], **json.loads(row.get("fields") or "{}"), "text": _unguarded(row["text"]), "segments": []}
                if posting is None or row["id"] != posting["id"]:
                    raise CorpusError(
                        f"{path.name}, row {number}: a posting's first row must hold its text, and its rows must stand together"
                    )
                posting["segments"].append(_segment(row))
            except (ValueError, TypeError) as error:
                raise CorpusError(f"{path.name}, row {number}: {error}") from None
    if posting:
        yield _ordered(posting)


def _segment(row: Mapping[str, str]) -> dict[str, Any]:
    codes = [c for c in row["codes"].split("+") if c]
    segment: dict[str, Any] = {"start": int(row["start"]), "end": int(row["end"]), "zone": row["zone"], "codes": codes}
    if row.get("cases"):
        segment["cases"] = row["cases"].split()
    return segment | {k: json.loads(row[k]) for k in ("phrases", "purpose") if row.get(k)}


def _ordered(posting: dict[str, Any]) -> dict[str, Any]:
    """The record with its fields in the corpus's order; `primary` and `functions` follow from the labels."""
    first = {k: posting[k] for k in ("id", "language", "batch", "title", "text") if k in posting} | judged(posting["segments"], posting)
    return first | {k: v for k, v in posting.items() if k not in first and k != "segments"} | {"segments": posting["segments"]}


_GLUE = {"": "+", " ": "_"}


def write_markup(path: Path, postings: Iterable[Mapping[str, Any]]) -> None:
    """The markup of GUIDELINES.md. Raises CorpusError for a posting with a gap between segments the markup cannot express."""
    path.write_text("\n".join(to_markup(p) for p in postings), encoding="utf-8")


def to_markup(posting: Mapping[str, Any]) -> str:
    """One posting in the markup."""
    text, at = posting["text"], 0
    lines = [f"=== {posting['id']}"]
    for key, value in posting.items():
        if key not in ("id", "text", "segments") and value not in (None, ""):
            lines.append(f"{key}: {_said(value)}")
    lines.append("---")
    for number, s in enumerate(posting["segments"]):
        gap, content = text[at : s["start"]], text[s["start"] : s["end"]]
        if (
            (number and gap not in _GLUE and gap.strip("\n"))
            or (not number and gap)
            or any(x != x.rstrip() or not x for x in content.split("\n"))
        ):
            raise CorpusError(
                f"{posting['id']}: the markup cannot express what stands before or in segment {number + 1}; export it as JSONL"
            )
        lines += ["."] * (len(gap) - 1 if gap.startswith("\n") else 0)
        labels = ["+".join(s["codes"])] if s["codes"] else []
        labels += [f"#{c}" for c in s.get("cases", [])]
        lines.append(
            s["zone"] + (_GLUE.get(gap, "") if number else "") + "".join(f" {x}" for x in labels) + "| " + content.replace("\n", "\n&| ")
        )
        lines += _phrase_lines(s, text)
        at = s["end"]
    if text[at:]:
        raise CorpusError(f"{posting['id']}: text after the last segment, which the markup cannot express; export it as JSONL")
    return "\n".join(lines) + "\n"


def _said(value: Any) -> str:
    """A field as the header says it."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _phrase_lines(segment: Mapping[str, Any], text: str) -> list[str]:
    parts = []
    for p in segment.get("phrases", []):
        code = f" [{p['code']}]" if p["code"] != segment["codes"][0] else ""
        parts.append(f"{_part(p['verb'], segment, text)} > {_part(p['object'], segment, text)}{code}")
    if segment.get("purpose"):
        parts.append(f"purpose {_part(segment['purpose'], segment, text)}")
    return [f"P| {'; '.join(parts)}"] if parts else []


def _part(span: list[int], segment: Mapping[str, Any], text: str) -> str:
    """A phrase's part in words; by its place (`@4:9`) where the words stand in the duty twice or hold a mark of the markup."""
    said = text[span[0] : span[1]]
    if text.find(said, segment["start"], segment["end"]) == span[0] and not re.search(r"[;>\[\]\n]|^purpose ", said):
        return said
    return f"@{span[0] - segment['start']}:{span[1] - segment['start']}"


def read_markup(path: Path) -> Iterator[dict[str, Any]]:
    """The postings of a markup file; `language` from the header, else from the id (`zh-…`, `es-…`).

    Raises CorpusError naming the line that cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as source:
            for draft in parse(iter(source)):
                yield _finished(draft, path.name)
    except (MarkupError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path.name}: {error}") from None


def _finished(draft: dict[str, Any], name: str) -> dict[str, Any]:
    """A draft's header strings as the record's types."""
    line = draft.pop("_line")
    segments = draft.pop("segments")
    record: dict[str, Any] = dict(draft)
    record.setdefault("language", record["id"][:2])
    if record["language"] not in ("zh", "es"):
        raise CorpusError(
            f"{name}, line {line}: posting {record['id']} tells no language; write 'language: zh' or 'language: es' in its header"
        )
    if "deceptive" in record:
        record["deceptive"] = record["deceptive"].lower() in ("true", "yes", "1")
    if "steps" in record:
        record["steps"] = [int(n) for n in re.findall(r"\d+", record["steps"])]
    if "functions" in record:
        record["functions"] = sorted(w for w in record["functions"].replace(",", " ").split() if w != "none")
    if "primary" in record:
        record["primary"] = record["primary"].split()[0]
    return _ordered(record | {"segments": segments})

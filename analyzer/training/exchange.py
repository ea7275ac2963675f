"""Labelled postings out to annotation tools and back: doccano, Label Studio, spaCy DocBin, CSV, and the hand-written markup.

A round trip keeps every label and every offset. Label names in the tools are those of the markup: a segment is
labelled with its zone and codes (`D o.newmedia+m.media`, `R`), a phrase's parts `verb` and `object`, a duty's aim
`purpose`; a verb points to its object by a relation named with the phrase's code. What the tools have no place for
(title, industry, cases …) travels beside the text and comes back with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.training import exchange_docbin, exchange_text
from analyzer.training.labels import Piece, from_pieces, label_names, meta_of, to_pieces

Posting = dict[str, Any]


@dataclass(frozen=True)
class Format:
    """A format: how its files end, and how postings are read from one and written to one."""

    suffix: str
    read: Callable[[Path], Iterator[Posting]]
    write: Callable[[Path, Iterable[Mapping[str, Any]]], None]


def read_jsonl(path: Path) -> Iterator[Posting]:
    """The corpus's own form, one posting a line."""
    for _, record in _json_lines(path):
        yield record


def write_jsonl(path: Path, postings: Iterable[Mapping[str, Any]]) -> None:
    """The corpus's own form, one posting a line."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(json.dumps(p, ensure_ascii=False) + "\n" for p in postings)


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise CorpusError(f"{path.name}, line {number}: not JSON ({error.msg})") from None
        if not isinstance(record, dict):
            raise CorpusError(f"{path.name}, line {number}: not a JSON object")
        yield number, record


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path.name}: not UTF-8 at byte {error.start}: save it as UTF-8") from None


# doccano: JSONL of its sequence labelling, with relations; its simpler form `label: [[start, end, name]]` is read too


def write_doccano(path: Path, postings: Iterable[Mapping[str, Any]]) -> None:
    """JSONL for a doccano project of sequence labelling with overlapping spans and relations allowed."""
    records = []
    for posting in postings:
        pieces = to_pieces(posting)
        entities = [{"id": n, "label": p.label, "start_offset": p.start, "end_offset": p.end} for n, p in enumerate(pieces)]
        links = [(n, p.target, p.code) for n, p in enumerate(pieces) if p.target is not None]
        relations = [{"id": n, "from_id": a, "to_id": b, "type": code} for n, (a, b, code) in enumerate(links)]
        records.append({"text": posting["text"], "entities": entities, "relations": relations, "meta": meta_of(posting)})
    write_jsonl(path, records)


def read_doccano(path: Path) -> Iterator[Posting]:
    """What doccano exports: `entities` and `relations`, or `label` alone.

    Raises CorpusError naming the line of a record without text or with a label outside the scheme.
    """
    for number, record in _json_lines(path):
        where = f"{path.name}, line {number}"
        if not isinstance(record.get("text"), str):
            raise CorpusError(f"{where}: no text")
        raw = record.get("label", record.get("labels", []))
        entities = record.get("entities") or [
            {"id": n, "start_offset": a, "end_offset": b, "label": name} for n, (a, b, name) in enumerate(raw)
        ]
        place = {e["id"]: n for n, e in enumerate(entities)}
        links = {place[r["from_id"]]: (place[r["to_id"]], r["type"]) for r in record.get("relations", [])}
        pieces = [Piece(e["label"], e["start_offset"], e["end_offset"], *links.get(n, (None, None))) for n, e in enumerate(entities)]
        meta = record.get("meta") or {
            k: v for k, v in record.items() if k not in ("text", "label", "labels", "entities", "relations", "Comments")
        }
        yield from_pieces(record["text"], pieces, meta, where)


# Label Studio: a list of tasks, with labels, relations and the codes as relation labels


def label_studio_config(postings: Iterable[Mapping[str, Any]]) -> str:
    """The labelling interface (XML) that fits these postings: every label they use, and every code as a relation."""
    labels, codes = label_names(postings)
    tags = "\n".join(f'    <Label value="{name}"/>' for name in labels)
    relations = "\n".join(f'    <Relation value="{code}"/>' for code in codes)
    return (
        f'<View>\n  <Labels name="label" toName="text">\n{tags}\n  </Labels>\n  <Relations>\n{relations}\n  </Relations>\n'
        '  <Text name="text" value="$text" granularity="symbol"/>\n</View>\n'
    )


def write_label_studio(path: Path, postings: Iterable[Mapping[str, Any]]) -> None:
    """A JSON list of tasks with their annotations, for Label Studio's import."""
    tasks = []
    for posting in postings:
        text, result = posting["text"], []
        for n, p in enumerate(pieces := to_pieces(posting)):
            value = {"start": p.start, "end": p.end, "text": text[p.start : p.end], "labels": [p.label]}
            result.append({"id": f"s{n}", "from_name": "label", "to_name": "text", "type": "labels", "value": value})
        for n, p in enumerate(pieces):
            if p.target is not None:
                ends = {"from_id": f"s{n}", "to_id": f"s{p.target}"}
                result.append({**ends, "type": "relation", "direction": "right", "labels": [p.code or ""]})
        tasks.append({"data": {"text": text, "meta": meta_of(posting)}, "annotations": [{"result": result}]})
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_label_studio(path: Path) -> Iterator[Posting]:
    """Label Studio's JSON export, the last annotation of each task that was not cancelled.

    Offsets it counted in UTF-16 units (texts with emoji) are found by the text quoted beside them, and put right.
    """
    try:
        tasks = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise CorpusError(f"{path.name}: not JSON ({error.msg})") from None
    if not isinstance(tasks, list):
        raise CorpusError(f"{path.name}: not a list of tasks; export from Label Studio as JSON (not JSON-MIN)")
    for number, task in enumerate(tasks, 1):
        where = f"{path.name}, task {number}"
        text = (task.get("data") or {}).get("text") if isinstance(task, dict) else None
        if not isinstance(text, str):
            raise CorpusError(f"{where}: no text")
        annotations = [a for a in task.get("annotations", []) if not a.get("was_cancelled")]
        result = annotations[-1]["result"] if annotations else []
        regions = [r for r in result if r["type"] == "labels"]
        place = {r["id"]: n for n, r in enumerate(regions)}
        links = {place[r["from_id"]]: (place[r["to_id"]], (r.get("labels") or [None])[0]) for r in result if r["type"] == "relation"}
        pieces = [
            Piece(r["value"]["labels"][0], *_offsets(text, r["value"], where), *links.get(n, (None, None))) for n, r in enumerate(regions)
        ]
        yield from_pieces(text, pieces, task["data"].get("meta") or {}, where)


def _offsets(text: str, value: Mapping[str, Any], where: str) -> tuple[int, int]:
    start, end, quoted = int(value["start"]), int(value["end"]), value.get("text")
    if quoted is None or text[start:end] == quoted:
        return start, end
    units = text.encode("utf-16-le")
    first, last = len(units[: 2 * start].decode("utf-16-le", "ignore")), len(units[: 2 * end].decode("utf-16-le", "ignore"))
    if text[first:last] != quoted:
        raise CorpusError(
            f"{where}: the text at {start} to {end} is not what its label quotes; the task's text was changed after labelling"
        )
    return first, last


FORMATS: dict[str, Format] = {
    "jsonl": Format(".jsonl", read_jsonl, write_jsonl),
    "doccano": Format(".jsonl", read_doccano, write_doccano),
    "label-studio": Format(".json", read_label_studio, write_label_studio),
    "docbin": Format(".spacy", exchange_docbin.read_docbin, exchange_docbin.write_docbin),
    "csv": Format(".csv", exchange_text.read_csv, exchange_text.write_csv),
    "markup": Format(".txt", exchange_text.read_markup, exchange_text.write_markup),
}
"""Format name → how it is read and written."""


def format_of(path: Path) -> str:
    """The format a file seems to have, from its ending and, for JSONL, its first record. Raises CorpusError where none fits."""
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        first = next((r for _, r in _json_lines(path)), {})
        return "jsonl" if "segments" in first else "doccano"
    for name, form in FORMATS.items():
        if suffix == form.suffix:
            return name
    raise CorpusError(f"{path.name}: the ending tells no format; name one of {', '.join(FORMATS)} with --format")


def convert(postings: Sequence[Mapping[str, Any]], path: Path, name: str) -> int:
    """Write postings to `path` in the named format; how many there were."""
    FORMATS[name].write(path, postings)
    return len(postings)

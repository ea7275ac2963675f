"""Tables of postings, in the workers: rows onto disk, rows scored by chunks, results put together.

A job's folder holds `upload` (the user's file), `rows.jsonl` (one JSON list of cells a line), `offsets` (where every
row begins), `header.json`, then `scored-<first>.jsonl` for every chunk and the finished `result.*`.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.analysis import ANSWERS, FUNCTIONS, Analysis, own_functions
from analyzer.analyzer import Analyzer
from analyzer.bulk.layout import csv_cell, jd_columns, safe
from analyzer.bulk.scoring import bad, posting, score
from analyzer.web.problems import Problem
from analyzer.web.uploads import check_zip, is_zip

PREVIEW = 5
PREVIEW_CHARACTERS = 120
CELL_CHARACTERS = 200_000
"""Characters kept of a cell; an XLSX cell holds 32,767."""
FORMATS = ("csv", "xlsx", "jsonl", "html")


@dataclass(frozen=True)
class TableLimits:
    """What a table may be; see WebSettings."""

    max_rows: int
    max_columns: int
    max_unpacked: int
    max_ratio: int


def unpack(folder: Path, name: str, limits: TableLimits) -> dict[str, Any]:
    """Read `upload` into `rows.jsonl`. Gives header, rows, broken (rows that do not fit the header), preview, guess.

    Raises Problem (422) where the file is no table, or larger than the limits.
    """
    source = folder / "upload"
    if is_zip(source):
        check_zip(source, limits.max_unpacked, limits.max_ratio)
        found = _xlsx_rows(source, limits)
    else:
        found = _csv_rows(source)
    header = [_cell(c).strip() for c in next(found, [])]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise Problem(422, "not_a_table", "The table has no header row. Give a CSV, TSV or XLSX file whose first row names the columns.")
    if len(header) > limits.max_columns:
        raise Problem(422, "too_many_columns", f"The table has more than {limits.max_columns} columns. Leave out those you do not need.")
    header = _distinct(header)
    offsets, broken, preview = array("Q"), 0, []
    with (folder / "rows.jsonl").open("wb") as out:
        at = 0
        for number, cells in enumerate(_fitted(found, len(header))):
            if number >= limits.max_rows:
                raise Problem(
                    422,
                    "too_many_rows",
                    f"The table has more than {limits.max_rows} rows. Split it, or use `jd-analyzer score`.",
                    limit=limits.max_rows,
                )
            broken += not cells["fits"]
            line = json.dumps(cells, ensure_ascii=True).encode("ascii") + b"\n"
            out.write(line)
            offsets.append(at)
            at += len(line)
            if number < PREVIEW:
                preview.append([c[:PREVIEW_CHARACTERS] for c in cells["cells"]])
    (folder / "offsets").write_bytes(offsets.tobytes())
    (folder / "header.json").write_text(json.dumps({"header": header, "name": name}), encoding="utf-8")
    return {"header": header, "rows": len(offsets), "broken": broken, "preview": preview, "guess": _guess(header, preview)}


def _cell(value: Any) -> str:
    return "" if value is None else str(value)[:CELL_CHARACTERS]


def _distinct(header: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for number, name in enumerate(header, 1):
        name = name[:200] or f"column_{number}"
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return out


def _fitted(rows: Iterable[Sequence[Any]], width: int) -> Iterator[dict[str, Any]]:
    """Rows of the header's width; one of another width is marked as not fitting. Empty rows are left out."""
    for row in rows:
        cells = [_cell(c) for c in row]
        if not any(c.strip() for c in cells):
            continue
        extra = any(c.strip() for c in cells[width:])
        fits = len(cells) >= width and not extra
        yield {"cells": (cells + [""] * width)[:width], "fits": fits}


def _xlsx_rows(source: Path, limits: TableLimits) -> Iterator[Sequence[Any]]:
    from openpyxl import load_workbook

    try:
        with source.open("rb") as file:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # files lie about their size
            for row in sheet.iter_rows(values_only=True, max_col=limits.max_columns + 1):
                yield list(row)
            book.close()
    except Problem:
        raise
    except Exception:
        raise Problem(422, "not_a_table", "The file is no workbook that can be read. Open it and save it anew as XLSX or CSV.") from None


def _csv_rows(source: Path) -> Iterator[Sequence[Any]]:
    from analyzer.documents import read_file

    data = source.read_bytes()[:4096]
    if b"\x00" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise Problem(422, "not_a_table", "The file is no table. Give a CSV, TSV or XLSX file.")
    document = read_file(source)
    if document.kind != "text":
        raise Problem(422, "not_a_table", f"The file is {document.kind.upper()}, not a table. Give a CSV, TSV or XLSX file.")
    text = document.text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=lambda d: (first.count(d), d == ","))
    csv.field_size_limit(10_000_000)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Problem(422, "not_a_table", f"The file breaks the rules of CSV ({error}). Save it anew.") from None


def _guess(header: Sequence[str], preview: Sequence[Sequence[str]]) -> dict[str, str | None]:
    """The columns that likely hold the text and the title: by name, else the longest cells."""
    names = {
        "text": (
            "text",
            "texto",
            "description",
            "descripcion",
            "descripción",
            "正文",
            "职位描述",
            "岗位职责",
            "职责",
            "描述",
            "jd",
            "content",
        ),
        "title": ("title", "titulo", "título", "puesto", "cargo", "职位", "职位名称", "岗位", "岗位名称", "标题"),
    }
    found: dict[str, str | None] = {}
    for key, known in names.items():
        found[key] = next((h for n in known for h in header if h.strip().lower() == n), None)
    if found["text"] is None:
        lengths = [sum(len(row[n]) for row in preview) for n in range(len(header))]
        found["text"] = header[max(range(len(header)), key=lambda n: lengths[n])]
    if found["title"] == found["text"]:
        found["title"] = None
    return found


def read_rows(folder: Path, first: int, count: int) -> list[dict[str, Any]]:
    """Some rows of a job, from `first`."""
    offsets = array("Q")
    offsets.frombytes((folder / "offsets").read_bytes())
    if first >= len(offsets):
        return []
    with (folder / "rows.jsonl").open("rb") as file:
        file.seek(offsets[first])
        return [json.loads(line) for line in itertools.islice(file, count)]


def score_rows(jd: Analyzer, rows: Sequence[Mapping[str, Any]]) -> list[Analysis]:
    """The Analyses of rows {"text", "title"}: the one place where tables meet the scoring of `jd-analyzer score`."""
    return score(jd, [posting([("text", row.get("text"))], row.get("title")) for row in rows])


def score_chunk(jd: Analyzer, folder: Path, first: int, count: int, columns: Mapping[str, str | None]) -> dict[str, Any]:
    """Score rows from `first` and leave them in `scored-<first>.jsonl`. Gives what the progress and the summary need."""
    header = json.loads((folder / "header.json").read_text(encoding="utf-8"))["header"]
    rows = read_rows(folder, first, count)
    at = {key: header.index(name) for key, name in columns.items() if name in header}
    items: list[dict[str, Any]] = [{key: row["cells"][n] for key, n in at.items()} for row in rows]
    good = [n for n, row in enumerate(rows) if row["fits"]]
    analyses: list[Analysis] = [bad("bad_row", "cells_do_not_fit_header")] * len(rows)
    for n, analysis in zip(good, score_rows(jd, [items[n] for n in good]), strict=True):
        analyses[n] = analysis
    _note_names(folder, jd, analyses)
    summary = {
        "rows": len(rows),
        "failed": 0,
        "review": 0,
        "mismatch": 0,
        "primary": dict.fromkeys(ANSWERS, 0),  # a user's own functions are added as they are met
        "scores": dict.fromkeys(FUNCTIONS, 0.0),
    }
    with (folder / f"scored-{first:08d}.jsonl").open("w", encoding="utf-8", errors="backslashreplace") as out:
        for row, analysis in zip(rows, analyses, strict=True):
            record = {**analysis.to_dict(), "input": dict(zip(header, row["cells"], strict=True))}
            out.write(json.dumps({"row": analysis.to_row(), "record": record}, ensure_ascii=True) + "\n")
            _count(summary, analysis)
    return summary


def _count(summary: dict[str, Any], a: Analysis) -> None:
    if not a.ok:
        summary["failed"] += 1
        return
    summary["review"] += a.review
    summary["mismatch"] += bool(a.title and a.title.mismatch)
    summary["primary"][a.primary] = summary["primary"].get(a.primary, 0) + 1
    for f, share in a.scores.items():
        summary["scores"][f] = summary["scores"].get(f, 0.0) + share


def _note_names(folder: Path, jd: Analyzer, analyses: Sequence[Analysis]) -> None:
    """Keep the names of functions beside the shipped three, which only the models' own profiles know."""
    for f in own_functions(analyses):
        file = folder / f"own-{f}.json"
        if not file.exists():
            lang = next(a.language for a in analyses if f in a.scores)
            names = {ui: jd.profiles(lang).name(f, ui) for ui in ("en", "es", "zh")}
            part = folder / f".own-{f}-{os.getpid()}"  # several workers may be at it at once
            part.write_text(json.dumps(names, ensure_ascii=True), encoding="utf-8")
            part.replace(file)


def own_names(folder: Path) -> dict[str, dict[str, str]]:
    """The functions beside the shipped three that a job's rows were scored for, with their names by language."""
    return {f.stem.removeprefix("own-"): json.loads(f.read_text(encoding="utf-8")) for f in sorted(folder.glob("own-*.json"))}


def add_up(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of several chunks: numbers added, mappings too."""
    total: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, Mapping):
                so_far = total.setdefault(key, {})
                for k, v in value.items():
                    so_far[k] = so_far.get(k, 0) + v
            else:
                total[key] = total.get(key, 0) + value
    return total


def _scored(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("scored-*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def assemble(folder: Path, form: str, ui: str) -> Path:
    """Put the scored rows together in `result.<form>`: the user's columns, then the `jd_` ones. Gives the path."""
    header = json.loads((folder / "header.json").read_text(encoding="utf-8"))["header"]
    path = folder / f"result.{form}"
    part = folder / f"result.{form}.part"
    if form == "csv":
        _write_csv(part, header, folder)
    elif form == "xlsx":
        _write_xlsx(part, header, folder)
    elif form == "html":
        from analyzer.report.words import Words
        from analyzer.web.render import file_html

        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        part.write_text(
            file_html(
                "table_report.html",
                ui,
                rows=(s["row"] for s in _scored(folder)),
                percent=Words(ui).percent,
                **summary_view(summary, ui, own_names(folder)),
            ),
            encoding="utf-8",
        )
    else:
        with part.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(s["record"], ensure_ascii=False) + "\n" for s in _scored(folder))
    part.replace(path)
    return path


def _names(header: Sequence[str], own: Sequence[str]) -> list[str]:
    """The names of the result's columns; where a user's column has one of them already, ours gets an underscore."""
    return [*header, *(_free(name, header) for name in jd_columns(own))]


def _free(name: str, header: Sequence[str]) -> str:
    while name in header:
        name += "_"
    return name


def _write_csv(path: Path, header: Sequence[str], folder: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        out, own = csv.writer(file), list(own_names(folder))
        out.writerow(_names(header, own))
        for s in _scored(folder):
            out.writerow([*s["record"]["input"].values(), *(safe(csv_cell(s["row"].get(name))) for name in jd_columns(own))])


def _write_xlsx(path: Path, header: Sequence[str], folder: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("jd")

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value="")
        made.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:32_767]
        made.data_type = "s"  # a text that begins with = is a text
        return made

    own = list(own_names(folder))
    sheet.append([cell(n) for n in _names(header, own)])
    for s in _scored(folder):
        sheet.append([cell(v) for v in (*s["record"]["input"].values(), *(s["row"].get(name) for name in jd_columns(own)))])
    book.save(path)


def summary_view(summary: Mapping[str, Any], ui: str, own: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, Any]:
    """What the table report shows of a summary; own: names of functions beside the shipped three (`own_names`)."""
    from analyzer.report.words import Words
    from analyzer.web.i18n import translator

    say, t = Words(ui), translator(ui)
    scored = summary.get("rows", 0) - summary.get("failed", 0)
    primary, scores = summary.get("primary", {}), summary.get("scores", {})
    own = own or {}
    functions = (*FUNCTIONS, *own)
    told = {f: own[f][ui] if f in own else say.name(f) for f in functions}
    names = {**told, "none": say.say("title.none_own") if own else t("none_of_three")}
    lines = []
    for answer in names:
        count = primary.get(answer, 0)
        lines.append(
            {
                "function": say.look(answer) if answer in functions else "other",
                "name": names[answer],
                "count": count,
                "width": round(1000 * count / scored) if scored else 0,
                "mean": say.percent(scores.get(answer, 0.0) / scored) if scored and answer in functions else "–",
            }
        )
    return {"lines": lines, "names": names, "summary": {"rows": 0, "failed": 0, "review": 0, "mismatch": 0, **summary}}

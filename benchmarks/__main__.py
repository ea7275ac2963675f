"""`python -m benchmarks`: run all sides in turn, five times, and write RESULTS.md. See `--help` for smaller runs."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.sides import TRAINED

HERE = Path(__file__).parent
STARTS = 3
OURS = ("ours, 1 process", "ours, 2 processes", "ours, 2 processes, cache")


def side(name: str, table: Path, lang: str, folder: Path) -> dict[str, Any]:
    """One run of one side in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sides", name, str(table), lang, str(folder / "out.csv")],
        cwd=HERE.parent, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(names: tuple[str, ...], lang: str, rows: int, times: int, folder: Path) -> dict[str, dict[str, Any]]:
    """Medians of rows a second, start-up counted apart: it is what each side takes for two rows (median of three)."""
    table = tables.write(lang, rows, folder / f"{lang}-{rows}.csv")
    tiny = tables.write(lang, 2, folder / f"{lang}-2.csv")
    runs: dict[str, list[dict[str, Any]]] = {n: [] for n in names}
    starts: dict[str, list[dict[str, Any]]] = {n: [] for n in names}
    for turn in range(times):
        for name in names:  # in turn, so that whatever else the machine does falls on all sides
            if turn < STARTS:
                starts[name].append(side(name, tiny, lang, folder))
            runs[name].append(side(name, table, lang, folder))
            print(f"{lang} {rows} {name} {turn + 1}/{times}: {runs[name][-1]['seconds']:.1f} s", file=sys.stderr)
    out = {}
    for name in names:
        start, start_cpu = (statistics.median(r[k] for r in starts[name]) for k in ("seconds", "cpu"))
        seconds, cpu = (statistics.median(r[k] for r in runs[name]) for k in ("seconds", "cpu"))
        out[name] = {
            "start": start,
            "seconds": seconds,
            # where nearly all of it is start-up, the rest is noise
            "rate": rows / (seconds - start) if seconds > 1.1 * start else math.nan,
            "cpu": (cpu - start_cpu) / rows * 1e3 if cpu > 1.1 * start_cpu else math.nan,
            "own": max(r["own_mb"] for r in runs[name]),
            "child": max(r["child_mb"] for r in runs[name]),
        }
    return out


def shown(title: str, results: dict[str, dict[str, Any]], against: str) -> list[str]:
    """A table in Markdown."""
    base, base_cpu = results[against]["rate"], results[against]["cpu"]
    lines = [
        f"\n## {title}\n",
        f"Load average of the machine when it ended: {os.getloadavg()[0]:.1f}.\n",
        "| side | rows/s | against the first | processor ms a row | against the first | start-up, s | peak MB, parent | peak MB, worker |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, r in results.items():
        child = f"{r['child']:.0f}" if r["child"] > 1 else "–"
        rate = "too few rows" if math.isnan(r["rate"]) else f"{r['rate']:,.0f}"
        ratio = "–" if math.isnan(r["rate"] / base) else f"{r['rate'] / base:.2f} ×"
        cpu = "–" if math.isnan(r["cpu"]) else f"{r['cpu']:.2f}"
        less = "–" if math.isnan(base_cpu / r["cpu"]) else f"{base_cpu / r['cpu']:.2f} ×"
        lines.append(f"| {name} | {rate} | {ratio} | {cpu} | {less} | {r['start']:.1f} | {r['own']:.0f} | {child} |")
    return lines


def main() -> None:
    """The command."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    ask.add_argument("--rows", type=int, default=10_000, help="rows against the afternoon's script")
    ask.add_argument("--spacy-rows", type=int, default=1_000)
    ask.add_argument("--csv-rows", type=int, default=100_000, help="rows against pandas alone")
    ask.add_argument(
        "--long",
        type=int,
        nargs=2,
        default=(100_000, 1_000_000),
        metavar=("SHORT", "LONG"),
        help="rows of the two long runs; 0 0 leaves them out",
    )
    ask.add_argument("--times", type=int, default=5)
    ask.add_argument("-o", "--output", type=Path, default=HERE / "RESULTS.md")
    given = ask.parse_args()
    load = os.getloadavg()[0]
    lines = [
        "# Speed and memory, side by side\n",
        f"Written by `python -m benchmarks` on {datetime.date.today()}: Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load {load:.1f} when it began; medians of {given.times}, the sides in turn in one run. Rows are distinct, made of the corpus's "
        "lines at real lengths; the caches for repeated texts and lines are off but where named. CSV in, CSV out; start-up (imports, "
        "models, for the script its training) is counted apart. Processor time is told beside the clock's: other work on the machine "
        "stretches the clock much, and processor time (by shared caches and cores) a good deal less. The spaCy side is an untrained one of "
        "the usual small size, which tells few tags and relations and so takes less time than a trained one"
        + (
            f"; beside it, over Spanish, stands `{TRAINED}`, the registry's only trained one for this spaCy with a permissive licence: "
            "English, so speed is compared, not sense."
            if importlib.util.find_spec(TRAINED)
            else "."
        ),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for section in sections(given, Path(scratch)):
            lines += section
            given.output.write_text("\n".join(lines) + "\n", encoding="utf-8")  # a run cut short leaves what it has
    print(given.output)


def sections(given: argparse.Namespace, folder: Path) -> Iterator[list[str]]:
    """The parts of the results, one after another."""
    for lang, name in (("zh", "Chinese"), ("es", "Spanish")):
        found = compare(("script", *OURS), lang, given.rows, given.times, folder)
        yield shown(f"{name}, {given.rows:,} rows: the afternoon's script", found, "script")
    for lang, name in (("zh", "Chinese"), ("es", "Spanish")):
        trained = ("spacy, trained",) if lang == "es" and importlib.util.find_spec(TRAINED) else ()
        found = compare(("spacy", *trained, "ours, 1 process", "ours, 2 processes"), lang, given.spacy_rows, given.times, folder)
        yield shown(f"{name}, {given.spacy_rows:,} rows: a spaCy pipeline with tok2vec, tagger, parser", found, "spacy")
    yield staged(folder, given.spacy_rows)
    yield alone(given, folder)
    yield long_runs(given, folder)


def alone(given: argparse.Namespace, folder: Path) -> list[str]:
    """Reading and writing alone, over many rows; ours over a tenth of them, for patience."""
    few = max(given.csv_rows // 10, 2)
    bare = compare(("pandas",), "zh", given.csv_rows, given.times, folder)["pandas"]["rate"]
    mine = compare(("ours, 2 processes",), "zh", few, 1, folder)["ours, 2 processes"]["rate"]
    return [
        f"\n## Reading and writing the CSV alone with pandas, {given.csv_rows:,} rows\n",
        f"pandas {bare:,.0f} rows/s; ours (over {few:,} rows) {mine:,.0f} rows/s: {bare / mine:,.0f} times slower. "
        "The table above says where the time goes.",
    ]


def staged(folder: Path, rows: int) -> list[str]:
    """The profile by stage."""
    from benchmarks.stages import stages

    found = {lang: stages(folder / f"{lang}-{rows}.csv", lang, rows) for lang in ("zh", "es")}
    lines = ["\n## Where our time goes, microseconds of processor time a posting\n", "| stage | Chinese | Spanish |", "|---|---|---|"]
    lines += [f"| {stage} | {found['zh'][stage]:,.0f} | {found['es'][stage]:,.0f} |" for stage in found["zh"]]
    return [*lines, f"| together | {sum(found['zh'].values()):,.0f} | {sum(found['es'].values()):,.0f} |"]


def long_runs(given: argparse.Namespace, folder: Path) -> list[str]:
    """Whether rate and memory stay as they are over many rows: one run each."""
    few, many = given.long
    if not few:
        return []
    found = {f"{n:,} rows": compare(("ours, 2 processes",), "zh", n, 1, folder)["ours, 2 processes"] for n in (few, many)}
    return shown(f"Ours, {many:,} rows against {few:,}, Chinese, one run each", found, f"{few:,} rows")


if __name__ == "__main__":
    main()

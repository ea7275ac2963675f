"""How long one posting takes: python -m benchmarks.latency

Prints medians of several runs of each: importing, the first analysis from the shell, `--help`, and a loaded analyzer on the
example postings, on one core. Nothing is asserted: machines differ.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 7


def _median(command: list[str]) -> float:
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    """Print one row a measurement."""
    shell = [sys.executable, "-c", "import sys; from analyzer.cli import main; main()"]
    bare = _median([sys.executable, "-c", "pass"])
    print(f"import analyzer, beyond Python's own start   {_median([sys.executable, '-c', 'import analyzer']) - bare:7.3f} s")
    print(f"jd-analyzer --help                           {_median([*shell, '--help']):7.3f} s")
    for lang in ("zh", "es"):
        command = [*shell, "analyze", f"examples/{lang}.txt", "--format", "json"]
        print(f"first analysis from the shell ({lang})           {_median(command):7.3f} s")
    import analyzer

    jd = analyzer.load()
    for lang in ("zh", "es"):
        text = (ROOT / "examples" / f"{lang}.txt").read_text(encoding="utf-8")
        jd.analyze(text)
        times = []
        for _ in range(100):
            start = time.perf_counter()
            jd.analyze(text)
            times.append(time.perf_counter() - start)
        print(f"loaded analyzer, {len(text)} characters ({lang})         {statistics.median(times) * 1000:7.2f} ms")


if __name__ == "__main__":
    main()

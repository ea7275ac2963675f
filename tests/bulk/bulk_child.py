"""A run in a process of its own, which tests kill: `python bulk_child.py '{"inputs": [...], "output": ..., ...}'`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from bulk_fake import FakeFactory

from analyzer.bulk.run import Options, score_files
from analyzer.settings import TABLE_LIMITS


def main() -> None:
    given = json.loads(sys.argv[1])
    print("ready", flush=True)
    score_files(
        given["inputs"],
        given["output"],
        id=given.get("id"),
        options=Options(details=given.get("details"), workers=given.get("workers", 0), bom=given.get("bom", False)),
        factory=FakeFactory(pause=given.get("pause", 0.0)),
        limits=replace(TABLE_LIMITS, chunk_rows=given.get("chunk_rows", 5)),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()

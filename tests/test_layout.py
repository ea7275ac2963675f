"""Imports run downwards only, as ARCHITECTURE.md says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "analyzer"
FLOORS = {
    "text": 0,
    "errors": 0,
    "settings": 0,
    "analysis": 0,
    "profiles": 1,
    "lang": 1,
    "language": 1,
    "pipeline": 2,
    "reading": 3,
    "analyzer": 3,
    "documents": 1,
}
TOP = 4


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.startswith("analyzer.")}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "analyzer":
            found |= {f"{node.module}.{a.name}" if node.module == "analyzer" else node.module for a in node.names}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downwards(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    mine = FLOORS.get(own, TOP)
    for module in imports(path):
        other = room(module)
        assert FLOORS.get(other, TOP) <= mine or other == own, f"{path.name} ({own}) imports {module}, which is above it"


def test_text_knows_no_spacy() -> None:
    for path in (PACKAGE / "text").glob("*.py"):
        assert not any("spacy" in line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("import", "from")))


def test_importing_brings_in_nothing_heavy() -> None:
    code = "import sys, analyzer; print(sorted({'spacy','sklearn','pandas','jieba','scipy','numpy'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"

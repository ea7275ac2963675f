from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import ModelNotFound
from analyzer.pipeline.build import find_model

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "03_bulk.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_and_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    try:
        find_model("zh")
    except ModelNotFound:
        pytest.skip("no trained models beside the package")
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [o for cell in book.cells if cell.cell_type == "code" for o in cell.outputs]
    assert not any(o.output_type == "error" for o in outputs)
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) == 2
    tables = [o["data"]["text/plain"] for o in outputs if "text/plain" in o.get("data", {})]
    assert any("jd_primary" in t and "operations" in t for t in tables)
    stored = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.outputs for cell in stored.cells if cell.cell_type == "code")

"""A hostile or damaged model is refused, with a reason, before anything in it is used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from analyzer.analyzer import Analyzer
from analyzer.errors import ModelDamaged, ModelNotFound
from analyzer.pipeline import manifest
from analyzer.pipeline.build import open_model
from analyzer.pipeline.manifest import verify
from analyzer.training import models
from analyzer.training.train import content_hash, file_hashes


@pytest.fixture
def model(small: Path, tmp_path: Path) -> Path:
    """A copy of a sound model, to be damaged."""
    shutil.copytree(small / "es", tmp_path / "es")
    return tmp_path / "es"


def edit_meta(model: Path, change: Callable[[dict[str, Any]], None]) -> None:
    meta = json.loads((model / "meta.json").read_text(encoding="utf-8"))
    change(meta)
    (model / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def sign(model: Path) -> None:
    """Make the manifest fit the files, as someone hostile would."""
    edit_meta(model, lambda meta: meta["jd"].update(files=file_hashes(model)))


def edit_config(model: Path, old: str, new: str) -> None:
    text = (model / "config.cfg").read_text(encoding="utf-8")
    assert old in text
    (model / "config.cfg").write_text(text.replace(old, new, 1), encoding="utf-8")
    sign(model)


def refused(model: Path, words: str) -> None:
    for opened in (verify, open_model):
        with pytest.raises(ModelDamaged, match="JD-102") as caught:
            opened(model)
        assert words in str(caught.value)
        assert str(model.parent) not in str(caught.value)


def test_a_sound_model_opens(model: Path) -> None:
    meta = verify(model)
    assert meta["jd"]["hash"] == content_hash(model)[:7]
    assert open_model(model).lang == "es"


def test_a_changed_file_is_refused(model: Path) -> None:
    with (model / "jd_functions" / "vocabulary.txt").open("a", encoding="utf-8") as out:
        out.write("w:marca\n")
    refused(model, "is not what the manifest says")


def test_a_foreign_file_is_refused_even_if_the_manifest_lists_it(model: Path) -> None:
    (model / "run.py").write_text("print('no')", encoding="utf-8")
    refused(model, "run.py is no part of a model")
    sign(model)
    refused(model, "run.py is no part of a model")


def test_a_pickle_in_place_of_arrays_is_refused(model: Path) -> None:
    import pickle

    (model / "jd_functions" / "weights.safetensors").write_bytes(pickle.dumps({"own": 1}))
    sign(model)
    refused(model, "weights.safetensors")


def test_links_are_refused(model: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x", encoding="utf-8")
    (model / "README.md").unlink()
    os.symlink(secret, model / "README.md")
    refused(model, "is a link")
    (model / "README.md").unlink()
    shutil.move(model / "vocab", tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", model / "vocab")
    refused(model, "is a link")


def test_a_path_that_leads_out_is_refused(model: Path) -> None:
    edit_meta(model, lambda meta: meta["jd"]["files"].update({"../../outside.txt": hashlib.sha256(b"").hexdigest()}))
    refused(model, "no part of a model")


def test_an_oversized_file_is_refused_unread(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (model / "jd_zones" / "vocabulary.txt").open("r+b") as out:
        out.truncate(manifest.ALLOWED["jd_zones/vocabulary.txt"] + 1)  # sparse: takes no space
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read before it was refused"))
    with pytest.raises(ModelDamaged, match="larger than"):
        verify(model)


def test_a_directory_that_holds_too_much_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MAX_TOTAL_BYTES", 1000)
    refused(model, "holds more than a model can")


def test_cut_short_is_refused_even_with_a_fitting_manifest(model: Path) -> None:
    file = model / "jd_zones" / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    sign(model)
    refused(model, "cut short or holds more")
    file.write_bytes(b"\x01")
    sign(model)
    refused(model, "cut short")


def test_a_header_that_promises_more_than_there_is_is_refused(model: Path) -> None:
    file = model / "jd_functions" / "weights.safetensors"
    file.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    sign(model)
    refused(model, "cut short")
    header = json.dumps({"own": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    sign(model)
    refused(model, "shape does not fit")


def test_shapes_that_do_not_fit_each_other_are_refused(model: Path) -> None:
    file = model / "jd_functions" / "weights.safetensors"
    arrays = load_file(file)
    arrays["own"] = np.ascontiguousarray(arrays["own"][:-1])
    save_file(arrays, file)
    sign(model)
    with pytest.raises(ModelDamaged, match="does not fit"):
        open_model(model)


def test_a_sound_model_of_another_version_says_what_to_do(model: Path) -> None:
    file = model / "jd_functions" / "weights.safetensors"
    arrays = load_file(file)
    del arrays["stack"]
    save_file(arrays, file)
    sign(model)
    with pytest.raises(ModelDamaged, match=r"lacks 'stack'; .*another version made it: train it again"):
        open_model(model)


def test_values_that_are_no_numbers_are_refused(model: Path) -> None:
    file = model / "jd_functions" / "weights.safetensors"
    arrays = load_file(file)
    arrays["bias"][0] = np.nan
    save_file(arrays, file)
    sign(model)
    with pytest.raises(ModelDamaged, match="no numbers"):
        open_model(model)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("before_creation = null", 'before_creation = {"@callbacks":"spacy.copy_from_base_model.v1"}'),
        ('factory = "jd_segments"', 'factory = "sentencizer"'),
        ('"jd.Tokenizer.v1"', '"spacy.Tokenizer.v1"'),
        ('pipeline = ["jd_segments",', 'pipeline = ["jd_duties",'),
        ("[components.jd_zones]", '[components.jd_zones.model]\n@architectures = "spacy.HashEmbedCNN.v2"\n\n[components.jd_zones]'),
        ("vocab_data = null", 'vocab_data = {"@readers":"spacy.read_labels.v1","path":"/etc/passwd"}'),
    ],
)
def test_settings_that_would_call_something_else_are_refused(model: Path, old: str, new: str) -> None:
    edit_config(model, old, new)
    refused(model, "config.cfg")


def test_missing_parts_are_named(model: Path) -> None:
    (model / "jd_zones" / "settings.json").unlink()
    refused(model, "jd_zones/settings.json is missing")
    (model / "meta.json").write_text("{", encoding="utf-8")
    refused(model, "meta.json is missing or not JSON")


def test_a_model_without_manifest_or_of_a_newer_format_says_what_to_do(model: Path) -> None:
    edit_meta(model, lambda meta: meta["jd"].update(format=99))
    refused(model, "upgrade jd-analyzer")
    edit_meta(model, lambda meta: meta.update(jd={}))
    refused(model, "train or install the model again")
    edit_meta(model, lambda meta: meta.update(lang="fr"))
    refused(model, "no language that is served")


def test_the_analyzer_refuses_too(model: Path) -> None:
    (model / "evil.pkl").write_bytes(b"x")
    with pytest.raises(ModelDamaged):
        Analyzer(models=model.parent).analyze("Gestionar la tienda online y las fichas de producto de la marca.", language="es")


def test_install_puts_a_model_in_place_only_where_told_to(small: Path, tmp_path: Path) -> None:
    assert models.install(small, tmp_path / "m") == [tmp_path / "m" / "es"]
    with pytest.raises(ModelNotFound, match="--replace"):
        models.install(small / "es", tmp_path / "m")
    assert models.install(small / "es", tmp_path / "m", replace=True) == [tmp_path / "m" / "es"]
    assert verify(tmp_path / "m" / "es")["lang"] == "es"
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == ["es"]
    with pytest.raises(ModelNotFound, match="holds no model"):
        models.install(tmp_path / "m" / "es" / "vocab", tmp_path / "n")


def zipped(model: Path, archive: Path, **more: str) -> Path:
    with zipfile.ZipFile(archive, "w") as out:
        for file in sorted(p for p in model.rglob("*") if p.is_file()):
            out.write(file, f"es/{file.relative_to(model).as_posix()}")
        for name, content in more.items():
            out.writestr(name, content)
    return archive


def test_install_from_an_archive(small: Path, tmp_path: Path) -> None:
    archive = zipped(small / "es", tmp_path / "mine.zip")
    assert models.install(archive, tmp_path / "m") == [tmp_path / "m" / "es"]
    assert open_model(tmp_path / "m" / "es").lang == "es"


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/tmp/outside.txt", "es/../../outside.txt", "es\\..\\..\\outside.txt", "C:/outside.txt"]
)
def test_an_archive_that_leads_out_writes_nothing(small: Path, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(name, "x")
    with pytest.raises(ModelDamaged, match="leads out"):
        models.install(archive, tmp_path / "m" / "deep")
    assert [p.name for p in tmp_path.rglob("*") if "outside" in p.name] == []


def test_archives_that_are_links_bombs_or_broken_are_refused(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = zipfile.ZipInfo("es/README.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as out:
        out.writestr(link, "/etc/passwd")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not really")
    bomb = zipped(small / "es", tmp_path / "bomb.zip")
    for name, words in {"link.zip": "is a link", "broken.zip": "no sound ZIP"}.items():
        with pytest.raises(ModelDamaged, match=words):
            models.install(tmp_path / name, tmp_path / "m")
    monkeypatch.setattr(models, "MAX_TOTAL_BYTES", 10)
    with pytest.raises(ModelDamaged, match="more than models can"):
        models.install(bomb, tmp_path / "m")
    assert not (tmp_path / "m" / "es").exists()


def test_a_damaged_model_leaves_the_old_one_in_place(small: Path, model: Path, tmp_path: Path) -> None:
    models.install(small, tmp_path / "m")
    before = content_hash(tmp_path / "m" / "es")
    (model / "run.py").write_text("", encoding="utf-8")
    with pytest.raises(ModelDamaged):
        models.install(model, tmp_path / "m", replace=True)
    assert content_hash(tmp_path / "m" / "es") == before


def test_info_tells_of_the_making(small: Path) -> None:
    told = models.info(small / "es")
    assert told["language"] == "es" and told["postings"] == 40
    assert told["profiles_fit"] is True and set(told["thresholds"]) == {"marketing", "operations", "brand"}
    assert 0 < told["metrics"]["primary_macro_f1"] <= 1
    assert models.found([small]) == models.found([small / "es"]) == [small / "es"]

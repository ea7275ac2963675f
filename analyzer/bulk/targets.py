"""Where a run writes: formats by name, and what is refused before a row is scored because it could not end well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.bulk.files import PACKED, format_of
from analyzer.bulk.streams import Source
from analyzer.errors import OutputError, OutputRefused, TableError


@dataclass(frozen=True)
class Targets:
    """The files of a run. output None for stdout; kind: csv, xlsx, parquet or jsonl; packed: .gz, .zst or None."""

    output: Path | None
    details: Path | None
    summary: Path | None
    kind: str
    packed: str | None
    delimiter: str

    def named(self) -> list[tuple[str, Path]]:
        """What each file is, and where."""
        all_ = (("the scored table", self.output), ("the table of duties", self.details), ("the summary", self.summary))
        return [(what, path) for what, path in all_ if path]


def find_targets(output: str | Path, details: str | Path | None, summary: str | Path | None, to: str | None) -> Targets:
    """What is to be written where. to: the format, where the output's name does not tell.

    Raises OutputRefused for names that cannot be written to, or that name one file twice.
    """
    target = None if str(output) == "-" else Path(output)
    kind, packed = _kind(target, to)
    duties = Path(details) if details else None
    if duties and (format_of(duties) not in ("parquet", "jsonl") or duties.suffix.lower() in PACKED):
        raise OutputRefused(f"the table of duties is written as .parquet or .jsonl, not {duties.name}")
    delimiter = "\t" if kind == "tsv" else ","
    found = Targets(target, duties, Path(summary) if summary else None, "csv" if kind == "tsv" else kind, packed, delimiter)
    try:
        _check(found.named())
    except OSError as error:  # a folder one may not look into, a name that is too long
        raise OutputError(f"{error.filename} cannot be written ({error.strerror}); choose another output") from None
    return found


def _kind(target: Path | None, given: str | None) -> tuple[str, str | None]:
    kind = given or (format_of(target) if target else "csv")
    packed = target.suffix.lower() if target and target.suffix.lower() in PACKED else None
    if kind not in ("csv", "tsv", "xlsx", "parquet", "jsonl"):
        raise OutputRefused(f"{target} tells no format; end its name in .csv, .tsv, .xlsx, .parquet or .jsonl, or give --to")
    if kind in ("xlsx", "parquet") and (packed or not target):
        raise OutputRefused(f"{kind.upper()} is packed in itself and goes to a file: leave {packed or 'stdout'} out")
    return kind, packed


def _check(named: Sequence[tuple[str, Path]]) -> None:
    for at, (what, path) in enumerate(named):
        if path.is_dir():
            raise OutputRefused(f"{path} is a folder: give {what} the name of a file, such as {path / ('a' + _ending(what))}")
        if path.exists() and not path.is_file() and what != "the summary":  # a file moved over a device would take its place
            raise OutputRefused(f"{path} is no file, so {what} cannot be moved there; name a file, or - to write the table to stdout")
        for other, before in named[:at]:
            if same_file(path, before):
                raise OutputRefused(f"{other} and {what} need two names, both are {path}")


def _ending(what: str) -> str:
    return {"the scored table": ".csv", "the table of duties": ".jsonl"}.get(what, ".json")


def same_file(path: Path, other: Path) -> bool:
    """Whether two names are of one file, which may not be there yet."""
    if path.exists() and other.exists():
        return path.samefile(other)
    return path.resolve() == other.resolve()


def check_inputs(inputs: Sequence[str | Path], targets: Targets) -> None:
    """Raise TableError where a file that the user named as an input is one of the outputs: it would be lost."""
    for item in inputs:
        path = Path(item)
        what = _output(path, targets) if str(item) != "-" and path.is_file() else None
        if what:
            raise TableError(f"{item} is an input, and {what} would be written over it: they are the same file; name another output")


def without_outputs(sources: Sequence[Source], targets: Targets) -> tuple[list[Source], list[str]]:
    """The sources that are no output of this run, as when a folder is scored into itself; and what to say of those left out."""
    kept, notes = [], []
    for source in sources:
        what = _output(source.path, targets) if source.path else None
        if what:
            notes.append(f"{source.name}: not read, since it is where {what} is written")
        else:
            kept.append(source)
    if not kept:
        raise TableError("all that the folder holds is what this run writes; name another output")
    return kept, notes


def _output(path: Path, targets: Targets) -> str | None:
    return next((what for what, target in targets.named() if same_file(path, target)), None)


def make_folders(targets: Targets) -> None:
    """Make the folders of the outputs, so that a folder that cannot be had is told before a row is scored."""
    for what, path in targets.named():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path.name} cannot be written: its folder {path.parent} cannot be made ({error.strerror}); put {what} elsewhere"
            ) from None
        if not os.access(path.parent, os.W_OK):
            raise OutputError(f"{path.name} cannot be written: no file can be made in {path.parent}; put {what} elsewhere")

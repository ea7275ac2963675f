"""The desk at which a person labels postings one after another: the pile, and the file of labelled records beside it.

A posting is known by its text. The file is the whole memory of the work: what is in it is done, so that a stop at any
moment loses nothing, and a later start goes on where the last one ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from analyzer.analysis import SHIPPED, Analysis, Scheme
from analyzer.errors import CorpusError, InputError, OutputError
from analyzer.profiles import Profiles, load_profiles
from analyzer.text.mark import mark_of
from analyzer.training.corpus import Posting
from analyzer.training.derive import derive, scheme_of
from analyzer.training.label import record
from analyzer.training.markup import ZONES

NO_DUTY = ("R", "B", "C", "H", "X")
"""The zones that are no duty."""


@dataclass(frozen=True)
class Entry:
    """One posting of the pile: as it was read, as the model sees it, and why it is worth a person's time."""

    item: Mapping[str, Any]
    result: Analysis
    why: str = ""

    @property
    def text(self) -> str:
        """The posting's text."""
        return str(self.item["text"])


@dataclass(frozen=True)
class Labels:
    """A person's labels. segments: (zone, codes) of each, in order; primary and functions: None where the duties tell."""

    segments: Sequence[tuple[str, Sequence[str]]]
    primary: str | None = None
    functions: Sequence[str] | None = None
    scheme: Scheme = SHIPPED

    def judged(self) -> tuple[str, list[str]]:
        """Primary function and functions: as the person said, else as the duties tell."""
        primary, functions = derive([{"zone": z, "codes": list(c)} for z, c in self.segments], self.scheme)
        if self.primary is not None:
            primary = self.primary
        if self.functions is not None:
            functions = list(self.functions)
        more = [primary] if primary != "none" else []
        return primary, sorted({*functions, *more})


class Desk:
    """A pile of postings, and the JSONL file that takes their labels. Use `opened`, which keeps others from writing it."""

    def __init__(self, entries: Sequence[Entry], output: Path, profiles: Profiles | None = None) -> None:
        """Raises CorpusError where the file is there and a line of it is no record, InputError for a name that is not .jsonl."""
        if output.suffix.lower() != ".jsonl":
            raise InputError(f"{output.name}: labelled postings are written as JSONL; name the file with the ending .jsonl")
        self.entries = list(entries)
        self.output = output
        self.profiles = profiles or load_profiles()
        self.scheme = scheme_of(self.profiles)
        self._marks = [mark_of(e.text) for e in self.entries]
        self._saved = dict(self._read())

    @contextlib.contextmanager
    def opened(self) -> Iterator[Desk]:
        """The desk, with the file kept from other runs. Raises OutputError where one is at work on it, or it cannot be written."""
        try:
            self.output.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{self.output}.lock")
            lock.acquire(timeout=0)
        except Timeout:
            raise OutputError(f"another run is writing {self.output.name}; stop it, or name another file with -o") from None
        except OSError as error:
            raise OutputError(f"{self.output}: {error.strerror or error}; name another file with -o") from None
        try:
            yield self
        finally:
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)

    @property
    def done(self) -> int:
        """How many postings of the pile are labelled."""
        return sum(m in self._saved for m in self._marks)

    def is_done(self, number: int) -> bool:
        """Whether a posting (from 0) is labelled."""
        return self._marks[number] in self._saved

    def next_open(self, after: int = -1) -> int | None:
        """The next posting without labels behind a place, going round; None where all have theirs."""
        order = [*range(after + 1, len(self.entries)), *range(after + 1)]
        return next((n for n in order if not self.is_done(n)), None)

    def posting(self, number: int) -> Posting:
        """A posting as it was labelled, else as the model sees it."""
        saved = self._saved.get(self._marks[number])
        entry = self.entries[number]
        return saved if saved and _sound(saved, entry.text, self.scheme) else record(entry.item, entry.result)

    def labels(self, number: int) -> Labels:
        """What the form starts from: primary and functions are None where they follow from the duties."""
        posting = self.posting(number)
        segments = [(str(s["zone"]), [str(c) for c in s["codes"]]) for s in posting["segments"]]
        primary, functions = derive(posting["segments"], self.scheme)
        same = posting["primary"] == primary and sorted(posting["functions"]) == sorted(functions)
        return replace(Labels(segments, scheme=self.scheme), **({} if same else {k: posting[k] for k in ("primary", "functions")}))

    def save(self, number: int, labels: Labels) -> Posting:
        """Write a posting's labels, in place of earlier ones; on return they are on the disk.

        Raises CorpusError for labels outside the scheme, OutputError where the file cannot be written.
        """
        made = self._labelled(number, labels)
        lines = {mark: json.dumps(posting, ensure_ascii=False) for mark, posting in self._read()}
        lines[self._marks[number]] = json.dumps(made, ensure_ascii=False)
        self._write("".join(f"{line}\n" for line in lines.values()))
        self._saved[self._marks[number]] = made
        return made

    def _labelled(self, number: int, labels: Labels) -> Posting:
        before = self.posting(number)
        if len(labels.segments) != len(before["segments"]):
            raise CorpusError(f"{len(labels.segments)} labels for {len(before['segments'])} segments")
        segments = []
        for old, (zone, codes) in zip(before["segments"], labels.segments, strict=True):
            strange = [c for c in codes if c not in self.profiles.subfunctions]
            if zone not in ZONES or (zone == "D") != bool(codes) or strange:
                raise CorpusError(f"zone {zone!r} with the codes {', '.join(codes) or 'none'} is no label of the profiles")
            same = old["zone"] == zone and list(old["codes"]) == list(codes)
            kept = dict(old) if same else {k: old[k] for k in ("start", "end")}
            segments.append({**kept, "zone": zone, "codes": list(dict.fromkeys(codes))})
        answers, functions = self.scheme.answers, self.scheme.functions
        if labels.primary not in (None, *answers) or not set(labels.functions or ()) <= set(functions):
            raise CorpusError(f"the main function is one of {', '.join(answers)}; functions are {', '.join(functions)}")
        primary, told = labels.judged()
        return {**before, "primary": primary, "functions": told, "segments": segments}

    def _read(self) -> Iterator[tuple[str, Posting]]:
        """What the file holds now, in its order; of two records of one text the later one counts."""
        if not self.output.is_file():
            return
        try:
            lines = self.output.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            raise CorpusError(f"{self.output.name}: cannot be read as UTF-8 text; name another file with -o") from None
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                posting = json.loads(line)
            except (ValueError, RecursionError):
                posting = None
            if not isinstance(posting, dict) or not isinstance(posting.get("text"), str):
                raise CorpusError(f"{self.output.name}, line {number}: no labelled posting; correct it, or name another file with -o")
            yield mark_of(posting["text"]), posting

    def _write(self, content: str) -> None:
        """The whole file anew beside the old one, then in its place: whoever reads it meets the one or the other."""
        part = ""
        try:
            descriptor, part = tempfile.mkstemp(prefix=f".{self.output.name}.", dir=self.output.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            if self.output.exists():
                Path(part).chmod(self.output.stat().st_mode & 0o777)
            Path(part).replace(self.output)
        except OSError as error:
            if part:
                Path(part).unlink(missing_ok=True)
            raise OutputError(f"{self.output.name} could not be written: {error.strerror or error}") from None


def _sound(posting: Mapping[str, Any], text: str, scheme: Scheme) -> bool:
    """Whether a record's segments can be shown and corrected."""
    segments = posting.get("segments")
    return (
        posting.get("text") == text
        and posting.get("primary") in scheme.answers
        and isinstance(posting.get("functions"), list)
        and isinstance(segments, list)
        and bool(segments)
        and all(
            isinstance(s, dict)
            and isinstance(s.get("start"), int)
            and isinstance(s.get("end"), int)
            and 0 <= s["start"] < s["end"] <= len(text)
            and s.get("zone") in ZONES
            and isinstance(s.get("codes"), list)
            for s in segments
        )
    )

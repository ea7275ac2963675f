"""What one line of the corpus is: its fields, their types, and where in which file it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analyzer.errors import CorpusError

Span = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)]
"""Start and end, in code points of the posting's text."""
Name = Annotated[str, Field(min_length=1)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Phrase(_Record):
    """A verb (or verbal noun) and its object inside a duty, with the phrase's own code."""

    verb: Span
    object: Span
    code: Name


class Segment(_Record):
    """One segment: its place, its zone, the codes of a duty, the cases of cases.toml it exercises."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    zone: Literal["D", "R", "B", "C", "H", "X"]
    codes: Annotated[list[Name], Field(max_length=2)]
    cases: list[Name] = []
    phrases: list[Phrase] = []
    purpose: Span | None = None


class Posting(_Record):
    """One labelled posting. `script` is for Chinese, `country` (ISO 3166, two letters) for Spanish."""

    id: Name
    language: Literal["zh", "es"]
    text: Name
    segments: Annotated[list[Segment], Field(min_length=1)]
    primary: Literal["marketing", "operations", "brand", "none"]
    functions: list[Literal["marketing", "operations", "brand"]]
    batch: Name | None = None
    title: str | None = None
    industry: Name | None = None
    seniority: Literal["intern", "junior", "mid", "senior", "manager", "director", "unspecified"] | None = None
    company_kind: (
        Literal["agency", "chain", "multinational", "nonprofit", "platform", "public", "shop", "sme", "startup", "state", "unspecified"]
        | None
    ) = None
    company: Name | None = None
    script: Literal["hans", "hant"] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    register_: Annotated[Literal["plain", "vivid"] | None, Field(alias="register")] = None
    deceptive: bool | None = None
    steps: list[Annotated[int, Field(ge=1)]] = []


@dataclass(frozen=True)
class Located:
    """A record of a file: `line` counts from 1; `posting` is the record as read."""

    file: str
    line: int
    posting: dict[str, Any]

    @property
    def id(self) -> str:
        """The posting's id, `?` where it has none."""
        return str(self.posting.get("id", "?"))


def corpus_files(folder: Path) -> list[Path]:
    """The JSONL files of a corpus: those of a folder and of the folders in it, or the one file given.

    Raises CorpusError where there is none.
    """
    files = [folder] if folder.is_file() else sorted([*folder.glob("*.jsonl"), *folder.glob("*/*.jsonl")])
    if not files:
        raise CorpusError(f"no .jsonl file in {folder}: name a folder that holds a corpus, or one of its files")
    return files


def read_located(file: Path) -> Iterator[Located | tuple[int, str]]:
    """The records of one file; (line, message) for a line that is no record."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        yield 1, f"not UTF-8 at byte {error.start}: save the file as UTF-8"
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {error.msg} at column {error.colno}"
            continue
        if isinstance(record, dict):
            yield Located(file.name, number, record)
        else:
            yield number, "not a JSON object"


def schema_problems(posting: dict[str, Any]) -> list[str]:
    """What does not fit the schema, one message a field."""
    try:
        Posting.model_validate(posting)
    except ValidationError as error:
        return [f"{'.'.join(map(str, e['loc'])) or 'posting'}: {e['msg']}" for e in error.errors(include_url=False, include_input=False)]
    return []

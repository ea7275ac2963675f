"""The markup in which corpus postings are written by hand: one line a segment, its label before its text.

    === zh-a-001
    title: 品牌经理
    industry: 餐饮
    primary: marketing          (only where it differs from what the labels give, with a reason after it)
    ---
    H| 岗位职责：
    D o.user #loyalty| 1、负责会员体系搭建，提升用户留存；
    P| 搭建 > 会员体系; purpose 提升用户留存
    D+ g| 2、完成上级交办的其他工作。
    .
    R| 有会员运营经验。

`+` after the zone glues a segment to the one before, `_` joins it with a space, otherwise a line break stands
between; a lone `.` is an empty line of the posting; `&|` goes on with the segment above in a new line. `P|` lines give
the phrases of the duty above them; words that stand in it more than once may be given by their place in it, `@4:9`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ZONES = frozenset("DRBCHX")
_SEGMENT = re.compile(r"^([DRBCHX])([+_]?)((?:\s+[^\s|]+)*)\s*\|\s?(.*)$")
_PHRASE = re.compile(r"^P\|\s*(.*)$")
_BROKEN = re.compile(r"^&\|(.*)$")
_PLACE = re.compile(r"@(\d+):(\d+)")


class MarkupError(ValueError):
    """A line of the markup that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        """`message` is put after the line it is about."""
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass
class _Draft:
    """One posting while its lines are being read."""

    id: str
    line: int
    header: dict[str, str] = field(default_factory=dict)
    text: str = ""
    blank: int = 0
    segments: list[dict[str, Any]] = field(default_factory=list)

    def add_segment(self, zone: str, glue: str, labels: list[str], content: str, line: int) -> None:
        codes = [c for label in labels if not label.startswith("#") for c in label.split("+")]
        cases = [label[1:] for label in labels if label.startswith("#")]
        if not content.strip():
            raise MarkupError(line, "a segment without text")
        if (zone == "D") != bool(codes):
            raise MarkupError(line, "a duty (D) needs a code, any other zone has none")
        if self.segments:
            self.text += {"+": "", "_": " "}.get(glue, "\n" * (1 + self.blank))
        self.blank = 0
        content = content.rstrip()
        start = len(self.text) + len(content) - len(content.lstrip())
        self.text += content
        segment: dict[str, Any] = {"start": start, "end": len(self.text), "zone": zone, "codes": codes}
        if cases:
            segment["cases"] = cases
        self.segments.append(segment)

    def go_on(self, content: str, line: int) -> None:
        """The segment above goes on in a new line of the posting."""
        if not self.segments or self.blank or not content.strip():
            raise MarkupError(line, "&| goes on with a segment: it needs one right above, and text")
        self.text += "\n" + content.rstrip()
        self.segments[-1]["end"] = len(self.text)

    def add_phrases(self, content: str, line: int) -> None:
        if not self.segments or self.segments[-1]["zone"] != "D":
            raise MarkupError(line, "P| belongs under a duty")
        segment = self.segments[-1]
        phrases = segment.setdefault("phrases", [])
        for part in filter(None, (p.strip() for p in content.split(";"))):
            if part.startswith("purpose "):
                segment["purpose"] = self._find(part[len("purpose ") :].strip(), segment, line)
                continue
            match = re.fullmatch(r"(.+?)\s*>\s*(.+?)(?:\s*\[([^\]]+)\])?", part)
            if not match:
                raise MarkupError(line, f"not a phrase: {part!r} (write: verb > object [code])")
            verb, obj, code = match.groups()
            phrase = {"verb": self._find(verb, segment, line), "object": self._find(obj, segment, line)}
            phrases.append({**phrase, "code": code or segment["codes"][0]})

    def _find(self, wanted: str, segment: dict[str, Any], line: int) -> list[int]:
        if place := _PLACE.fullmatch(wanted):
            start, end = (segment["start"] + int(n) for n in place.groups())
            if not start < end <= segment["end"]:
                raise MarkupError(line, f"{wanted} is no place in the duty above")
            return [start, end]
        at = self.text.find(wanted, segment["start"], segment["end"])
        if at < 0:
            raise MarkupError(line, f"{wanted!r} does not stand in the duty above")
        return [at, at + len(wanted)]

    def record(self) -> dict[str, Any]:
        if not self.segments:
            raise MarkupError(self.line, f"posting {self.id} has no segment")
        return {"id": self.id, **self.header, "text": self.text, "segments": self.segments, "_line": self.line}


def parse(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield one raw record a posting: the header's fields as strings, `text`, `segments`.

    Raises MarkupError, naming the line, where the markup is broken.
    """
    draft: _Draft | None = None
    in_header = False
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\n")
        if line.startswith("=== "):
            if draft:
                yield draft.record()
            draft, in_header = _Draft(line[4:].strip(), number), True
        elif draft is None:
            if line.strip():
                raise MarkupError(number, "text before the first '=== id' line")
        elif in_header:
            in_header = _header_line(draft, line, number)
        else:
            _body_line(draft, line, number)
    if draft:
        yield draft.record()


def _header_line(draft: _Draft, line: str, number: int) -> bool:
    """Read one line of the header; False when the header is over."""
    if line.strip() == "---":
        return False
    key, colon, value = line.partition(":")
    if line.strip() and not colon:
        raise MarkupError(number, f"a header line reads 'key: value', this one {line!r}")
    if line.strip():
        draft.header[key.strip()] = value.strip()
    return True


def _body_line(draft: _Draft, line: str, number: int) -> None:
    if not line.strip():
        return
    if line.strip() == ".":
        draft.blank += 1
    elif match := _PHRASE.match(line):
        draft.add_phrases(match.group(1), number)
    elif match := _BROKEN.match(line):
        draft.go_on(match.group(1).removeprefix(" "), number)
    elif match := _SEGMENT.match(line):
        zone, glue, labels, content = match.groups()
        draft.add_segment(zone, glue, labels.split(), content, number)
    else:
        raise MarkupError(number, f"not a segment line: {line[:40]!r} (write: 'D o.user| text')")

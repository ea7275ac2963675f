"""What is said of one posting: plain data, the same on every surface (`to_dict`), flat for tables (`to_row`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

FUNCTIONS = ("marketing", "operations", "brand")
ANSWERS = (*FUNCTIONS, "none")
LETTERS = {"m": "marketing", "o": "operations", "b": "brand", "n": "other", "g": "general"}
"""What the codes of each begin with, up to a dot; a user's own functions have prefixes of their own beside them."""
DIGITS = 6
"""Decimals of every number that leaves the program: more would differ between processors."""


def prefix_of(code: str) -> str:
    """What a code begins with: `m` of `m.pr`."""
    return code.partition(".")[0]


def of_a_function(code: str) -> bool:
    """Whether a code is of a function that is scored: not of another one's work (`n`), not general (`g`)."""
    return prefix_of(code) not in ("n", "g")


@dataclass(frozen=True)
class Scheme:
    """The functions a model scores: the shipped three, then those of the profiles it was trained with.

    own: (function, prefix of its codes), in the order of the profiles.
    """

    own: tuple[tuple[str, str], ...] = ()

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """marketing, operations, brand, then the user's own."""
        return (*FUNCTIONS, *(name for name, _ in self.own))

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The primary functions there can be; `none` last."""
        return (*self.functions, "none")

    @cached_property
    def shares(self) -> tuple[str, ...]:
        """What a mix is made of: the functions, and `other`."""
        return (*self.functions, "other")

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """What codes begin with -> their function, `other` or `general`."""
        return {**LETTERS, **{prefix: name for name, prefix in self.own}}

    def function_of(self, code: str) -> str:
        """The function a code belongs to, `other` or `general`; raises KeyError for a code of none of them."""
        return self.prefixes[prefix_of(code)]


SHIPPED = Scheme()
"""What the shipped models tell apart."""


def function_of(code: str) -> str:
    """The function a shipped code belongs to: marketing, operations, brand, other or general."""
    return SHIPPED.function_of(code)


def own_functions(results: Iterable[Analysis]) -> tuple[str, ...]:
    """The functions that results tell beside the shipped three, in order of appearance."""
    return tuple(dict.fromkeys(f for r in results for f in r.scores if f not in FUNCTIONS))


def rounded(value: float) -> float:
    """A number as it leaves the program."""
    return round(float(value), DIGITS) + 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the user's text, in code points: `text == original[start:end]`."""

    start: int
    end: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """start, end, text."""
        return {"start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A verb or verbal noun, its object, and the code of the two together."""

    verb: Piece
    object: Piece
    code: str

    def to_dict(self) -> dict[str, Any]:
        """verb, object, code."""
        return {"verb": self.verb.to_dict(), "object": self.object.to_dict(), "code": self.code}


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty statement.

    probability: of `code`, 0 to 1; codes: (code, share) with shares adding up to 1; weights: what the duty adds to
    each function's log-odds (`raw`).
    """

    start: int
    end: int
    text: str
    function: str
    code: str
    codes: tuple[tuple[str, float], ...]
    probability: float
    weights: Mapping[str, float]
    purpose: Piece | None = None
    phrases: tuple[Phrase, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The duty as `result.md` lays it down."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "function": self.function,
            "code": self.code,
            "codes": [{"code": c, "share": s} for c, s in self.codes],
            "probability": self.probability,
            "weights": dict(self.weights),
            "purpose": {"start": self.purpose.start, "end": self.purpose.end} if self.purpose else None,
            "phrases": [p.to_dict() for p in self.phrases],
        }


@dataclass(frozen=True, slots=True)
class Title:
    """What a title promises: `function` (one that is scored, or none) or None where its words tell nothing."""

    text: str
    function: str | None
    mismatch: bool
    scores_with_title: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The title as `result.md` lays it down."""
        return {"text": self.text, "function": self.function, "mismatch": self.mismatch, "scores_with_title": dict(self.scores_with_title)}


@dataclass(frozen=True, slots=True)
class Zone:
    """A segment and what it is: D duty, R requirement, B offer, C company, H heading, X the rest."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a table's columns say of the duties: codes of the functions that are scored, and texts of the strongest duties."""

    subfunctions: tuple[str, ...]
    strongest: tuple[str, ...]


def in_order(duties: Iterable[tuple[tuple[str, float], ...]]) -> tuple[str, ...]:
    """The codes of the functions that are scored, those first that have most of the duties; duties: the codes of each and their shares."""
    named: dict[str, float] = {}
    for codes in duties:
        for code, share in codes:
            named[code] = named.get(code, 0.0) + share
    return tuple(sorted(filter(of_a_function, named), key=lambda c: (-named[c], c)))


def strongest(strengths: Sequence[float]) -> list[int]:
    """Numbers of the three duties that move a score most, of equals the first; strengths: their largest weights."""
    return sorted(range(len(strengths)), key=strengths.__getitem__, reverse=True)[:3]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One posting's result. Where `status` is not `ok` there are no scores and `reasons` says why.

    told: what tables show of the duties, where these themselves were left out.
    """

    status: str
    language: str | None
    model: str
    id: str | None = None
    primary: str | None = None
    probability: Mapping[str, float] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, float] = field(default_factory=dict)
    rest: Mapping[str, float] = field(default_factory=dict)
    mix: Mapping[str, float] = field(default_factory=dict)
    other: Mapping[str, float] = field(default_factory=dict)
    title: Title | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    review: bool = False
    reasons: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()
    zones: tuple[Zone, ...] = ()
    told: Told | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the posting could be analysed."""
        return self.status == "ok"

    def to_dict(self) -> dict[str, Any]:
        """The record of `result.md`, ready for JSON."""
        if not self.ok:
            return {
                "id": self.id,
                "status": self.status,
                "language": self.language,
                "review": True,
                "reasons": list(self.reasons),
                "model": self.model,
            }
        return {
            "id": self.id,
            "status": self.status,
            "language": self.language,
            "primary": self.primary,
            "probability": dict(self.probability),
            "functions": list(self.functions),
            "scores": dict(self.scores),
            "raw": dict(self.raw),
            "rest": dict(self.rest),
            "mix": dict(self.mix),
            "other": dict(self.other),
            "title": self.title.to_dict() if self.title else None,
            "steps": [dict(s) for s in self.steps],
            "review": self.review,
            "reasons": list(self.reasons),
            "duties": [d.to_dict() for d in self.duties],
            "model": self.model,
        }

    def to_row(self, own: Iterable[str] | None = None) -> dict[str, Any]:
        """The flat columns of a table, each with the prefix `jd_`; cells of a posting without a result are empty.

        own: functions beside the shipped three, whose columns come last; where not said, those that the result has.
        """
        more = own_functions([self]) if own is None else tuple(own)
        return dict(zip(columns(more), self.cells(more), strict=True))

    def cells(self, own: Iterable[str] = ()) -> list[Any]:
        """The values of `to_row`, in the order of `columns`."""
        told = self.told or _told(self.duties)
        scores, mix, title = self.scores.get, self.mix.get, self.title
        return [
            self.status,
            self.language,
            self.primary,
            self.probability.get(self.primary or ""),
            *map(scores, FUNCTIONS),
            " ".join(self.functions),
            *map(mix, FUNCTIONS),
            mix("other"),
            " ".join(told.subfunctions),
            *told.strongest,
            *(None,) * (3 - len(told.strongest)),
            title.function if title else None,
            title.mismatch if title else None,
            self.review or not self.ok,
            " ".join(self.reasons),
            self.model,
            *(cell for f in own for cell in (scores(f), mix(f))),
        ]


@cache
def columns(own: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names of our columns in order: of the shipped functions as ever, then those of a user's own."""
    return (
        *("jd_status", "jd_language", "jd_primary", "jd_probability", *(f"jd_{f}" for f in FUNCTIONS), "jd_functions"),
        *(f"jd_mix_{f}" for f in (*FUNCTIONS, "other")),
        *("jd_subfunctions", "jd_duty_1", "jd_duty_2", "jd_duty_3", "jd_title_function", "jd_title_mismatch"),
        *("jd_review", "jd_reasons", "jd_model"),
        *(column for f in own for column in (f"jd_{f}", f"jd_mix_{f}")),
    )


def _told(duties: Sequence[Duty]) -> Told:
    inorder = sorted(duties, key=lambda d: d.start)
    best = strongest([max(map(abs, d.weights.values()), default=0.0) for d in inorder])
    return Told(in_order(d.codes for d in duties), tuple(inorder[n].text for n in best))

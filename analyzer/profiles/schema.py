"""What a profile is: plain, frozen records, and `Profiles`, which holds them all.

Records are made by `reading.py` from TOML and checked there; nothing here opens a file.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from analyzer.errors import ProfileError

LANGUAGES = ("zh", "es")
"""The languages postings are read in; names and descriptions are held in English as well."""
NONE = "none"
"""What a title promises, and a posting is, where another function than those profiled dominates."""
OTHER = "other"
GENERAL = "general"


@dataclass(frozen=True)
class Text:
    """One thing said in up to three languages; an empty string where a language lacks it."""

    en: str = ""
    es: str = ""
    zh: str = ""

    def of(self, language: str) -> str:
        """The text in `language`, else in English, Spanish, Chinese: the first there is."""
        return getattr(self, language, "") or self.en or self.es or self.zh

    def __bool__(self) -> bool:
        return bool(self.en or self.es or self.zh)


@dataclass(frozen=True)
class Terms:
    """Words and phrases in normal form: lower case; Chinese simplified, Spanish without accents. `en` serves both languages."""

    zh: tuple[str, ...] = ()
    es: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def of(self, language: str) -> tuple[str, ...]:
        """The words to look for in a text of `language`, which is `zh` or `es`."""
        return (self.zh if language == "zh" else self.es) + self.en

    def __bool__(self) -> bool:
        return bool(self.zh or self.es or self.en)


@dataclass(frozen=True)
class Function:
    """A function (marketing, operations, brand, a user's own) or what stands beside them (other, general, none).

    `prefix` begins the codes of its sub-functions: `m` for `m.pr`. `terms` are words of the function as a whole.
    """

    key: str
    prefix: str
    name: Text
    makes: Text = Text()
    essence: Text = Text()
    faces: Text = Text()
    manner: Text = Text()
    judged_by: Text = Text()
    scene: Text = Text()
    is_not: Text = Text()
    terms: Terms = Terms()
    exceptions: Terms = Terms()
    source: str = "user"
    where: str = ""


@dataclass(frozen=True)
class SubFunction:
    """One code of the labelling scheme, such as `o.user`, and the words postings use for it."""

    code: str
    function: str
    name: Text
    description: Text = Text()
    terms: Terms = Terms()
    exceptions: Terms = Terms()
    source: str = "user"
    where: str = ""


@dataclass(frozen=True)
class Goal:
    """A named goal of a function: acquisition, activation, retention, conversion, referral."""

    key: str
    function: str
    name: Text
    terms: Terms = Terms()
    exceptions: Terms = Terms()
    source: str = "user"
    where: str = ""


@dataclass(frozen=True)
class Overlap:
    """A place where the documents give one kind of work to several codes, and what decides."""

    key: str
    codes: tuple[str, ...]
    what: Text
    ruling: Text = Text()
    source: str = "user"
    where: str = ""


@dataclass(frozen=True)
class TitleWords:
    """Words of a title or department and the function they promise (`none`: another one)."""

    key: str
    function: str
    words: Terms
    exceptions: Terms = Terms()
    source: str = "user"
    where: str = ""


@dataclass(frozen=True)
class Synonyms:
    """Department names that mean the same, such as 品牌部 and 企划部. A name may be in several sets."""

    key: str
    functions: tuple[str, ...]
    words: Terms
    source: str = "user"
    where: str = ""


@dataclass(frozen=True)
class Step:
    """A step of the brand marketing cycle; `cues` are words of duties that show it."""

    number: int
    name: Text
    what: Text = Text()
    purpose: Text = Text()
    cues: Terms = Terms()
    exceptions: Terms = Terms()
    source: str = "user"
    where: str = ""


@dataclass(frozen=True, eq=False)
class Profiles:
    """All profiles. Equal by identity only: compare `hash()` for content. Treat the mappings as read-only."""

    functions: Mapping[str, Function]
    """The functions postings are judged by, in order: marketing, operations, brand, then a user's own."""
    families: Mapping[str, Function]
    """`other`, `general` and `none`."""
    subfunctions: Mapping[str, SubFunction]
    """By code; the n.* families and g are among them."""
    goals: Mapping[str, Goal]
    overlaps: Mapping[str, Overlap]
    titles: Mapping[str, TitleWords]
    promises: Mapping[str, Mapping[str, str]]
    """For `zh` and `es`: title word -> function. Of files that give a word to several, the last decides."""
    synonyms: Mapping[str, Synonyms]
    steps: Mapping[int, Step]
    added: tuple[str, ...] = field(default=())
    """Functions and codes that came with a user's file: no shipped model knows them."""

    @functools.cached_property
    def prefixes(self) -> dict[str, str]:
        """What the codes of each function and family begin with -> its key."""
        known = {**self.families, **self.functions}
        return {function.prefix: key for key, function in known.items() if function.prefix}

    def name(self, code_or_function: str, language: str) -> str:
        """The name of a code (`m.pr`), a function (`marketing`) or a family (`other`, `none`) in `en`, `es` or `zh`.

        Falls back to another language where this one has no name, and to the code itself where nothing is known by
        it, so that a result of a model with other profiles can still be shown.
        """
        found = (
            self.subfunctions.get(code_or_function)
            or self.functions.get(code_or_function)
            or self.families.get(code_or_function)
            or self.families.get(self.prefixes.get(code_or_function, ""))
        )
        return found.name.of(language) if found else code_or_function

    def function_of(self, code: str) -> str:
        """`marketing`, `operations`, `brand`, `other`, `general` or a user's own, for a code or a bare prefix (`n`).

        A function's own key is its own function. Raises ProfileError for a code that no profile holds.
        """
        subfunction = self.subfunctions.get(code)
        if subfunction:
            return subfunction.function
        if code in self.functions or code in self.families:
            return code
        if code in self.prefixes:
            return self.prefixes[code]
        known = ", ".join(self.subfunctions)
        raise ProfileError(f"no profile holds the code {code!r}; known are {known}. Load the profile file that adds it")

    def codes_of(self, function: str) -> tuple[str, ...]:
        """The codes of one function, in the order of the profiles; empty for a function without any."""
        return tuple(code for code, subfunction in self.subfunctions.items() if subfunction.function == function)

    def unscored(self, known: Collection[str] = ()) -> tuple[str, ...]:
        """Functions and codes of users' files that a model knowing the labels `known` cannot score yet."""
        return tuple(key for key in self.added if key not in known)

    def notes(self, known: Collection[str] = ()) -> list[str]:
        """One sentence for each of `unscored`: what works at once, and what needs training."""
        return [
            f"{key} ({self.name(key, 'en')}): its name, terms and evidence are in use now; it gets scores of its own only "
            "after a model has been retrained with postings labelled for it"
            for key in self.unscored(known)
        ]

    def hash(self) -> str:
        """Twelve hexadecimal digits of the content: the same on every machine, whatever the files' layout and comments."""
        return self._hash

    @functools.cached_property
    def _hash(self) -> str:
        parts = (self.functions, self.families, self.subfunctions, self.goals, self.overlaps, self.titles, self.synonyms, self.steps)
        records = [[asdict(record) for record in part.values()] for part in parts]
        content = [records, {language: dict(words) for language, words in self.promises.items()}]
        return hashlib.sha256(json.dumps(content, ensure_ascii=True, sort_keys=True).encode("ascii")).hexdigest()[:12]

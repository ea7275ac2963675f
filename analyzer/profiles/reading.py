"""From TOML files to checked records: every file is read section by section, later files laid over earlier ones.

An entry that exists already is changed by what the later file gives (names and texts are replaced, words added); a
new one must be whole. Every fault is a ProfileError that names the file, the entry, the key and what to do.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analyzer.errors import ProfileError
from analyzer.profiles.schema import (
    GENERAL,
    LANGUAGES,
    NONE,
    Function,
    Goal,
    Overlap,
    Profiles,
    Step,
    SubFunction,
    Synonyms,
    Terms,
    Text,
    TitleWords,
)

SOURCES = ("es", "zh", "both", "project", "user")
SECTIONS = ("families", "functions", "subfunctions", "goals", "overlaps", "titles", "synonyms", "steps")
_KEY = re.compile(r"[a-z][a-z0-9_-]*")
_PREFIX = re.compile(r"[a-z][a-z0-9]{0,7}")
_CODE = re.compile(r"[a-z][a-z0-9]{0,7}\.[a-z][a-z0-9_]*")
_TAKEN = re.compile(
    r"status|language|primary|probability|functions|subfunctions|review|reasons|model|duty_\d+|title_function|title_mismatch|mix_.*"
)
"""Names that a user's function cannot have, for `jd_` before them is a column of its own."""
_STEP = re.compile(r"[1-9][0-9]?")
_FUNCTION_TEXTS = ("makes", "essence", "faces", "manner", "judged_by", "scene", "is_not")

Record = Function | SubFunction | Goal | Overlap | TitleWords | Synonyms | Step


def read_profiles(packaged: Sequence[Path], extras: Sequence[Path]) -> Profiles:
    """Read the packaged files, lay the users' over them in order, and check the whole."""
    builder = _Builder()
    files = [(path.name, _toml(path)) for path in (*packaged, *extras)]
    for section in SECTIONS:  # all files' functions before any file's codes, so that an entry may name one of a later file
        for number, (name, tables) in enumerate(files):
            builder.user = number >= len(packaged)
            builder.read(section, name, tables.get(section, {}))
    return builder.profiles()


def _toml(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ProfileError(f"{path}: no such file; give the path of a TOML file with profiles") from None
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file with profiles") from None
    except UnicodeDecodeError:
        raise ProfileError(f"{path.name}: not UTF-8 text; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path.name}: not valid TOML: {error}. Each entry and key may be written once only") from None
    for section in tables:
        if section not in SECTIONS:
            problem = f"unknown table [{section}]{_nearest(section, SECTIONS)}; a profile file holds {', '.join(SECTIONS)}"
            raise ProfileError(f"{path.name}: {problem}")
    return tables


def _nearest(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f", did you mean {close[0]}?" if close else ""


def normal_term(term: str, language: str) -> str:
    """A term in the form texts are matched in: lower case, single spaces; Spanish and English without accents."""
    term = " ".join(unicodedata.normalize("NFKC", term).lower().split())
    if language == "zh":
        return term
    return "".join(c for c in unicodedata.normalize("NFD", term) if not unicodedata.combining(c))


class _Entry:
    """One table of a file, read key by key; what is left over at the end is unknown.

    `old` is the record an earlier file made of the same entry: its values stand where this table gives none.
    """

    def __init__(self, file: str, section: str, key: str, raw: object, old: Record | None) -> None:
        shown = key if _KEY.fullmatch(key) or key.isdigit() else f'"{key}"'
        self.where = f"{file}, [{section}.{shown}]"
        if not isinstance(raw, dict):
            raise ProfileError(f"{self.where}: must be a table of keys, not {_kind(raw)}")
        self.old = old
        self.raw: dict[str, object] = dict(raw)
        self.allowed: list[str] = []
        self.given_words = Terms()

    def error(self, key: str, problem: str) -> ProfileError:
        return ProfileError(f"{self.where}, key `{key}`: {problem}")

    def done(self) -> None:
        """Raise ProfileError for a key that was not asked for."""
        for key in self.raw:
            raise self.error(key, f"unknown key{_nearest(key, self.allowed)}; allowed are {', '.join(self.allowed)}")

    def take(self, key: str) -> object:
        self.allowed.append(key)
        return self.raw.pop(key, None)

    def line(self, key: str, required: bool = False, default: str = "") -> str:
        """A text of one line; `default` is for a new entry that lacks it. ProfileError where it is required and lacking."""
        given = self.take(key)
        if given is None:
            kept: str = getattr(self.old, key) if self.old else default
            if required and self.old is None and not kept:
                raise self.error(key, "missing; a new entry needs it")
            return kept
        if not isinstance(given, str) or not given.strip():
            raise self.error(key, f"must be a text that is not empty, not {_kind(given)}")
        return given.strip()

    def choice(self, key: str, allowed: Collection[str], default: str = "") -> str:
        given = self.line(key, required=True, default=default)
        if given not in allowed:
            raise self.error(key, f"{given!r} is not known{_nearest(given, allowed)}; use one of {', '.join(allowed)}")
        return given

    def choices(self, key: str, allowed: Collection[str]) -> tuple[str, ...]:
        """A list of known words, added to the old ones."""
        given = self._strings(key, self.take(key))
        kept: tuple[str, ...] = getattr(self.old, key) if self.old else ()
        if not given and not kept:
            raise self.error(key, "missing; a new entry needs it, a list of texts")
        for item in given:
            if item not in allowed:
                raise self.error(key, f"{item!r} is not known{_nearest(item, allowed)}; use some of {', '.join(allowed)}")
        return tuple(dict.fromkeys((*kept, *given)))

    def text(self, key: str, required: bool = False) -> Text:
        """A text in languages, `{ en = "…", es = "…", zh = "…" }`; each language given replaces the old one."""
        given = self.take(key)
        kept: Text = getattr(self.old, key) if self.old else Text()
        if given is None:
            if required and not kept:
                raise self.error(key, 'missing; a new entry needs it, for instance { en = "…", es = "…", zh = "…" }')
            return kept
        if not isinstance(given, dict):
            problem = f'must be a table of languages such as {{ en = "…", es = "…", zh = "…" }}, not {_kind(given)}'
            raise self.error(key, problem)
        for language, said in given.items():
            if language not in ("en", "es", "zh"):
                raise self.error(f"{key}.{language}", "unknown language; use en, es, zh")
            if not isinstance(said, str) or not said.strip():
                raise self.error(f"{key}.{language}", f"must be a text that is not empty, not {_kind(said)}")
        if required and not given and not kept:
            raise self.error(key, "is empty; give it in one language at least")
        return replace(kept, **{language: said.strip() for language, said in given.items()})

    def terms(self, key: str, field: str = "") -> Terms:
        """Words in languages, `{ zh = ["…"], es = ["…"] }`, added to those in `field` (or `key`) of the old record."""
        given = self.take(key)
        kept: Terms = getattr(self.old, field or key) if self.old else Terms()
        return kept if given is None else self._terms(key, given, kept)

    def exceptions(self) -> Terms:
        return self.terms("except", "exceptions")  # `except` reads well in a file, and is no name in Python

    def words(self) -> Terms:
        """Words with the languages as keys of the entry itself; `given_words` are then those of this file alone."""
        given = {language: words for language in ("zh", "es", "en") if (words := self.take(language)) is not None}
        self.given_words = self._terms("", given, Terms())
        return self._terms("", given, getattr(self.old, "words", Terms()))

    def _terms(self, key: str, given: object, kept: Terms) -> Terms:
        if not isinstance(given, dict):
            raise self.error(key, f'must be a table of lists such as {{ zh = ["…"], es = ["…"] }}, not {_kind(given)}')
        lists: dict[str, tuple[str, ...]] = {}
        for language, words in given.items():
            path = f"{key}.{language}" if key else language
            if language not in ("zh", "es", "en"):
                raise self.error(path, "unknown language; use zh, es, or en for words met in both")
            normal = [normal_term(word, language) for word in self._strings(path, words)]
            for number, word in enumerate(normal):
                if len(word) < 2:
                    raise self.error(path, f"{word!r} is too short; a term has two characters at least")
                if word in normal[:number]:
                    raise self.error(path, f"duplicate term {word!r}; write it once")
            lists[language] = tuple(dict.fromkeys((*getattr(kept, language), *normal)))
        return replace(kept, **lists)

    def _strings(self, path: str, given: object) -> list[str]:
        if given is None:
            return []
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            raise self.error(path, f"must be a list of texts, not {_kind(given)}")
        return given


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "a text" if value.strip() else "an empty text"
    names = {dict: "a table", list: "a list with something else in it", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "a " + type(value).__name__)


class _Builder:
    """Collects the records of all files."""

    def __init__(self) -> None:
        self.user = False
        self.added: list[str] = []
        self.functions: dict[str, Function] = {}
        self.families: dict[str, Function] = {}
        self.subfunctions: dict[str, SubFunction] = {}
        self.goals: dict[str, Goal] = {}
        self.overlaps: dict[str, Overlap] = {}
        self.titles: dict[str, TitleWords] = {}
        self.promises: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
        self.synonyms: dict[str, Synonyms] = {}
        self.steps: dict[str, Step] = {}

    def read(self, section: str, file: str, tables: object) -> None:
        """Read one section of one file."""
        if not isinstance(tables, dict):
            raise ProfileError(f"{file}, [{section}]: must hold tables such as [{section}.name], not {_kind(tables)}")
        readers: dict[str, Callable[[str, _Entry, tuple[str, str]], Record]] = {
            "functions": self._function, "families": self._family, "subfunctions": self._subfunction, "goals": self._goal,
            "overlaps": self._overlap, "titles": self._title, "synonyms": self._synonyms, "steps": self._step,
        }  # fmt: skip
        held: dict[str, Record] = getattr(self, section)
        owners: dict[tuple[str, str], str] = {}
        for key, raw in tables.items():
            old = held.get(key)
            entry = _Entry(file, section, key, raw, old)
            if section not in ("subfunctions", "steps") and not _KEY.fullmatch(key):
                raise entry.error(key, "wrong form; use lower-case letters, digits, _ and -, a letter first")
            # a packaged entry must say where it comes from, a user's comes from their file
            source = entry.choice("source", SOURCES, default="user" if self.user else "")
            made = readers[section](key, entry, (source, entry.line("where", required=True, default=file if self.user else "")))
            entry.done()
            held[key] = made
            if isinstance(made, TitleWords):
                self._promise(made, entry, owners)
            if self.user and old is None and section in ("functions", "subfunctions"):
                self.added.append(key)

    def profiles(self) -> Profiles:
        steps = {step.number: step for step in sorted(self.steps.values(), key=lambda step: step.number)}
        return Profiles(
            functions=self.functions, families=self.families, subfunctions=self.subfunctions, goals=self.goals, overlaps=self.overlaps,
            titles=self.titles, promises=self.promises, synonyms=self.synonyms, steps=steps, added=tuple(self.added),
        )  # fmt: skip

    def _function(self, key: str, entry: _Entry, origin: tuple[str, str]) -> Function:
        if key in self.families:
            raise entry.error(key, "is a family, not a function; write it under [families]")
        return self._profile(key, entry, origin, prefix_required=True)

    def _family(self, key: str, entry: _Entry, origin: tuple[str, str]) -> Function:
        if self.user and entry.old is None:
            problem = f"is no family{_nearest(key, self.families)}; add a function under [functions], or a code under [subfunctions]"
            raise entry.error(key, problem)
        return self._profile(key, entry, origin, prefix_required=False)

    def _profile(self, key: str, entry: _Entry, origin: tuple[str, str], prefix_required: bool) -> Function:
        if self.user and entry.old is None and _TAKEN.fullmatch(key):
            raise entry.error(key, f"the name is taken: tables have a column jd_{key}, which says something else; choose another")
        prefix = entry.line("prefix", required=prefix_required)
        if prefix and not _PREFIX.fullmatch(prefix):
            raise entry.error("prefix", f"wrong form {prefix!r}; use one to eight lower-case letters or digits, a letter first, such as m")
        if isinstance(entry.old, Function) and prefix != entry.old.prefix:
            problem = f"cannot change from {entry.old.prefix!r}: the codes of labelled postings begin with it; leave the key out"
            raise entry.error("prefix", problem)
        for other in (*self.functions.values(), *self.families.values()):
            if prefix and other.prefix == prefix and other.key != key:
                raise entry.error("prefix", f"duplicate {prefix!r}, which {other.key} has; choose another")
        name = entry.text("name", required=True)
        texts = {field: entry.text(field) for field in _FUNCTION_TEXTS}
        terms, exceptions = entry.terms("terms"), entry.exceptions()
        return Function(key, prefix, name, **texts, terms=terms, exceptions=exceptions, source=origin[0], where=origin[1])

    def _subfunction(self, key: str, entry: _Entry, origin: tuple[str, str]) -> SubFunction:
        functions = {function.prefix: name for name, function in {**self.families, **self.functions}.items() if function.prefix}
        if not _CODE.fullmatch(key) and functions.get(key) != GENERAL:
            problem = "wrong code form; write the function's prefix, a dot and a lower-case name in quotes, such as"
            raise entry.error(key, f'{problem} [subfunctions."m.podcast"]')
        prefix = key.split(".")[0]
        if prefix not in functions:
            problem = f"no function has the prefix {prefix!r}; use one of {', '.join(functions)}, or add a function with this prefix"
            raise entry.error(key, problem)
        name, description = entry.text("name", required=True), entry.text("description")
        for other in self.subfunctions.values():
            for language in ("en", "es", "zh"):
                said: str = getattr(name, language)
                if other.code != key and said and said.lower() == getattr(other.name, language).lower():
                    problem = f"duplicate {said!r}, the name of {other.code}; choose another, reports would not tell them apart"
                    raise entry.error(f"name.{language}", problem)
        return SubFunction(key, functions[prefix], name, description, entry.terms("terms"), entry.exceptions(), *origin)

    def _goal(self, key: str, entry: _Entry, origin: tuple[str, str]) -> Goal:
        function, name = entry.choice("function", self.functions), entry.text("name", required=True)
        return Goal(key, function, name, entry.terms("terms"), entry.exceptions(), *origin)

    def _overlap(self, key: str, entry: _Entry, origin: tuple[str, str]) -> Overlap:
        codes = entry.choices("codes", self.subfunctions)
        return Overlap(key, codes, entry.text("what", required=True), entry.text("ruling"), *origin)

    def _title(self, key: str, entry: _Entry, origin: tuple[str, str]) -> TitleWords:
        function = entry.choice("function", (*self.functions, NONE))
        return TitleWords(key, function, entry.words(), entry.exceptions(), *origin)

    def _promise(self, made: TitleWords, entry: _Entry, owners: dict[tuple[str, str], str]) -> None:
        """Note what the words of one entry promise. A word given twice in a file is a fault; a later file may take it."""
        for language in LANGUAGES:
            for word in getattr(entry.given_words, language):
                if word in entry.given_words.en:
                    raise entry.error(language, f"duplicate word {word!r}, which `en` has too; keep it in one of them")
            for word in entry.given_words.of(language):
                owner = owners.setdefault((language, word), made.key)
                if owner != made.key:
                    raise entry.error(language, f"duplicate word {word!r}, which [titles.{owner}] has; keep it in one of them")
            # where a user's file turns an entry to another function, its old words go with it
            same = isinstance(entry.old, TitleWords) and entry.old.function == made.function
            words = entry.given_words if same else made.words
            self.promises[language].update(dict.fromkeys(words.of(language), made.function))

    def _synonyms(self, key: str, entry: _Entry, origin: tuple[str, str]) -> Synonyms:
        return Synonyms(key, entry.choices("functions", (*self.functions, NONE)), entry.words(), *origin)

    def _step(self, key: str, entry: _Entry, origin: tuple[str, str]) -> Step:
        if not _STEP.fullmatch(key):
            raise entry.error(key, "wrong form; a step is a number from 1 to 99, such as [steps.10]")
        name, what, purpose = entry.text("name", required=True), entry.text("what"), entry.text("purpose")
        return Step(int(key), name, what, purpose, entry.terms("cues"), entry.exceptions(), *origin)

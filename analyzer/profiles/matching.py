"""Finding the profiles' words in normalised text: duties' terms, the steps' cues, what a title promises.

The text handed in is normal already: lower case; Chinese in simplified script; Spanish without accents, of the length
of the original, so that a match's offsets are the text's own.
"""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from analyzer.profiles.schema import LANGUAGES, Profiles

_LINKS = frozenset(("al", "con", "de", "del", "el", "en", "la", "las", "los", "para", "por", "un", "una"))
_SMALL_WORDS = _LINKS | {"a", "e", "o", "u", "y"}
_GENDER = re.compile(r"(?<=[a-z])(?:\s?/\s?(?:a|as|o|os|e|es|ra|ras|na|esa)(?![\w-])|\(\s?(?:a|as|o|os|e|es|ra|ras|na)\s?\)|(?<=r)@)")
_AT = re.compile(r"(?<=[a-z])@(?=s?(?!\w))")
_RUN = re.compile("[^\\W_\u2e80-\U0010ffff]+|\\S")
"""A word of Latin letters and digits, or any other visible character."""
_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]?")
_FEMININE = ("or", "ero", "ico", "ivo", "ado", "ogo", "aro", "sto")


class Match(NamedTuple):
    """`text[start:end]` is a form of `term`, one of the words of `key`."""

    start: int
    end: int
    key: str
    term: str


class TermMatcher:
    """Finds the words of many keys in one pass.

    `terms` maps a key to its words, in normal form; `exceptions` to longer words that only look like its words (a word
    that is in both is not found). Words of Latin letters and digits match between word boundaries, Chinese anywhere.
    With `lang` `es`, singular and plural of each word of a term match too. Of overlapping words the one that begins
    first is taken, of those that begin together the longest; a word of several keys gives one Match a key.

    Raises ValueError for a language other than `zh` and `es`, or a term shorter than two characters.
    """

    def __init__(self, terms: Mapping[str, Iterable[str]], lang: str, exceptions: Mapping[str, Iterable[str]] | None = None) -> None:
        if lang not in LANGUAGES:
            raise ValueError(f"no profiles in the language {lang!r}; use one of {', '.join(LANGUAGES)}")
        self.lang = lang
        spell = _inflected if lang == "es" else _as_written
        found: dict[str, dict[str, str]] = {}
        for key, words in terms.items():
            for term in words:
                if len(term.strip()) < 2:
                    raise ValueError(f"the term {term!r} of {key!r} is too short; a term has two characters at least")
                for form in spell(term):
                    keys = found.setdefault(form, {})
                    if form == term or key not in keys:  # a word as written goes before another word's inflection
                        keys[key] = term
        for key, words in (exceptions or {}).items():
            for term in words:
                for form in spell(term):
                    found.setdefault(form, {}).pop(key, None)
        self._forms = {form: tuple(keys.items()) for form, keys in found.items()}
        # By how a word opens, the lengths to try: far faster than an alternation of a thousand words in `re`.
        lengths: dict[str, set[int]] = {}
        for form in found:
            _, opening = next(iter(self._openings(form)))
            lengths.setdefault(opening, set()).add(len(form))
        self._lengths = {opening: tuple(sorted(held, reverse=True)) for opening, held in lengths.items()}
        self._none_opens = frozenset(lengths).isdisjoint

    def find(self, text: str) -> list[Match]:
        """All matches in the text, in its order; none overlap but those of one word under several keys."""
        matches: list[Match] = []
        if self._none_opens(_RUN.findall(text) if self.lang == "es" else map(operator.add, text, text[1:])):
            return matches
        lengths_of, keys_of, size, free = self._lengths.get, self._forms.get, len(text), 0
        for at, opening in self._openings(text):
            lengths = lengths_of(opening)
            if lengths is None or at < free or (at and _joined(text[at - 1], text[at])):
                continue
            for length in lengths:
                end = at + length
                keys = keys_of(text[at:end])
                if keys is None or end > size or (end < size and _joined(text[end - 1], text[end])):
                    continue
                matches.extend([Match(at, end, key, term) for key, term in keys])
                free = end
                break
        return matches

    def _openings(self, text: str) -> Iterable[tuple[int, str]]:
        """Where a term may begin, and what it then opens with: a whole word in Spanish, two characters in Chinese."""
        if self.lang == "es":
            return ((run.start(), run.group()) for run in _RUN.finditer(text))
        return enumerate(map(operator.add, text, text[1:]))


def _joined(left: str, right: str) -> bool:
    """Whether two neighbours are of one Latin word. Chinese characters have no word boundaries of their own."""
    return left < "\u2e80" and right < "\u2e80" and left.isalnum() and right.isalnum()


def _as_written(term: str) -> tuple[str, ...]:
    return (term,)


def _numbers(word: str) -> tuple[str, ...]:
    """A Spanish word in singular and plural, and the English plural of a loan word. Forms nobody writes do no harm."""
    if word in _SMALL_WORDS or not word.isalpha() or len(word) < 3:
        return (word,)
    if word.endswith("s"):
        if len(word) < 6:
            return (word,)
        return (word, word[:-1], word[:-2]) if word.endswith("es") and word[-3] not in "aeiou" else (word, word[:-1])
    if word[-1] in "aeiou":
        return (word, word + "s")
    return (word, word + "s", word + "es", *((word[:-1] + "ces",) if word.endswith("z") else ()))


def _inflected(term: str) -> tuple[str, ...]:
    words = term.split(" ")
    if len(words) > 6:  # the forms multiply; so long a phrase is a sentence, taken as written
        return (term,)
    return tuple(dict.fromkeys(" ".join(forms) for forms in itertools.product(*map(_numbers, words))))


@functools.lru_cache(maxsize=16)
def _term_matcher(lang: str, profiles: Profiles) -> TermMatcher:
    known = {**{code: (s.terms, s.exceptions) for code, s in profiles.subfunctions.items()},
             **{key: (f.terms, f.exceptions) for key, f in profiles.functions.items()}}  # fmt: skip
    return TermMatcher({key: t.of(lang) for key, (t, _) in known.items()}, lang, {key: e.of(lang) for key, (_, e) in known.items()})


@functools.lru_cache(maxsize=16)
def _step_matcher(lang: str, profiles: Profiles) -> TermMatcher:
    steps = profiles.steps.values()
    return TermMatcher({str(s.number): s.cues.of(lang) for s in steps}, lang, {str(s.number): s.exceptions.of(lang) for s in steps})


@functools.lru_cache(maxsize=16)
def _title_matcher(lang: str, profiles: Profiles) -> TermMatcher:
    words: dict[str, list[str]] = {}
    for word, function in profiles.promises.get(lang, {}).items():
        forms = [form for spelt in _genders(word, lang) for form in (spelt, _squeezed(spelt, lang))]
        words.setdefault(function, []).extend(dict.fromkeys(forms))
    exceptions: dict[str, list[str]] = {}
    for entry in profiles.titles.values():
        exceptions.setdefault(entry.function, []).extend(f for word in entry.exceptions.of(lang) for f in (word, _squeezed(word, lang)))
    return TermMatcher(words, lang, exceptions)


def _default(profiles: Profiles | None) -> Profiles:
    if profiles is not None:
        return profiles
    from analyzer.profiles import load_profiles  # the package imports this module

    return load_profiles()


def term_matcher(lang: str, profiles: Profiles | None = None) -> TermMatcher:
    """The matcher of all profiles' terms: keys are codes (`o.user`), or a function where a word is of it as a whole."""
    return _term_matcher(lang, _default(profiles))


def step_matcher(lang: str, profiles: Profiles | None = None) -> TermMatcher:
    """The matcher of the steps' cues: keys are the steps' numbers as text, `"1"` to `"9"`."""
    return _step_matcher(lang, _default(profiles))


def title_matcher(lang: str, profiles: Profiles | None = None) -> TermMatcher:
    """The matcher of title and department words: keys are functions, or `none`."""
    return _title_matcher(lang, _default(profiles))


def covered_steps(text: str, lang: str, profiles: Profiles | None = None) -> dict[int, list[Match]]:
    """The steps of the cycle that a normalised duty covers, by number, with the places that show it."""
    covered: dict[int, list[Match]] = {}
    for match in step_matcher(lang, profiles).find(text):
        covered.setdefault(int(match.key), []).append(match)
    return dict(sorted(covered.items()))


def title_function(title_normalized: str, lang: str, profiles: Profiles | None = None) -> str | None:
    """The function a title's words promise: `marketing`, `operations`, `brand`, a user's own, or `none` for another.

    None where its words tell nothing (`Asistente`, `管培生`). The most specific match wins: in Spanish the one of more
    words, in Chinese the longer one, a Latin word counting as two characters; of equals the later one in Chinese,
    whose head comes last, the earlier one in Spanish. What stands in brackets counts only where nothing else tells.
    """
    matcher = title_matcher(lang, profiles)
    title = _AT.sub("o", _GENDER.sub("", title_normalized)) if lang == "es" else title_normalized
    for text in dict.fromkeys((_BRACKETS.sub(" ", title), title)):
        matches = matcher.find(_squeezed(text, lang))
        if matches:
            later = lang == "zh"
            return max(matches, key=lambda match: (_weight(match.term, lang), match.start if later else -match.start)).key
    return None


def _squeezed(text: str, lang: str) -> str:
    """Spanish without articles and prepositions: `técnico en marketing` and `técnico de marketing` are one, `marketing y marca` is two."""
    return " ".join(word for word in text.split() if word not in _LINKS) if lang == "es" else text


def _genders(word: str, lang: str) -> tuple[str, ...]:
    """A Spanish title word with the feminine of its first word: `director de marca`, `directora de marca`."""
    head, space, rest = word.partition(" ")
    if lang != "es" or not head.endswith(_FEMININE):
        return (word,)
    feminine = head + "a" if head.endswith("r") else head[:-1] + "a"
    return (word, feminine + space + rest)


@functools.lru_cache(maxsize=4_096)
def _weight(term: str, lang: str) -> int:
    latin = len(re.findall(r"[a-z0-9&+]+", term))
    if lang == "es":
        return sum(word not in _SMALL_WORDS for word in term.split())
    return 2 * latin + sum(character >= "\u2e80" for character in term)

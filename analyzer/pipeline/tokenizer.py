"""The tokenizers: tokens that tile the user's own text, normal forms in `token.norm_` (`jd.Tokenizer.v1`).

Chinese is cut by jieba's algorithm on the clean view of the text (simplified, half-width, without pinyin glosses);
Spanish by one compiled pattern. Either way every character of the text belongs to exactly one token.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import spacy
import srsly
from spacy.attrs import (
    IS_BRACKET,
    IS_CURRENCY,
    IS_LEFT_PUNCT,
    IS_QUOTE,
    IS_RIGHT_PUNCT,
    IS_STOP,
    LIKE_EMAIL,
    LIKE_URL,
    NORM,
    PREFIX,
    SHAPE,
    SUFFIX,
)
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab

from analyzer.text import words
from analyzer.text.view import View, simplified, view

_LATIN = re.compile("[a-zA-Z\u00c0-\u024f]*[\u00c0-\u024f][a-zA-Z\u00c0-\u024f]*")
_SPANISH = re.compile(
    r"[^\W\d_]+(?:/(?:as?|os?|ras?|r|na|es?)(?!\w)|\((?:as?|os?|ras?|na|es)\)|@s?(?!\w)|-(?:as?|os?)(?!\w)|/(?:AS?|OS?|RAS?|R|NA|ES?)(?!\w)|\((?:AS?|OS?|RAS?|NA|ES)\)|(?:['’&][^\W\d_]+))?"
    r"|\d+(?:[.,:]\d+)*|[ \t]+|\s|[^\w\s]|_"
)
_UNREAD = (SHAPE, PREFIX, SUFFIX, LIKE_URL, LIKE_EMAIL, IS_STOP, IS_CURRENCY, IS_BRACKET, IS_QUOTE, IS_LEFT_PUNCT, IS_RIGHT_PUNCT)
_CAMEL = re.compile(r"(?<=[a-záéíóúüñ]{4})(?=[A-ZÁÉÍÓÚÑ][a-záéíóúüñ]{2})")


class Cutter(Protocol):
    """What a Chinese segmenter gives: the words of a text, in order, nothing left out."""

    def cut(self, text: str) -> Iterable[str]:
        """The words of a text."""
        ...


def make_cutter(engine: str, entries: Iterable[str]) -> Cutter:
    """A segmenter instance of its own, with the entries (`word` or `word frequency tag`) of a user dictionary.

    engine: `rjieba` (Rust) or `jieba`. Where rjieba has no wheel, jieba serves and a warning says so: 99.4 % of
    the tokens are the same, and scores can differ in the third digit.
    """
    if engine == "rjieba":
        try:
            from rjieba import Jieba
        except ImportError:
            warnings.warn("JD-110: rjieba is not installed; the slower jieba cuts Chinese words, scores may differ slightly", stacklevel=2)
        else:
            fast = Jieba()
            for entry in entries:
                fast.add_word(entry.split(" ")[0], None, None)
            return fast
    return _slow_cutter(entries)


def _slow_cutter(entries: Iterable[str]) -> Cutter:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba imports pkg_resources and holds invalid escapes
        import jieba

    jieba.setLogLevel(60)
    own = jieba.Tokenizer()
    own.initialize()
    for entry in entries:
        own.add_word(entry.split(" ")[0])
    return own


def _getters(vocab: Vocab) -> dict[Any, Callable[[str], Any]]:
    """What a vocabulary computes for each new word."""
    getters: dict[Any, Callable[[str], Any]] = vocab.lex_attr_getters  # type: ignore[attr-defined]
    return getters


class Tokenizer:
    """Shared by both languages: from the words of the clean view to a Doc over the user's own text."""

    lang = ""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        for attribute in _UNREAD:  # a lexeme computes every attribute when it is made, and nobody here reads these
            _getters(vocab).pop(attribute, None)

    def __call__(self, text: str) -> Doc:
        """A Doc whose `text` is exactly `text`. Raises ValueError where spaCy itself cannot hold the text."""
        seen = self._view(text)
        found = self._words(seen.text)
        doc = self._plain(text, found) if seen.begin is None else self._aligned(text, found, seen)
        doc.user_data["jd_text"] = text
        return doc

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterable[Doc]:
        """One Doc a text."""
        return (self(text) for text in texts)

    def _view(self, text: str) -> View:
        raise NotImplementedError

    def _words(self, clean: str) -> list[str]:
        raise NotImplementedError

    def _norm(self, word: str) -> str:
        raise NotImplementedError

    def _plain(self, text: str, found: list[str]) -> Doc:
        """The view differs from the text in script only, if at all."""
        spellings, at, same = [], 0, True
        for word in found:
            spelling = text[at : at + len(word)]
            same &= spelling == word
            spellings.append(spelling)
            at += len(word)
        kept, spaces = _fold_spaces(spellings)
        doc = Doc(self.vocab, words=kept, spaces=spaces)
        if not same:
            shown, _ = _fold_spaces(found)
            self._set_norms(doc, shown)
        return doc

    def _aligned(self, text: str, found: list[str], seen: View) -> Doc:
        """The view hides or changes characters: hidden ones belong to the token before them."""
        assert seen.begin is not None and seen.end is not None
        starts: list[int] = []
        shown: list[str] = []
        at = 0
        for word in found:
            start = int(seen.begin[at])
            if starts and start <= starts[-1]:  # two characters of the view from one of the text
                shown[-1] += word
            else:
                starts.append(start)
                shown.append(word)
            at += len(word)
        if not starts:
            return Doc(self.vocab, words=[text] if text else [], spaces=[False] if text else [])
        starts[0] = 0
        spellings = [text[i:j] for i, j in zip(starts, [*starts[1:], len(text)], strict=True)]
        doc = Doc(self.vocab, words=spellings, spaces=[False] * len(spellings))
        self._set_norms(doc, shown)
        return doc

    def _set_norms(self, doc: Doc, shown: list[str]) -> None:
        add = self.vocab.strings.add
        norms = np.array([add(self._norm(word)) for word in shown], dtype=np.uint64)
        doc.from_array([NORM], norms.reshape(-1, 1))  # type: ignore[arg-type]

    def _config(self) -> dict[str, Any]:
        return {"lang": self.lang}

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the tokenizer's folder."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "tokenizer.json", self._config())

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> Tokenizer:
        """Read what `to_disk` wrote."""
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The tokenizer's settings, for spaCy's own serialisation."""
        return bytes(srsly.json_dumps(self._config()), "utf-8")

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Tokenizer:
        """Read what `to_bytes` gave."""
        return self


def _fold_spaces(found: list[str]) -> tuple[list[str], list[bool]]:
    """Single spaces after a word become the word's trailing space, as spaCy keeps them."""
    kept: list[str] = []
    spaces: list[bool] = []
    for word in found:
        if word == " " and kept and not spaces[-1] and not kept[-1].isspace():
            spaces[-1] = True
        else:
            kept.append(word)
            spaces.append(False)
    return kept, spaces


class ChineseTokenizer(Tokenizer):
    """jieba's cut of the simplified view, by an instance of its own with the model's user dictionary."""

    lang = "zh"

    def __init__(self, vocab: Vocab, engine: str, entries: list[str]) -> None:
        super().__init__(vocab)
        self.engine = engine
        self._load(entries)
        _getters(vocab)[NORM] = words.chinese

    def _load(self, entries: list[str]) -> None:
        self.entries = entries
        self.cutter = make_cutter(self.engine, entries)

    def _view(self, text: str) -> View:
        return view(text, simplified)

    def _words(self, clean: str) -> list[str]:
        if not _LATIN.search(clean):
            return list(self.cutter.cut(clean))
        found: list[str] = []
        at = 0
        for match in _LATIN.finditer(clean):  # the fast cutter mangles accented Latin
            found.extend(self.cutter.cut(clean[at : match.start()]))
            found.append(match.group())
            at = match.end()
        found.extend(self.cutter.cut(clean[at:]))
        return found

    def _norm(self, word: str) -> str:
        return words.chinese(word)

    def _config(self) -> dict[str, Any]:
        return {"lang": self.lang, "engine": self.engine}

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """The settings and the user dictionary, in jieba's own format."""
        super().to_disk(path)
        (Path(path) / "userdict.txt").write_text("".join(f"{e}\n" for e in self.entries), encoding="utf-8")

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> Tokenizer:
        """Read the user dictionary of a model."""
        entries = (Path(path) / "userdict.txt").read_text(encoding="utf-8").splitlines()
        if entries != self.entries:
            self._load(entries)
        return self


class SpanishTokenizer(Tokenizer):
    """One compiled pattern: words with their gender form, numbers, marks."""

    lang = "es"

    def __init__(self, vocab: Vocab) -> None:
        super().__init__(vocab)
        _getters(vocab)[NORM] = words.spanish

    def _view(self, text: str) -> View:
        return view(text)

    def _words(self, clean: str) -> list[str]:
        found = _SPANISH.findall(clean)
        if _CAMEL.search(clean):
            return [part for word in found for part in _CAMEL.split(word)]
        return found

    def _norm(self, word: str) -> str:
        return words.spanish(word)


@registry.tokenizers("jd.Tokenizer.v1")
def create_tokenizer(lang: str, engine: str = "rjieba", entries: list[str] | None = None) -> Callable[[Language], Tokenizer]:
    """The factory named in a model's `config.cfg`."""

    def create(nlp: Language) -> Tokenizer:
        return ChineseTokenizer(nlp.vocab, engine, entries or []) if lang == "zh" else SpanishTokenizer(nlp.vocab)

    return create


def blank(lang: str, engine: str = "rjieba", entries: list[str] | None = None) -> Language:
    """A pipeline with this tokenizer and nothing else."""
    settings = {"@tokenizers": "jd.Tokenizer.v1", "lang": lang, "engine": engine, "entries": entries or []}
    return spacy.blank(lang, config={"nlp": {"tokenizer": settings}})

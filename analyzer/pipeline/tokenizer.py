"""The tokenizers: tokens that tile the user's own text, normal forms in `token.norm_` (`jd.Tokenizer.v1`).

Chinese is cut by jieba's algorithm on the clean view of the text (simplified, half-width, without pinyin glosses);
Spanish by one compiled pattern. Either way every character of the text belongs to exactly one token.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import spacy
import srsly
from numpy.typing import NDArray
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

from analyzer.pipeline.chunks import LARGEST, Chunks
from analyzer.pipeline.lexicon import BLANK, ONE_BLANK, Lexicon, lexicon
from analyzer.pipeline.pages import Ints, Pages
from analyzer.text import words
from analyzer.text.characters import Characters, codes
from analyzer.text.view import View, simplified
from analyzer.text.views import views

_ACCENTED = "\u00c0-\u024f"
_LATIN = re.compile(f"[a-zA-Z{_ACCENTED}]*[{_ACCENTED}][a-zA-Z{_ACCENTED}]*")
_SPANISH = re.compile(
    r"[^\W\d_]+(?:/(?:as?|os?|ras?|r|na|es?)(?!\w)|\((?:as?|os?|ras?|na|es)\)|@s?(?!\w)|-(?:as?|os?)(?!\w)|/(?:AS?|OS?|RAS?|R|NA|ES?)(?!\w)|\((?:AS?|OS?|RAS?|NA|ES)\)|(?:['’&][^\W\d_]+))?"
    r"|\d+(?:[.,:]\d+)*|[^\w\s]|_"
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
        pages = self.pages([text])
        start, end = pages.start.tolist(), pages.end.tolist()
        spaces = [e < s for e, s in zip(end, [*start[1:], len(text)], strict=True)] if start else []
        doc = Doc(self.vocab, words=[text[s:e] for s, e in zip(start, end, strict=True)], spaces=spaces)
        norms = pages.norms(0, len(pages.word))
        if any(self._norm(token) != norm for token, norm in zip((text[s:e] for s, e in zip(start, end, strict=True)), norms, strict=True)):
            add = self.vocab.strings.add
            doc.from_array([NORM], np.array([add(norm) for norm in norms], dtype=np.uint64).reshape(-1, 1))  # type: ignore[arg-type]
        doc.user_data["jd_text"] = text
        return doc

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterable[Doc]:
        """One Doc a text."""
        return (self(text) for text in texts)

    def pages(self, texts: Sequence[str]) -> Pages:
        """The tokens of some texts, as arrays."""
        known = lexicon(self.lang)
        given = Characters(texts)
        views = self._views(given)
        changed = [n for n, (text, seen) in enumerate(zip(texts, views, strict=True)) if seen.begin is not None or seen.text != text]
        clean = Characters([seen.text for seen in views]) if changed else given
        word, start, first = self._tokens(known, clean, np.array([seen.begin is not None for seen in views], np.bool_))
        end = start + known.length[word]
        if changed:
            parts, at = [], 0
            counts = np.diff(first)
            for n in changed:
                mine = slice(int(first[n]), int(first[n + 1]))
                parts += [(word[at : mine.start], start[at : mine.start], end[at : mine.start])]
                parts += [self._spelled(known, texts[n], views[n], word[mine], start[mine])]
                counts[n] = len(parts[-1][0])
                at = mine.stop
            parts.append((word[at:], start[at:], end[at:]))
            word, start, end = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            first = np.append(0, np.cumsum(counts))
        pages = Pages(self.lang, texts, known, word, start, end, first, views)
        pages.given, pages.clean = given, clean
        return pages

    def _views(self, given: Characters) -> list[View]:
        raise NotImplementedError

    def _tokens(self, known: Lexicon, clean: Characters, whole: NDArray[np.bool_]) -> tuple[NDArray[np.int32], Ints, Ints]:
        """Of clean texts: the tokens' numbers, where in its text each begins, (P + 1) where each text's begin.

        whole: (P,) texts whose tokens leave out no character; of the others single blanks belong to the word before them.
        """
        raise NotImplementedError

    def _norm(self, word: str) -> str:
        raise NotImplementedError

    def _spelled(self, known: Lexicon, text: str, seen: View, word: NDArray[np.int32], at: Ints) -> tuple[NDArray[np.int32], Ints, Ints]:
        """The tokens of a clean text as they are spelled in the text itself: their numbers, where they begin and end.

        Characters that the view hides belong to the token before them, and of two tokens from one character one is made.
        """
        if not len(word):
            none = np.zeros(0, np.int64)
            return (np.array([known[text]], np.int32), np.zeros(1, np.int64), np.full(1, len(text))) if text else (word, none, none)
        stops = at + known.length[word]
        if seen.begin is None or seen.end is None:
            begin, end = at, stops
            odd = codes(text) != codes(seen.text)
        else:
            begin = seen.begin[at].astype(np.int64)
            opens = np.append(True, begin[1:] != begin[:-1])
            word, at, begin = word[opens], at[opens], begin[opens]
            begin[0] = 0
            stops, end = np.append(at[1:], len(seen.text)), np.append(begin[1:], len(text))
            odd = (seen.end - seen.begin != 1) | (codes(text)[seen.begin] != codes(seen.text))
        before = np.append(0, np.cumsum(odd))
        other = (before[stops] > before[at]) | (end - begin != known.length[word])
        word = word.copy()
        for n in np.flatnonzero(other).tolist():
            shown, spelling = seen.text[at[n] : stops[n]], text[begin[n] : end[n]]
            word[n] = known[shown] if shown == spelling else known.changed(spelling, self._norm(shown))
        return word, begin, end

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

    def _views(self, given: Characters) -> list[View]:
        return views(given, simplified)

    def _tokens(self, known: Lexicon, clean: Characters, whole: NDArray[np.bool_]) -> tuple[NDArray[np.int32], Ints, Ints]:
        accented = np.zeros(len(clean.texts), np.bool_)
        accented[clean.owner(np.flatnonzero((clean.codes >= ord(_ACCENTED[0])) & (clean.codes <= ord(_ACCENTED[-1]))))] = True
        found = [
            self._words(text) if latin else list(self.cutter.cut(text)) for text, latin in zip(clean.texts, accented.tolist(), strict=True)
        ]
        counts = np.fromiter(map(len, found), np.int64, len(found))
        first = np.append(0, np.cumsum(counts))
        word = known.numbers(list(itertools.chain.from_iterable(found)))
        ends, marks = np.cumsum(known.length[word]), known.marks[word]
        owner = np.repeat(np.arange(len(found)), counts)
        sizes = clean.stop - clean.begin
        starts = ends - known.length[word] - (np.cumsum(sizes) - sizes)[owner]
        alone = np.flatnonzero(marks & ONE_BLANK)
        alone = alone[alone > first[owner[alone]]]
        alone = alone[(marks[alone - 1] & BLANK == 0) & ~whole[owner[alone]]]
        if not len(alone):
            return word, starts, first
        return np.delete(word, alone), np.delete(starts, alone), first - np.searchsorted(alone, first)

    def _words(self, clean: str) -> list[str]:
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
        self._chunks: Chunks | None = None
        _getters(vocab)[NORM] = words.spanish

    def _views(self, given: Characters) -> list[View]:
        return views(given)

    def _tokens(self, known: Lexicon, clean: Characters, whole: NDArray[np.bool_]) -> tuple[NDArray[np.int32], Ints, Ints]:
        chunks = self._chunks
        if chunks is None or chunks.lexicon is not known or len(chunks) >= LARGEST:
            chunks = self._chunks = Chunks(known, _cut)
        return chunks.tokens(clean, whole)

    def _norm(self, word: str) -> str:
        return words.spanish(word)


def _cut(text: str) -> list[str]:
    """The tokens between blanks, words that were glued together (`equipoTrabajar`) apart."""
    return [part for word in _SPANISH.findall(text) for part in (_CAMEL.split(word) if len(word) > 6 and not word.islower() else (word,))]


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

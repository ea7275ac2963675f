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

from analyzer.pipeline.lexicon import BLANK, ONE_BLANK, Lexicon, lexicon
from analyzer.pipeline.pages import Pages
from analyzer.text import words
from analyzer.text.view import View, simplified, view

_LATIN = re.compile("[a-zA-Z\u00c0-\u024f]*[\u00c0-\u024f][a-zA-Z\u00c0-\u024f]*")
_SPANISH = re.compile(
    r"[^\W\d_]+(?:/(?:as?|os?|ras?|r|na|es?)(?!\w)|\((?:as?|os?|ras?|na|es)\)|@s?(?!\w)|-(?:as?|os?)(?!\w)|/(?:AS?|OS?|RAS?|R|NA|ES?)(?!\w)|\((?:AS?|OS?|RAS?|NA|ES)\)|(?:['’&][^\W\d_]+))?"
    r"|\d+(?:[.,:]\d+)*|[ \t]+|\s|[^\w\s]|_"
)
_SPACED = re.compile(rf"(?:{_SPANISH.pattern.replace('|[ ' + chr(92) + 't]+|' + chr(92) + 's', '')})(?: (?![ \t]))?|[ \t]+|\s")
"""The same, but a single blank goes with the word before it."""
_UNREAD = (SHAPE, PREFIX, SUFFIX, LIKE_URL, LIKE_EMAIL, IS_STOP, IS_CURRENCY, IS_BRACKET, IS_QUOTE, IS_LEFT_PUNCT, IS_RIGHT_PUNCT)
_PERHAPS_CAMEL = re.compile(r"[A-ZÁÉÍÓÚÑ](?<=[a-záéíóúüñ]{4}.)(?=[a-záéíóúüñ]{2})")
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
        views = [self._view(text) for text in texts]
        numbers: list[Iterable[int]] = []
        counts: list[int] = []
        folded: list[bool] = []  # single blanks belong to the word before them, unless the view hides something
        for text, seen in zip(texts, views, strict=True):
            if seen.begin is not None:
                mine = self._aligned(known, text, self._words(seen.text), seen)
            elif seen.text == text:
                mine = self._plain(known, text)
            else:
                mine = self._other_script(known, text, self._words(seen.text))
            numbers.append(mine)
            counts.append(len(mine))
            folded.append(seen.begin is None)
        word = np.fromiter(itertools.chain.from_iterable(numbers), np.int32, sum(counts))
        owner = np.repeat(np.arange(len(texts)), counts)
        ends = np.cumsum(known.length[word])
        sizes = np.array([len(text) for text in texts], np.int64)
        ends -= (np.cumsum(sizes) - sizes)[owner]
        starts = ends - known.length[word]
        ends -= known.trail[word]
        marks = known.marks[word]
        fold = np.zeros(len(word), bool)
        fold[1:] = (marks[1:] & ONE_BLANK > 0) & (marks[:-1] & BLANK == 0) & (owner[1:] == owner[:-1])
        fold &= np.array(folded, bool)[owner]
        if fold.any():
            kept = ~fold
            word, starts, ends, owner = word[kept], starts[kept], ends[kept], owner[kept]
        first = np.searchsorted(owner, np.arange(len(texts) + 1))
        return Pages(self.lang, texts, known, word, starts, ends, first, views)

    def _view(self, text: str) -> View:
        raise NotImplementedError

    def _words(self, clean: str) -> list[str]:
        raise NotImplementedError

    def _norm(self, word: str) -> str:
        raise NotImplementedError

    def _plain(self, known: Lexicon, text: str) -> list[int]:
        """The view is the text itself."""
        return list(map(known.__getitem__, self._words(text)))

    def _other_script(self, known: Lexicon, text: str, found: list[str]) -> list[int]:
        """The view differs from the text in script only."""
        numbers, at = [], 0
        for word in found:
            spelling = text[at : at + len(word)]
            numbers.append(known[word] if spelling == word else known.changed(spelling, self._norm(word)))
            at += len(word)
        return numbers

    def _aligned(self, known: Lexicon, text: str, found: list[str], seen: View) -> list[int]:
        """The view hides or changes characters: hidden ones belong to the token before them."""
        assert seen.begin is not None and seen.end is not None
        starts: list[int] = []
        shown: list[str] = []
        begin = seen.begin.tolist()
        at = 0
        for word in found:
            start = begin[at]
            if starts and start <= starts[-1]:  # two characters of the view from one of the text
                shown[-1] += word
            else:
                starts.append(start)
                shown.append(word)
            at += len(word)
        if not starts:
            return [known[text]] if text else []
        starts[0] = 0
        stops = [*starts[1:], len(text)]
        return [
            known[word] if (spelling := text[i:j]) == word else known.changed(spelling, self._norm(word))
            for i, j, word in zip(starts, stops, shown, strict=True)
        ]

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
        return _parted(_SPANISH.findall(clean), clean)

    def _plain(self, known: Lexicon, text: str) -> list[int]:
        return list(map(known.spaced.__getitem__, _parted(_SPACED.findall(text), text)))

    def _norm(self, word: str) -> str:
        return words.spanish(word)


def _parted(found: list[str], clean: str) -> list[str]:
    """The words of a text, those that were glued together (`equipoTrabajar`) apart."""
    if not _PERHAPS_CAMEL.search(clean):
        return found
    return [part for word in found for part in (_CAMEL.split(word) if len(word) > 6 else (word,))]


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

"""Labelled postings as a spaCy DocBin, and back.

A Doc's tokens are those of the project's tokenizer, cut once more where a label begins or ends, so that every label is
a span: `zones` (label: the zone), `duties` (label: the codes), `verbs` and `objects` (pairs in order, label: the code),
`purposes`. The rest of the record is JSON in `doc.user_data["posting"]`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab

from analyzer.errors import CorpusError
from analyzer.pipeline.tokenizer import blank
from analyzer.training.labels import Piece, from_pieces, meta_of, to_pieces

KEY = "posting"


def write_docbin(path: Path, postings: Iterable[Mapping[str, Any]]) -> None:
    """All postings in one file, whatever their language (it stands in the record)."""
    box = DocBin(attrs=["ORTH", "SPACY"], store_user_data=True)
    vocab = Vocab()
    tokenizers: dict[str, Any] = {}
    for posting in postings:
        language = posting["language"]
        nlp = tokenizers[language] = tokenizers.get(language) or blank(language)
        box.add(_doc(vocab, nlp.make_doc(posting["text"]), posting))
    box.to_disk(path)


def _doc(vocab: Vocab, cut: Doc, posting: Mapping[str, Any]) -> Doc:
    text, pieces = posting["text"], to_pieces(posting)
    places = {0, len(text), *(t.idx for t in cut), *(t.idx + len(t) for t in cut), *(x for p in pieces for x in (p.start, p.end))}
    words: list[str] = []
    spaces: list[bool] = []
    ordered = sorted(places)
    for start, end in itertools.pairwise(ordered):
        if text[start:end] == " " and words and not spaces[-1]:
            spaces[-1] = True
        else:
            words.append(text[start:end])
            spaces.append(False)
    doc = Doc(vocab, words=words, spaces=spaces)
    groups: dict[str, list[Span]] = {"zones": [], "duties": [], "verbs": [], "objects": [], "purposes": []}
    code = ""
    for piece in pieces:
        zone, _, codes = piece.label.partition(" ")
        if piece.label in ("verb", "object", "purpose"):
            code = piece.code or code
            groups[f"{piece.label}s"].append(_span(doc, piece, code if piece.label != "purpose" else "purpose"))
        else:
            groups["zones"].append(_span(doc, piece, zone))
            if codes:
                groups["duties"].append(_span(doc, piece, codes))
    for name, spans in groups.items():
        doc.spans[name] = SpanGroup(doc, name=name, spans=spans)
    doc.user_data[KEY] = json.dumps(meta_of(posting), ensure_ascii=False)
    return doc


def _span(doc: Doc, piece: Piece, label: str) -> Span:
    span = doc.char_span(piece.start, piece.end, label=label)
    assert span is not None, "tokens are cut at every label"  # noqa: S101
    return span


def read_docbin(path: Path) -> Iterator[dict[str, Any]]:
    """The postings of a DocBin this module wrote, or one with the same span groups.

    Raises CorpusError where the file is no DocBin, or a Doc holds no zones.
    """
    try:
        box = DocBin(store_user_data=True).from_disk(path)
        docs = list(box.get_docs(spacy.blank("xx").vocab))
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise CorpusError(f"{path.name}: not a spaCy DocBin ({error})") from None
    except Exception as error:  # zlib and msgpack raise classes of their own
        raise CorpusError(f"{path.name}: not a spaCy DocBin ({type(error).__name__})") from None
    for number, doc in enumerate(docs, 1):
        where = f"{path.name}, Doc {number}"
        if "zones" not in doc.spans:
            raise CorpusError(f'{where}: no doc.spans["zones"]')
        yield from_pieces(doc.text, _pieces(doc), json.loads(doc.user_data.get(KEY, "{}")), where)


def _pieces(doc: Doc) -> list[Piece]:
    codes = {(s.start_char, s.end_char): s.label_ for s in doc.spans.get("duties", [])}
    pieces = []
    for span in doc.spans["zones"]:
        place = (span.start_char, span.end_char)
        pieces.append(Piece(" ".join(filter(None, (span.label_, codes.get(place, "")))), *place))
    for verb, target in zip(doc.spans.get("verbs", []), doc.spans.get("objects", []), strict=True):
        pieces.append(Piece("verb", verb.start_char, verb.end_char, len(pieces) + 1, verb.label_))
        pieces.append(Piece("object", target.start_char, target.end_char))
    pieces += [Piece("purpose", s.start_char, s.end_char) for s in doc.spans.get("purposes", [])]
    return pieces

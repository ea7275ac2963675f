"""`jd_duties`: the duty statements of a posting, list mark and glued heading left out, and the phrases inside them."""

from __future__ import annotations

import re

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from analyzer.lang.tables import headings, plain
from analyzer.pipeline.component import text_of
from analyzer.pipeline.phrases import find_phrases
from analyzer.text.segments import LIST_MARK

_GLUED = re.compile(r"\s*[【\[]?([^:：\n]{2,40}?)[】\]]?\s*[:：]\s*")
_LEADING = " \t\r\n、.．,，:：;；·"
_TRAILING = " \t\r\n。；;.,，、:：·•-–—*"


class Duties:
    """Leaves `doc.spans["duties"]` (one span a statement) and `doc.spans["phrases"]`, with the duty of each in `attrs`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, doc: Doc) -> Doc:
        """Read the zones and leave duties and phrases."""
        duties: list[Span] = []
        text = text_of(doc)
        for zone in doc.spans["zones"]:
            if zone.label_ == "D":
                span = self._statement(doc, text, zone)
                if span is not None:
                    duties.append(span)
        doc.spans["duties"] = SpanGroup(doc, name="duties", spans=duties)
        self._phrases(doc, duties)
        return doc

    def _statement(self, doc: Doc, text: str, zone: Span) -> Span | None:
        """The zone without what stands before and after the statement; None where nothing is left."""
        start, end = zone.start_char, zone.end_char
        mark = LIST_MARK.match(text, start, end)
        if mark and mark.end() < end:
            start = mark.end()
        glued = _GLUED.match(text, start, end)
        if glued and glued.end() < end and headings(self.lang).get(plain(glued.group(1))):
            start = glued.end()
            mark = LIST_MARK.match(text, start, end)
            if mark and mark.end() < end:
                start = mark.end()
        while start < end and text[start] in _LEADING:
            start += 1
        while end > start and text[end - 1] in _TRAILING:
            end -= 1
        span = doc.char_span(start, end, "D", alignment_mode="expand") if end > start else None
        return _trimmed(span) if span is not None else None

    def _phrases(self, doc: Doc, duties: list[Span]) -> None:
        spans: list[Span] = []
        owner: list[int] = []
        heads: list[list[int]] = []
        objects: list[list[int]] = []
        purposes: list[list[int] | None] = []
        for number, duty in enumerate(duties):
            phrases, purpose = find_phrases(duty, self.lang)
            purposes.append([purpose.start, purpose.end] if purpose is not None else None)
            for verb, target in phrases:
                spans.append(Span(doc, min(verb.start, target.start), max(verb.end, target.end), "D"))
                owner.append(number)
                heads.append([verb.start, verb.end])
                objects.append([target.start, target.end])
        doc.spans["phrases"] = SpanGroup(doc, name="phrases", attrs={"duty": owner, "verb": heads, "object": objects}, spans=spans)
        doc.spans["duties"].attrs["purpose"] = purposes


def _trimmed(span: Span) -> Span | None:
    """The span without tokens at its ends in which a reader sees nothing; None where nothing is left."""
    start, end = span.start, span.end
    while start < end and not span.doc[start].norm_.strip():
        start += 1
    while end > start and not span.doc[end - 1].norm_.strip():
        end -= 1
    return Span(span.doc, start, end, span.label) if end > start else None


@Language.factory("jd_duties", requires=["doc.spans"], assigns=["doc.spans"])
def create(nlp: Language, name: str) -> Duties:
    """The factory named in a model's `config.cfg`."""
    return Duties(str(nlp.lang))

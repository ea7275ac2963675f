"""Duty phrases: a verb or verbal noun and its object, each a span of its own; a statement's purpose apart."""

from __future__ import annotations

from spacy.tokens import Span

Phrase = tuple[Span, Span]


def find_phrases(duty: Span, lang: str) -> tuple[list[Phrase], Span | None]:
    """The (verb, object) phrases of one duty statement in order, coordinated verbs and objects paired, and its purpose."""
    return [], None

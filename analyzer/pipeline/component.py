"""What the components share: batches in, read as arrays; on Docs, the same work and its results written on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from spacy.tokens import Doc

if TYPE_CHECKING:
    from analyzer.pipeline.pages import Pages


def text_of(doc: Doc) -> str:
    """The Doc's text, kept by the tokenizer: `doc.text` joins all tokens anew each time it is read."""
    text = doc.user_data.get("jd_text")
    return text if isinstance(text, str) else doc.text


class Batched:
    """A component whose work is done for many postings at once; one is a batch of one, so the numbers are the same.

    `read` does the work, on arrays alone: scoring calls it and makes no Doc. As a spaCy component it is called with Docs,
    reads what they hold, and leaves its results on them.
    """

    def read(self, pages: Pages) -> None:
        """Add to the pages what the component is for."""
        raise NotImplementedError

    def leave(self, pages: Pages, docs: Sequence[Doc]) -> None:
        """Write on the Docs what `read` added."""
        raise NotImplementedError

    def remember_lines(self, count: int) -> None:
        """Keep what was found of the last `count` different lines; by default a component keeps nothing."""

    def annotate(self, docs: Sequence[Doc]) -> None:
        """Do the work for the Docs, and leave it on them."""
        from analyzer.pipeline.pages import pages_of

        if docs:
            pages = pages_of(docs)
            self.read(pages)
            self.leave(pages, docs)

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one Doc."""
        self.annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate a stream of Docs, `batch_size` at a time."""
        for group in _batched(stream, batch_size):
            self.annotate(group)
            yield from group


def _batched(stream: Iterable[Doc], size: int) -> Iterator[list[Doc]]:
    iterator = iter(stream)
    while group := list(itertools.islice(iterator, size)):
        yield group

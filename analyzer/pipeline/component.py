"""What the trained components share: batches of Docs in, the same Docs out, in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from spacy.tokens import Doc


def text_of(doc: Doc) -> str:
    """The Doc's text, kept by the tokenizer: `doc.text` joins all tokens anew each time it is read."""
    text = doc.user_data.get("jd_text")
    return text if isinstance(text, str) else doc.text


class Batched:
    """A component whose work is done for many Docs at once; one Doc is a batch of one, so the numbers are the same."""

    def annotate(self, docs: list[Doc]) -> None:
        """Leave on each Doc what the component is for."""
        raise NotImplementedError

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

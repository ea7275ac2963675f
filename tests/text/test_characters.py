"""A bit says of a character what the pattern class of its name says, and a batch what each text says alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.text import characters as c
from analyzer.text.characters import Characters
from analyzer.text.segments import boundaries, segments
from analyzer.text.view import View, view
from analyzer.text.views import views

PIECES = st.sampled_from(
    ["1、负责", "。", "\n", " ", "<br>", "e\u0301", "(yùn)", "**", "\u200b", "- Ser", "Sr. A", "\U00030000", "\ud800", "①", ""]
)
TEXTS = st.lists(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=8).map("".join), max_size=6)


@pytest.mark.parametrize(
    ("bit", "pattern"),
    [(c.SPACE, r"\s"), (c.WORD, r"\w"), (c.OTHER, r"\W"), (c.SHOWN, r"[^\W_]"), (c.DIGIT, r"\d"), (c.IN_HAN, f"[{c.HAN}]")],
)
@given(text=st.text(max_size=40))
def test_bits_say_what_patterns_say(bit: int, pattern: str, text: str) -> None:
    row = Characters([text])
    places = row.where(bit) - row.begin[0]
    assert places[(places >= 0) & (places < len(text))].tolist() == [m.start() for m in re.finditer(pattern, text)]


@given(TEXTS)
def test_segments_of_a_batch_are_those_of_each_text(texts: list[str]) -> None:
    texts = [t.replace("\0", "") for t in texts]
    row = Characters(texts)
    places = segments(row)
    owner = row.owner(places)
    found = [(places[owner == n] - row.begin[n]).tolist() or [0] for n in range(len(texts))]
    assert found == [boundaries(t) for t in texts]


@given(TEXTS)
def test_views_of_a_batch_are_those_of_each_text(texts: list[str]) -> None:
    def plain(seen: View) -> tuple[object, ...]:
        return seen.text, *(None if a is None else a.tolist() for a in (seen.begin, seen.end))

    assert [plain(v) for v in views(Characters(texts))] == [plain(view(t)) for t in texts]


@given(TEXTS)
def test_stripped_is_what_strip_leaves(texts: list[str]) -> None:
    row = Characters(texts)
    low, high = row.stripped(row.begin, row.stop)
    assert [row.text[a : max(a, b)] for a, b in zip(low.tolist(), high.tolist(), strict=True)] == [t.strip() for t in texts]


def test_sums_run() -> None:
    row = Characters(["a1b", "22"])
    assert np.diff(row.running(c.DIGIT)[[row.begin[1], row.stop[1]]]).tolist() == [2 * c.DIGIT]

"""What is decided beside the field: a posting without any duty."""

from __future__ import annotations

import numpy as np

from analyzer.pipeline.zones import LEAST_OF_A_LONE_DUTY, lone_duties


def lone(*postings: list[tuple[float, bool]]) -> list[int]:
    chance = np.array([c for posting in postings for c, _ in posting])
    found = np.array([f for posting in postings for _, f in posting], bool)
    owner = np.repeat(np.arange(len(postings)), [len(p) for p in postings])
    return sorted(lone_duties(chance, found, owner).tolist())


def test_the_likeliest_segment_of_a_posting_without_a_duty() -> None:
    assert lone([(0.2, False), (0.4, False)], [(0.6, True), (0.3, False)], [(0.3, False), (0.01, False)]) == [1, 4]


def test_none_where_no_segment_is_likely() -> None:
    least = LEAST_OF_A_LONE_DUTY
    assert lone([(least / 2, False)], [(least, False), (0.0, False)], [(0.0, False)]) == [1]


def test_the_first_of_equals() -> None:
    assert lone([(0.3, False), (0.3, False)]) == [0]

"""What is computed for whole batches is what would be computed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analyzer.analysis import SHIPPED, rounded
from analyzer.pipeline.shares import Shares, rounded_all
from analyzer.pipeline.sums import others, others_times, whole_texts

NUMBER = st.one_of(
    st.floats(),
    st.floats(-50, 50),
    st.integers(-(10**8), 10**8).map(lambda n: n / 2_000_000),  # between two decimals
    st.integers(-64, 64).map(lambda n: n / 128),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBER, max_size=8))
def test_numbers_are_rounded_as_one_is(values: list[float]) -> None:
    ours, one_by_one = rounded_all(values), np.array([rounded(v) for v in values], float)
    assert ours.tobytes() == one_by_one.tobytes() or [repr(v) for v in ours] == [repr(v) for v in one_by_one]


def some_rows(owner: list[int], width: int) -> sparse.csr_matrix:
    chance = np.random.default_rng(len(owner))
    made = sparse.random(len(owner), width, 0.3, "csr", np.float32, rng=chance)
    made.sort_indices()
    return made


@pytest.mark.parametrize("owner", [[0], [0, 0, 0, 2, 2, 3], [1, 1, 1, 1, 1, 1, 1, 1, 4], [0, 0, 1, 1]])
def test_surroundings_are_the_sum_of_the_other_duties(owner: list[int]) -> None:
    rows, of = some_rows(owner, 40), np.array(owner)
    dense = rows.toarray()
    for n in range(len(owner)):
        rest = dense[of == of[n]].sum(axis=0) - dense[n]
        length = np.linalg.norm(rest)
        found = others(rows, of).toarray()[n]
        assert found == pytest.approx(rest / length if length > 1e-4 else np.zeros(40), abs=1e-6)
    assert others(sparse.csr_matrix(rows.shape, dtype=np.float32), of).nnz == 0
    of_length_one = sparse.csr_matrix(rows.multiply(1 / np.maximum(np.sqrt(rows.multiply(rows).sum(axis=1)), 1e-9)), dtype=np.float32)
    weights = np.random.default_rng(2).normal(size=(40, 5))
    assert others_times(of_length_one, of, weights) == pytest.approx(others(of_length_one, of) @ weights, abs=1e-5)
    texts = whole_texts(rows, of, 6).toarray()
    for posting in range(6):
        total = dense[of == posting].sum(axis=0)
        assert texts[posting] == pytest.approx(total / (np.linalg.norm(total) or 1), abs=1e-6)


def test_codes_share_a_duty_and_duties_a_posting() -> None:
    codes = ["m.pr", "o.user", "n.sales", "g"]
    probabilities = np.array([[0.6, 0.4, 0.0, 0.0], [0.5, 0.1, 0.4, 0.0], [0.1, 0.1, 0.8, 0.0], [0.1, 0.2, 0.1, 0.6]])
    shares = Shares(["m.pr", "m.pr", "n.sales", "g"], probabilities, codes)
    assert shares.pairs() == [(("m.pr", 0.6), ("o.user", 0.4)), (("m.pr", 1.0),), (("n.sales", 1.0),), (("g", 1.0),)]
    owner = np.array([0, 0, 0, 2])
    mix = shares.mix(owner, SHIPPED, 3)
    assert [dict(zip(SHIPPED.shares, row, strict=True)) for row in mix.tolist()] == [
        {"marketing": 0.533333, "operations": 0.133333, "brand": 0.0, "other": 0.333333},
        dict.fromkeys(SHIPPED.shares, 0.0),
        dict.fromkeys(SHIPPED.shares, 0.0),
    ]
    assert shares.other(owner, SHIPPED, 3) == [{"n.sales": 0.333333}, {}, {}]

"""Quantiles and intervals against figures worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.insight.figures import quantile, wilson


def test_the_median_and_the_ninth_tenth_are_linear_between_values() -> None:
    """Of 1 2 3 4: the median lies half way from 2 to 3, the 0.9 quantile at place 2.7: 3.7."""
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([1, 2, 3, 4], 0.9) == pytest.approx(3.7)
    assert quantile([5], 0.9) == 5


def test_the_interval_of_a_share_by_hand() -> None:
    """2 hits of 10: (0.2 + 0.19207 -+ 1.96 sqrt(0.016 + 0.0096)) / 1.38415 = 0.0567, 0.5098."""
    low, high = wilson(2, 10)
    assert low == pytest.approx(0.0567, abs=1e-4)
    assert high == pytest.approx(0.5098, abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_within_0_and_1(
    case: tuple[int, int],
) -> None:
    hits, count = case
    low, high = wilson(hits, count)
    assert 0 <= low <= high <= 1
    if count:
        assert low - 1e-12 <= hits / count <= high + 1e-12

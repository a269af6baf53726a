import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.intervals import wilson

Z = 1.959963984540054


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_ends_are_the_fractions_that_a_score_test_just_does_not_reject(counts):
    """Up to rounding, of which the square root near 0 makes 1e-8."""
    right, n = counts
    for end in wilson(right, n):
        assert abs(right / n - end) == pytest.approx(Z * np.sqrt(max(end * (1 - end), 0) / n), abs=1e-7)


@pytest.mark.parametrize("right", [0, 40])
def test_all_right_or_all_wrong_is_still_uncertain(right):
    low, high = wilson(right, 40)
    assert 0 <= low < high <= 1
    assert high - low == pytest.approx(Z**2 / (40 + Z**2))


def test_shd_sized_test_part_has_an_interval_of_about_a_percent():
    low, high = wilson(round(0.935 * 2264), 2264)
    assert 0.009 < (high - low) / 2 < 0.011


def test_wider_for_more_confidence():
    assert wilson(30, 40, 0.99)[0] < wilson(30, 40, 0.95)[0]

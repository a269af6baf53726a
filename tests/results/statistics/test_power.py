"""Power and the minimum detectable difference, against simulated studies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from results.statistics.power import minimum_detectable_difference, power


def test_power_is_what_simulated_studies_find() -> None:
    rng = np.random.default_rng(2)
    for difference, pairs in ((0.02, 10), (0.01, 10), (0.02, 5)):
        p = stats.ttest_1samp(rng.normal(difference, 0.02, (3000, pairs)), 0, axis=1).pvalue
        expected = power(difference, 0.02 / np.sqrt(pairs), pairs - 1)
        assert expected == pytest.approx(np.mean(p < 0.05), abs=0.03)
    assert power(0.0, 0.3, 9) == pytest.approx(0.05)
    assert power(0.0, 0.3, 9, 0.01) == pytest.approx(0.01)
    assert power(100.0, 0.3, 9) == pytest.approx(1.0)


def test_the_minimum_detectable_difference_is_the_one_of_that_power() -> None:
    least = minimum_detectable_difference(0.01, 9, 0.02)
    assert power(least, 0.01, 9, 0.02) == pytest.approx(0.8)
    assert minimum_detectable_difference(0.01, 9) < least
    assert np.isnan(minimum_detectable_difference(0.01, float("nan")))

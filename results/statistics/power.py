"""Power of a two-sided t-test, and the minimum detectable difference."""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

from results.statistics.hypothesis_tests import LEVEL

POWER = 0.8
"""Of the minimum detectable difference."""


def power(difference: float, error: float, freedom: float, level: float = LEVEL) -> float:
    """Return the probability that a two-sided t-test detects a true difference.

    ``error`` is the standard error of the measured difference, ``freedom`` its degrees of freedom.
    """
    if not freedom > 0 or not error > 0:
        return float("nan")
    shift = difference / error
    edge = stats.t.ppf(1 - level / 2, freedom)
    with np.errstate(all="ignore"):
        above, below = stats.nct.sf(edge, freedom, shift), stats.nct.cdf(-edge, freedom, shift)
    # SciPy's noncentral t is NaN far out in the tails, where one of the two is 1 and the other 0.
    return float(np.nan_to_num(above, nan=float(shift > edge)) + np.nan_to_num(below, nan=float(-shift > edge)))


def minimum_detectable_difference(error: float, freedom: float, level: float = LEVEL, wanted: float = POWER) -> float:
    """Return the true difference that is detected with the probability ``wanted``; see `power` for the others.

    NaN where there are no degrees of freedom or no error, or no difference is large enough.
    """
    if not freedom > 0 or not error > 0:
        return float("nan")
    largest = 10 * error
    while power(largest, error, freedom, level) < wanted:
        largest *= 10
        if largest > 1e9 * error:
            return float("nan")
    return float(optimize.brentq(lambda d: power(d, error, freedom, level) - wanted, 1e-9 * error, largest))

"""Confidence intervals of accuracies: of a fraction of examples, and of a mean over seeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def wilson(right: int, examples: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a fraction (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).

    It holds the fractions that a score test does not reject. Unlike the mean +- 1.96 standard errors it stays within
    0..1, and it has a width where all ``examples``, of which there is at least one, or none are correct.
    """
    from scipy import stats  # here, since it would double the start-up of training

    interval = stats.binomtest(right, examples).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def student(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean of independent values (one a seed), and its 95 % interval by Student's t.

    Values that are not finite are left out. The interval is NaN for fewer than two values, the mean for none.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(known.mean())
    if len(known) < 2:
        return mean, float("nan"), float("nan")
    from scipy import stats

    half = float(stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return mean, mean - half, mean + half

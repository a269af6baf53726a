"""How far the true accuracy may lie from the one that was measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def wilson(right: int, examples: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a fraction (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).

    It is what a score test does not reject: unlike mean +- 1.96 standard errors it never leaves 0..1, and it is
    no single point where everything, or nothing, is right.

    Parameters
    ----------
    right : int
        Examples that are right, 0..``examples``.
    examples : int
        Examples in all, at least 1.
    level : float
        Confidence, above 0 and below 1.

    Returns
    -------
    low, high : float
    """
    # Here, since scipy.stats would double the start-up of training.
    from scipy import stats

    interval = stats.binomtest(right, examples).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def student(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean and its 95 % interval by Student's t; the interval is NaN for fewer than two values."""
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

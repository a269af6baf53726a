"""The mixed model of paired differences with seeds and units of analysis as crossed random effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from results.statistics.hypothesis_tests import LEVEL, ROUNDING


@dataclass(frozen=True)
class MeanDifference:
    """A mean difference over seeds and units of analysis, both random.

    Attributes
    ----------
    difference, low, high : float
        Mean and its confidence interval.
    p : float
        Two-sided.
    between_units : float
        Standard deviation of the true difference over units.
    error, freedom : float
        The mean's standard error and its degrees of freedom.
    """

    difference: float
    low: float
    high: float
    p: float
    between_units: float
    error: float
    freedom: float


def crossed_random_effects(differences: NDArray[np.float64], level: float = LEVEL) -> MeanDifference:
    """Return the mean difference of a balanced design, generalised to other seeds and other units.

    The model is ``d[s, u] = difference + seed[s] + unit[u] + residual[s, u]``. Its analysis of variance gives the
    mean's variance, ``(MS_seed + MS_unit - MS_residual) / cells``, with Satterthwaite's degrees of freedom (quasi F of
    H. H. Clark, "The language-as-fixed-effect fallacy", J. Verb. Learn. Verb. Behav. 12, 1973). Where one effect alone
    gives a larger variance, that one is taken, as if the other were absent.

    The differences have the shape (seeds, units), without missing cells. With fewer than two seeds or units, all but
    the mean is NaN. The interval's confidence is 1 - level.
    """
    d = np.asarray(differences, dtype=np.float64)
    mean = float(d.mean()) if d.size else float("nan")
    if min(d.shape) < 2 or not np.isfinite(mean):
        return MeanDifference(mean, *(float("nan"),) * 6)
    seeds, units = d.shape
    by_seed, by_unit = d.mean(axis=1), d.mean(axis=0)
    residual = d - by_seed[:, None] - by_unit + mean
    free = np.array([seeds - 1, units - 1, (seeds - 1) * (units - 1)])
    squares = np.array([units * by_seed.var(ddof=1), seeds * by_unit.var(ddof=1), (residual**2).sum() / free[2]])
    both = squares[0] + squares[1] - squares[2]
    one = int(squares[:2].argmax())
    if both > squares[one]:
        variance, freedom = both, both**2 / (squares**2 / free).sum()
    else:
        variance, freedom = squares[one], free[one]
    between = float(np.sqrt(max((squares[1] - squares[2]) / seeds, 0.0)))
    error = float(np.sqrt(variance / d.size))
    if error < ROUNDING:
        p = 1.0 if abs(mean) < ROUNDING else 0.0
        return MeanDifference(mean, mean, mean, p, between, 0.0, float(freedom))
    half = float(stats.t.ppf(1 - level / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, freedom))
    return MeanDifference(mean, mean - half, mean + half, p, between, error, float(freedom))

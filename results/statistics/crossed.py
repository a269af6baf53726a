"""Comparisons over seeds and what is scored at once: whether other speakers, or recordings, would say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ROUNDING = 1e-9
"""Standard errors of accuracies below this are 0."""


@dataclass(frozen=True)
class Crossed:
    """A comparison on every pair of a seed and a unit that is scored, both taken as drawn by chance.

    Attributes
    ----------
    difference, low, high : float
        Mean and its 95 % interval.
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


def crossed(differences: NDArray[np.float64], level: float = 0.05) -> Crossed:
    """Compare with seeds and units (left-out speakers, or recordings) as crossed random effects.

    The mixed model ``d[s, u] = difference + seed[s] + unit[u] + rest[s, u]`` of a balanced design, by its analysis
    of variance: the mean's variance is ``(MS_seed + MS_unit - MS_rest) / cells``, with Satterthwaite's degrees of
    freedom (Clark 1973, "The language-as-fixed-effect fallacy", J. Verb. Learn. Verb. Behav. 12, quasi F). Where that
    is less than one effect alone would give, the larger one is taken, as if the other were not there.

    Parameters
    ----------
    differences : ndarray, shape (seeds, units)
        None missing; at least two of each, or everything but the mean is NaN.
    level : float
        One less that of the interval.
    """
    d = np.asarray(differences, dtype=np.float64)
    mean = float(d.mean()) if d.size else float("nan")
    if min(d.shape) < 2 or not np.isfinite(mean):
        return Crossed(mean, *(float("nan"),) * 6)
    seeds, units = d.shape
    by_seed, by_unit = d.mean(axis=1), d.mean(axis=0)
    rest = d - by_seed[:, None] - by_unit + mean
    free = np.array([seeds - 1, units - 1, (seeds - 1) * (units - 1)])
    squares = np.array([units * by_seed.var(ddof=1), seeds * by_unit.var(ddof=1), (rest**2).sum() / free[2]])
    both = squares[0] + squares[1] - squares[2]
    one = int(squares[:2].argmax())
    if both > squares[one]:
        variance, freedom = both, both**2 / (squares**2 / free).sum()
    else:
        variance, freedom = squares[one], free[one]
    between = float(np.sqrt(max((squares[1] - squares[2]) / seeds, 0.0)))
    error = float(np.sqrt(variance / d.size))
    if error < ROUNDING:
        return Crossed(mean, mean, mean, 1.0 if abs(mean) < ROUNDING else 0.0, between, 0.0, float(freedom))
    half = float(stats.t.ppf(1 - level / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, freedom))
    return Crossed(mean, mean - half, mean + half, p, between, error, float(freedom))

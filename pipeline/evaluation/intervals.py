"""How far the true accuracy may lie from the one that was measured."""

from __future__ import annotations

from scipy import stats


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
    interval = stats.binomtest(right, examples).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)

"""Tests of paired differences against zero, Holm's correction for several of them, and p values as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.05
"""Significance level of all tests."""

ROUNDING = 1e-9
"""Accuracies that differ by less are equal: the rest is floating-point rounding."""

RESAMPLES = 20_000
"""Random sign changes of the permutation test.

Where there are no more than that in all (14 pairs), each is taken once, and p is exact.
"""


def sign_flip_test(differences: NDArray[np.float64]) -> Any:
    """Return the two-sided p value that paired differences, shape (..., pairs), have mean 0.

    By the permutation test of their signs, which are random if the two of a pair do not differ. Exact for up to 14
    pairs; NaN where there is none, 1 for a single one.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.shape[-1] < 2:
        return np.full(d.shape[:-1], 1.0 if d.shape[-1] else np.nan)[()]
    # So many sign changes at a time that they take some 20 MB.
    test = {"n_resamples": RESAMPLES, "batch": max(1, 2_500_000 // d.size), "rng": np.random.default_rng(0)}
    found = stats.permutation_test((d,), _rounded_mean, permutation_type="samples", vectorized=True, axis=-1, **test)
    return found.pvalue


def paired_t_test(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p value that paired differences have mean 0, by Student's t.

    NaN for fewer than two differences, and where they are all the same.
    """
    if len(differences) < 2 or np.ptp(differences) < ROUNDING:
        return float("nan")
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Return p values by name, corrected for their number (S. Holm, Scand. J. Stat. 6, 1979).

    The i-th smallest of n is multiplied by n - i + 1, and is no smaller than the ones before it. NaN stays NaN and is
    not counted.
    """
    known = sorted((value, name) for name, value in p.items() if not math.isnan(value))
    corrected = dict.fromkeys(p, math.nan)
    largest = 0.0
    for rank, (value, name) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * value))
        corrected[name] = largest
    return corrected


def p_text(p: float) -> str:
    """Return a p value as sentences and pictures show it: two digits, three below 0.1."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.3f}"


def _rounded_mean(values: NDArray[np.float64], axis: int) -> Any:
    # Sign changes with equal means are ties, whatever the order of summation.
    return np.mean(values, axis=axis).round(12)

"""What a comparison's rows say: means over seeds, intervals, and paired differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pipeline.evaluation.intervals import student

COLLAPSED = 0.5
"""A run has collapsed if it failed, or validation (or accuracy, without any) ends below this share of the median."""


ROUNDING = 1e-9
"""Differences of accuracies that vary by less do not vary."""


def collapsed(rows: pd.DataFrame) -> pd.Series:
    """Return whether each run ended far below the others, or not at all."""
    ends = rows["accuracy"] if rows["last_validation"].isna().all() else rows["last_validation"]
    return rows["accuracy"].isna() | ends.isna() | (ends < COLLAPSED * ends.median())


def by_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a variant and seed: folds, where there are several, are averaged.

    A seed of which a fold failed has no numbers: folds are not equally hard.
    """
    numbers = ["accuracy", "validation", "rate", "silent"]
    groups = rows.groupby(["variant", "seed"], sort=False)[numbers]
    return groups.agg(lambda values: values.mean(skipna=False)).reset_index()


def summary(rows: pd.DataFrame, against: str | None = None) -> pd.DataFrame:
    """Return one row a variant.

    Parameters
    ----------
    rows : DataFrame
        Of `runs.run_all`.
    against : str, optional
        A variant that the others are paired with by seed.

    Returns
    -------
    DataFrame
        variant, seeds that have all their runs, collapsed runs, mean accuracy with its 95 % interval over seeds
        (Student's t), mean validation accuracy, rate and silent fraction; the mean difference to ``against`` with its
        interval and p-value.
    """
    seeds = by_seed(rows)
    fallen = collapsed(rows).groupby(rows["variant"], sort=False).sum()
    base = None if against is None else seeds[seeds["variant"] == against].set_index("seed")
    table = []
    for variant, part in seeds.groupby("variant", sort=False):
        mean, low, high = student(part["accuracy"].to_numpy())
        row = {
            "variant": variant,
            "seeds": int(part["accuracy"].notna().sum()),
            "collapsed": int(fallen[variant]),
            "validation": part["validation"].mean(),
            "accuracy": mean,
            "low": max(low, 0.0),
            "high": min(high, 1.0),
            "rate": part["rate"].mean(),
            "silent": part["silent"].mean(),
        }
        if base is not None:
            row |= dict.fromkeys(("difference", "difference_low", "difference_high", "p"), np.nan)
            if variant != against:
                own = part.set_index("seed")["accuracy"]
                paired = (own - base["accuracy"].reindex(own.index)).dropna().to_numpy()
                row |= dict(
                    zip(("difference", "difference_low", "difference_high"), student(paired), strict=True),
                    p=p_value(paired),
                )
        table.append(row)
    return pd.DataFrame(table)


def p_value(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of paired differences having mean 0, by Student's t; NaN where it can't be told."""
    if len(differences) < 2 or np.ptp(differences) < ROUNDING:
        return float("nan")
    return float(stats.ttest_1samp(differences, 0.0).pvalue)

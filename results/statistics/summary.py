"""Summaries over seeds: one row a variant, with means, intervals, and differences that are paired by seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.evaluation.intervals import student
from results.statistics.hypothesis_tests import paired_t_test

COLLAPSED = 0.5
"""A run has collapsed if it failed, or its last validation accuracy is below this fraction of the median run's."""

HEADERS = {
    "seeds": "seeds with all runs",
    "collapsed": "collapsed runs",
    "validation": "validation accuracy",
    "low": "95 % CI low",
    "high": "95 % CI high",
    "rate": "hidden firing rate (Hz)",
    "silent": "silent fraction",
    "difference_low": "difference, 95 % CI low",
    "difference_high": "difference, 95 % CI high",
}
"""What readers see in place of the names of columns of `summary`."""


def collapsed(rows: pd.DataFrame) -> pd.Series:
    """Return whether each run collapsed (see `COLLAPSED`); without any validation, test accuracy is taken."""
    ends = rows["accuracy"] if rows["last_validation"].isna().all() else rows["last_validation"]
    return rows["accuracy"].isna() | ends.isna() | (ends < COLLAPSED * ends.median())


def by_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a variant and seed, the mean over folds where there are several.

    A seed of which a fold failed has no numbers, since folds differ in difficulty.
    """
    numbers = ["accuracy", "validation", "rate", "silent"]
    groups = rows.groupby(["variant", "seed"], sort=False)[numbers]
    return groups.agg(lambda values: values.mean(skipna=False)).reset_index()


def summary(rows: pd.DataFrame, reference: str | None = None) -> pd.DataFrame:
    """Return one row a variant.

    Parameters
    ----------
    rows : DataFrame
        One row a run: variant, seed, held, accuracy, validation, last_validation, rate, silent.
    reference : str, optional
        A variant that the others are compared with, paired by seed.

    Returns
    -------
    DataFrame
        variant, ``seeds`` that have all their runs, ``collapsed`` runs, mean ``validation`` accuracy, mean ``accuracy``
        with its 95 % interval over seeds (Student's t), ``low`` and ``high``, mean firing ``rate`` and ``silent``
        fraction of hidden neurons. With a reference also the mean ``difference`` with its interval, ``difference_low``
        and ``difference_high``, and its ``p`` (paired t-test).
    """
    seeds = by_seed(rows)
    fallen = collapsed(rows).groupby(rows["variant"], sort=False).sum()
    accuracies = seeds.set_index(["variant", "seed"])["accuracy"]
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
        if reference is not None:
            paired = (accuracies[variant] - accuracies[reference]).dropna().to_numpy()
            compared = (np.nan,) * 4 if variant == reference else (*student(paired), paired_t_test(paired))
            row |= dict(zip(("difference", "difference_low", "difference_high", "p"), compared, strict=True))
        table.append(row)
    return pd.DataFrame(table)

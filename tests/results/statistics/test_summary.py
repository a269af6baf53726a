"""What rows of runs are condensed to, on rows made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.evaluation.intervals import student
from results.statistics.summary import HEADERS, collapsed, summary


def rows(variant: str, accuracies: list[float], held: str = "test", last: list[float] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "variant": variant,
            "seed": range(1, len(accuracies) + 1),
            "held": held,
            "accuracy": accuracies,
            "validation": accuracies,
            "last_validation": accuracies if last is None else last,
            "rate": 5.0,
            "silent": 0.1,
        }
    )


def test_the_mean_has_students_interval() -> None:
    values = np.array([0.8, 0.9, 0.85, 0.95])
    mean, low, high = student(values)
    expected = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert mean == pytest.approx(0.875)
    assert (low, high) == pytest.approx(expected)


def test_a_single_seed_has_no_interval() -> None:
    assert student(np.array([0.7]))[0] == 0.7
    assert np.isnan(student(np.array([0.7]))[1:]).all()
    assert np.isnan(student(np.array([]))).all()


def test_differences_are_paired_by_seed() -> None:
    """Seeds differ by far more than the variants do, and come in another order."""
    base, other = rows("base", [0.5, 0.7, 0.9]), rows("other", [0.51, 0.712, 0.911])
    table = summary(pd.concat([base, other.iloc[::-1]]), reference="base").set_index("variant")
    assert table["difference"]["other"] == pytest.approx(0.011)
    assert table["difference_low"]["other"] > 0
    assert table["p"]["other"] < 0.01
    assert np.isnan(table["difference"]["base"])
    assert set(HEADERS) < set(table.columns)


def test_folds_are_averaged_before_seeds_are_compared() -> None:
    folds = pd.concat([rows("a", [0.4, 0.6], "one"), rows("a", [0.8, 0.6], "two")])
    table = summary(folds)
    assert table["seeds"].tolist() == [2]
    assert table["accuracy"].tolist() == pytest.approx([0.6])
    assert table["low"].tolist() == pytest.approx([0.6])


def test_runs_that_end_far_below_the_others_or_fail_have_collapsed() -> None:
    one = rows("a", [0.9] * 5, last=[0.9, 0.88, 0.44, np.nan, 0.91])
    assert collapsed(one).tolist() == [False, False, True, True, False]
    assert summary(one)["collapsed"].tolist() == [2]


def test_an_accuracys_interval_stays_within_its_range() -> None:
    table = summary(rows("a", [0.99, 1.0, 1.0]))
    assert table["high"].tolist() == [1.0]
    assert np.isnan(summary(rows("a", [0.9]))["high"]).all()

"""Distributions over seeds: one mark a seed, and the mean with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pipeline.evaluation.intervals import student
from pipeline.pictures.style import BLACK, BLUE, VERMILLION
from results.tables.records import of_comparison

DODGE = 0.8
"""Seaborn's width of a category, which the hues of a category share."""


def interval(values: pd.Series | NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the mean's 95 % interval by Student's t, as seaborn's ``errorbar``."""
    return student(np.asarray(values))[1:]


def scores(path: Path) -> pd.DataFrame:
    """Return the scores of a published comparison, one row a run; see `results.tables.records.Record`."""
    return pd.DataFrame([vars(record) for record in of_comparison(path)])


def seeds_and_means(
    axes: Axes, table: pd.DataFrame, order: Sequence[str], markers: str, size: float = 4, **how: Any
) -> None:
    """Draw one dot a seed, beside each other where they would overlap, and the mean with its 95 % interval over seeds.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        One row a seed.
    order : sequence of str
        Categories, in the order of their axis.
    markers : str
        Of the means, one letter a hue.
    size : float
        Diameter of a dot in points.
    how
        ``x`` and ``y``, and of several hues ``hue``, ``hue_order`` and ``palette``, as seaborn takes them.
    """
    hues = len(markers)
    how |= {"order": order, "ax": axes}
    look: dict[str, Any] = {"linestyle": "none", "markersize": 5, "err_kws": {"linewidth": 1.4}, "zorder": 5}
    if hues > 1:
        dots: dict[str, Any] = {"dodge": True, "legend": False}
        look |= {
            "dodge": DODGE * (1 - 1 / hues),
            "markers": list(markers),
            "markeredgecolor": BLACK,
            "markeredgewidth": 0.7,
        }
    else:
        dots = {"color": BLUE}
        look |= {"color": VERMILLION, "markers": markers}
    sns.swarmplot(table, alpha=0.5, size=size, **dots, **how)
    sns.pointplot(table, errorbar=interval, **look, **how)

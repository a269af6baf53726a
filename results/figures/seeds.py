"""Distributions over seeds, from published comparisons: one dot a seed, and the mean with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.evaluation.intervals import student
from pipeline.pictures.style import BLACK, BLUE, GREY, ORANGE, VERMILLION, styled, subplots
from results.figures.registry import figure
from results.figures.study import COLOURS, MARKERS
from results.tables.files import read_csv
from results.tables.records import of_comparison

DODGE = 0.8
"""Seaborn's width of a category, which the hues of a category share."""

DEFAULTS = "defaults"

KINDS = {"feed-forward": (ORANGE, "s", "--", 0.96), "recurrent": (BLUE, "o", "-", 1.04)}
"""Colour, marker, line style, and by what factor it is drawn aside of the size."""


@figure(
    "sizes",
    says="Accuracy by hidden size, feed-forward and recurrent: one dot a seed, means with 95 % intervals over seeds. "
    "All other settings are those chosen for 256 recurrent neurons.",
    needs=("sizes-fsdd-exponential-runs.csv",),
)
def published(path: Path) -> Figure:
    """Draw the published runs; see `by_size`."""
    return by_size(read_csv(path))


@styled
def by_size(rows: pd.DataFrame) -> Figure:
    """Draw the ``accuracy`` of runs by hidden size; their ``variant`` is "256 recurrent", for example."""
    size, kind = (rows["variant"].str.split(" ").str[i] for i in range(2))
    rows = rows.assign(size=size.astype(int), kind=kind)
    figure, axes = subplots(0.7, 2.9, subplot_kw={"xscale": "log"})
    for kind, (colour, marker, dashes, aside) in KINDS.items():
        own = rows[rows["kind"] == kind].dropna(subset="accuracy")
        own = own.assign(place=own["size"] * aside)
        how = {"x": "place", "y": "accuracy", "color": colour, "marker": marker, "ax": axes}
        sns.scatterplot(own, alpha=0.5, s=18, linewidth=0, **how)
        sns.lineplot(own, linestyle=dashes, errorbar=_interval, err_style="bars", label=kind, markeredgewidth=0, **how)
    ticks = sorted(rows["size"].unique())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="hidden neurons", ylabel="accuracy")
    axes.grid(axis="y")
    axes.legend(loc="lower right")
    return figure


@figure(
    "speakers",
    says="Accuracy on each held-out speaker: one dot a seed, means with 95 % intervals over seeds.",
    needs=("ablation-fsdd-exponential-loso-runs.csv",),
)
def by_speaker(path: Path) -> Figure:
    """Draw the accuracies of the default network on each held-out speaker, the speaker with the lowest mean first."""
    table = _scores(path)
    table = table[table["what"] == DEFAULTS]
    means = _means(table)
    figure, axes = subplots(0.75, 2.8)
    axes.axhline(means.mean(), color=GREY, linestyle="--", linewidth=1, label=f"mean over speakers {means.mean():.3f}")
    _seeds_and_means(axes, table, list(means.index), "D", size=6, x="held", y="accuracy")
    axes.set(xlabel="held-out speaker", ylim=(0, 1))
    axes.legend(loc="lower right")
    return figure


@figure(
    "speakers-windows",
    says="Accuracy on each held-out speaker under four readout windows: one dot a seed, means with 95 % intervals "
    "over seeds.",
    needs=("study/fsdd-loso-runs.csv",),
)
def by_speaker_and_window(path: Path) -> Figure:
    """Draw the accuracies under each window on each held-out speaker, the speaker with the lowest mean first."""
    table = _scores(path)
    windows = list(dict.fromkeys(table["what"]))
    figure, axes = subplots(1, 2.8)
    markers = "".join(MARKERS[window] for window in windows)
    how = {"x": "held", "y": "accuracy", "hue": "what", "hue_order": windows, "palette": COLOURS}
    _seeds_and_means(axes, table, list(_means(table).index), markers, size=3.5, **how)
    axes.set(xlabel="held-out speaker", ylim=(0, 1))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(windows))
    axes.legend_ = None
    return figure


@figure(
    "ablation",
    says="Change of accuracy by each change of the default network, paired by seed: one dot a seed, means with 95 % "
    "intervals over seeds.",
    needs=("ablation-fsdd-exponential-runs.csv",),
)
def by_variant(path: Path) -> Figure:
    """Draw each variant's accuracy minus that of the default network with the same seed, the greatest mean on top."""
    accuracies = _scores(path).pivot_table("accuracy", "seed", "what", sort=False)
    changes = accuracies.drop(columns=DEFAULTS).sub(accuracies[DEFAULTS], axis=0).dropna(axis=1, how="all")
    order = list(changes.mean().sort_values(ascending=False).index)
    figure, axes = subplots(0.85, 0.34 * len(order) + 0.9)
    axes.axvline(0, color=BLACK, linewidth=0.8)
    table = changes.melt(value_name="change").dropna(subset="change")
    _seeds_and_means(axes, table, order, "D", x="change", y="what")
    axes.set(xlabel="change of accuracy against the default network", ylabel="")
    return figure


def _interval(values: pd.Series | NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the mean's 95 % interval by Student's t, as seaborn's ``errorbar``."""
    return student(np.asarray(values))[1:]


def _scores(path: Path) -> pd.DataFrame:
    """Return the scores of a published comparison, one row a run; see `results.tables.records.Record`."""
    return pd.DataFrame([vars(record) for record in of_comparison(path)])


def _means(table: pd.DataFrame) -> pd.Series:
    return table.groupby("held")["accuracy"].mean().sort_values()


def _seeds_and_means(
    axes: Axes, table: pd.DataFrame, order: Sequence[str], markers: str, size: float = 4, **how: Any
) -> None:
    """Draw dots of a size in points, beside each other where they would overlap, and means with 95 % intervals.

    ``order`` has the categories, ``markers`` one letter a hue for its means; ``how`` goes to seaborn: ``x`` and ``y``,
    and of several hues ``hue``, ``hue_order`` and ``palette``.
    """
    how |= {"order": order, "ax": axes}
    look: dict[str, Any] = {"linestyle": "none", "markersize": 5, "err_kws": {"linewidth": 1.4}, "zorder": 5}
    if len(markers) > 1:
        dots: dict[str, Any] = {"dodge": True, "legend": False}
        look |= {"dodge": DODGE * (1 - 1 / len(markers)), "markers": list(markers)}
        look |= {"markeredgecolor": BLACK, "markeredgewidth": 0.7}
    else:
        dots = {"color": BLUE}
        look |= {"color": VERMILLION, "markers": markers}
    sns.swarmplot(table, alpha=0.5, size=size, **dots, **how)
    sns.pointplot(table, errorbar=_interval, **look, **how)

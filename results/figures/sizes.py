"""Accuracy by hidden size."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from pipeline.pictures.style import BLUE, ORANGE, WIDTH, styled
from results.figures.registry import figure
from results.figures.seeds import interval
from results.tables.files import read_csv

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
    """Draw accuracy by hidden size, feed-forward and recurrent: one dot a seed, means with 95 % intervals.

    Parameters
    ----------
    rows : DataFrame
        One row a run, with columns ``variant`` ("256 recurrent" for example) and ``accuracy``.
    """
    size, kind = (rows["variant"].str.split(" ").str[i] for i in range(2))
    rows = rows.assign(size=size.astype(int), kind=kind)
    figure = Figure(figsize=(0.7 * WIDTH, 2.9), layout="constrained")
    axes = figure.add_subplot(xscale="log")
    for kind, (colour, marker, dashes, aside) in KINDS.items():
        own = rows[rows["kind"] == kind].dropna(subset="accuracy")
        own = own.assign(place=own["size"] * aside)
        how = {"x": "place", "y": "accuracy", "color": colour, "marker": marker, "ax": axes}
        sns.scatterplot(own, alpha=0.5, s=18, linewidth=0, **how)
        sns.lineplot(own, linestyle=dashes, errorbar=interval, err_style="bars", label=kind, markeredgewidth=0, **how)
    ticks = sorted(rows["size"].unique())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="hidden neurons", ylabel="accuracy")
    axes.grid(axis="y")
    axes.legend(loc="lower right")
    return figure

"""Training methods: accuracy against synaptic operations, and against the number of steps where one is converted."""

from __future__ import annotations

from pathlib import Path

import matplotlib.ticker as ticker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.pictures.style import BLUE, GREY, ORANGE, VERMILLION, styled, subplots
from results.figures.methods_length import spread
from results.figures.registry import figure
from results.tables.files import read_csv

NEAR = 4.0
"""Ratio of operations up to which points are near each other."""

FIRST = 1.4
"""How far to the right of the last of them names begin, as a factor."""

APART = 0.013
"""Least distance between names, in accuracy."""


@figure(
    "methods",
    says="Accuracy on fsdd's test part by index against synaptic operations an example, by training method, with 95 % "
    "intervals over seeds and pairs of speaker and word. The line joins the methods that no other one beats in both.",
    needs=("methods/fsdd-index.csv",),
)
@styled
def pareto(path: Path) -> Figure:
    """Draw the table of `experiments.methods.findings.Findings`: to the left is cheap, above is right."""
    table = read_csv(path, ("method",)).dropna(subset=["accuracy", "operations"])
    table = table[table["operations"] > 0]
    figure, axes = subplots(1, 4.2, subplot_kw={"xscale": "log"})
    spiking = table["macs"] == 0
    for kind, own, colour in (("spikes", table[spiking], BLUE), ("numbers", table[~spiking], ORANGE)):
        reach = np.nan_to_num([own["accuracy"] - own["low"], own["high"] - own["accuracy"]])
        axes.errorbar(own["operations"], own["accuracy"], yerr=reach, fmt="o", color=colour, label=kind, linewidth=0.8)
    best = front(table)
    axes.plot(best["operations"], best["accuracy"], color=GREY, drawstyle="steps-post", zorder=0)
    _label(axes, table)
    axes.set(xlabel="synaptic operations per example (effective accumulates and multiply-accumulates)")
    axes.set(ylabel="accuracy")
    axes.set_xlim(table["operations"].min() / 2, table["operations"].max() * 40)
    axes.grid(True)
    axes.legend(loc="lower left", title="hidden units exchange")
    return figure


def front(table: pd.DataFrame) -> pd.DataFrame:
    """Return the methods that no other one beats in both operations and accuracy, the cheapest first."""
    ordered = table.sort_values(["operations", "accuracy"], ascending=[True, False])
    before = ordered["accuracy"].cummax().shift(fill_value=-1.0)
    return ordered[ordered["accuracy"] > before]


def _label(axes: Axes, table: pd.DataFrame) -> None:
    """Write names to the right of their points; of points near each other below and above one another."""
    ordered = table.sort_values("operations")
    group = (ordered["operations"] > NEAR * ordered["operations"].shift()).cumsum()
    for _, near in ordered.groupby(group):
        names = near.sort_values("accuracy")
        begin = names["operations"].max() * FIRST
        for row, height in zip(names.itertuples(), spread(list(names["accuracy"]), APART), strict=True):
            axes.annotate(
                row.method,
                (row.operations, row.accuracy),
                (begin, height),
                size=7,
                va="center",
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6},
            )


@figure(
    "conversion",
    says="Accuracy and synaptic operations of converted networks by the number of time steps: means over seeds, on "
    "fsdd's test part by index. Dashed: the networks of rectified units that were converted.",
    needs=("methods/fsdd-index-steps.csv",),
)
@styled
def by_steps(path: Path) -> Figure:
    """Draw the table of `experiments.methods.steps.by_steps`; dashed are the networks of numbers before conversion."""
    table = read_csv(path, ("method", "held"))
    figure, (left, right) = subplots(1, 2.8, 1, 2, subplot_kw={"xscale": "log"})
    for (method, runs), colour in zip(table.groupby("method", sort=False), (VERMILLION, BLUE), strict=False):
        means = runs.groupby("steps", as_index=False)[["accuracy", "operations", "unconverted", "macs"]].mean()
        for axes, column, before in ((left, "accuracy", "unconverted"), (right, "operations", "macs")):
            axes.plot(means["steps"], means[column], "o-", color=colour, markersize=4, label=method)
            axes.axhline(means[before].iloc[0], color=colour, linestyle="--", linewidth=1)
    for axes, label in ((left, "accuracy"), (right, "synaptic operations per example")):
        axes.set(xlabel="time steps", ylabel=label)
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axes.grid(True)
    right.set_yscale("log")
    left.legend(loc="lower right")
    return figure

"""Learning curves: loss, accuracy, firing rate and silent neurons by epoch."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from pipeline.pictures.style import BLACK, BLUE, GREEN, VERMILLION, WIDTH, styled

PANELS = {
    "loss": "cross-entropy (nats)",
    "accuracy": "accuracy",
    "rate": "spikes per example\nand hidden neuron",
    "silent": "silent hidden neurons",
}
"""Columns of the metrics, one panel each, and the panel's label."""

LINES = {"train": (BLUE, "-"), "validation": (VERMILLION, "--"), "test": (GREEN, ":")}


@styled
def learning_curve(metrics: pd.DataFrame) -> Figure:
    """Draw loss, accuracy, firing rate and silent fraction over the epochs of a run's metrics; mark the best."""
    best = best_epoch(metrics)
    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True)
    for axes, (column, label) in zip(grid.flat, PANELS.items(), strict=True):
        for split, rows in metrics.groupby("split", sort=False):
            colour, dashes = LINES[split]
            marker = "." if len(rows) < 3 else ""  # a line needs two points to be visible
            axes.plot(rows["epoch"], rows[column], dashes, color=colour, marker=marker, label=split)
        axes.axvline(best, color=BLACK, linewidth=0.8, linestyle=":")
        axes.set_ylabel(label)
        axes.grid(axis="y")
        axes.set_ylim(bottom=0)
    grid[0, 1].set_ylim(0, 1)
    for axes in (grid[0, 1], grid[1, 1]):
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    grid[1, 1].set_ylim(top=max(0.05, grid[1, 1].get_ylim()[1]))
    for axes in grid[1]:
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    mark = Line2D([], [], color=BLACK, linewidth=0.8, linestyle=":", label=f"best epoch: {best}")
    handles = [*grid[0, 0].get_legend_handles_labels()[0], mark]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def best_epoch(metrics: pd.DataFrame) -> int:
    """Return the epoch that a run keeps: the one of highest validation accuracy.

    Of several, it is the one of lowest loss, and of these the first. Without a validation split it is the last epoch.
    """
    validation = metrics[metrics["split"] == "validation"]
    if validation.empty:
        return int(metrics["epoch"].max())
    ranked = validation.sort_values(["accuracy", "loss", "epoch"], ascending=[False, True, True])
    return int(ranked["epoch"].iloc[0])

"""Why training can fail: spikes that graze the threshold, and the loss, silent neurons and accuracy that follow."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, styled, subplots

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)
DASHES = ("-", "--", "-.", ":")


@styled
def robustness_figure(
    spikes: Mapping[str, pd.DataFrame], metrics: Mapping[str, pd.DataFrame], ends: pd.DataFrame
) -> Figure:
    """Draw why training fails without the least slope, and how runs with the shipped settings end.

    ``spikes`` are `gradient_spikes.gradient_spikes` by setting; ``metrics`` those of one run by variant, one row an
    epoch and split; ``ends`` has a row a run of the shipped settings with ``variant`` and ``last_validation``.
    """
    figure, ((grazing, loss), (silent, final)) = subplots(1, 6.2, 2, 2)
    for (name, rows), colour, marker in zip(spikes.items(), COLOURS, "o^s", strict=False):
        look = {"s": 6, "c": colour, "marker": marker, "alpha": 0.5, "linewidths": 0}
        grazing.scatter(rows["min_slope"], rows["norm"], label=name, **look)
    grazing.set(xscale="log", yscale="log", ylabel="norm of the gradient", title="Spikes that graze the threshold")
    grazing.set_xlabel("least slope at a spike of a batch,\ntau_mem dV/dt (thresholds)")
    grazing.grid()
    grazing.legend(loc="best", markerscale=2)
    _lines(loss, metrics, "loss")
    loss.set(ylabel="training loss (nats)", title="Training loss")
    _lines(silent, metrics, "silent")
    silent.set(ylabel="silent hidden neurons", title="Silent neurons")
    _ends(final, ends)
    for axes in (silent, final):
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _lines(axes: Axes, metrics: Mapping[str, pd.DataFrame], column: str) -> None:
    for i, (name, rows) in enumerate(metrics.items()):
        training = rows[rows["split"] == "train"]
        colour, dashes = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        axes.plot(training["epoch"], training[column], dashes, color=colour, label=name)
    axes.set(xlabel="epoch", ylim=(0, None))
    axes.grid(axis="y")


def _ends(axes: Axes, ends: pd.DataFrame) -> None:
    what = {"x": "variant", "y": "last_validation", "hue": "variant", "legend": False, "ax": axes}
    runs = ends.groupby("variant", sort=False)["last_validation"]
    sns.swarmplot(ends, size=3.5, alpha=0.8, palette=COLOURS[: len(runs)], **what)
    for place, (_, values) in enumerate(runs):
        axes.hlines(values.median(), place - 0.25, place + 0.25, color=GREY, linewidth=1.0)
    axes.set_xticks(range(len(runs)), [f"{name}\n{len(values)} seeds" for name, values in runs])
    axes.set(xlabel="", ylabel="final validation accuracy", ylim=(0, 1), title="Shipped settings; grey: medians")
    axes.grid(axis="y")

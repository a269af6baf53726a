"""The figure of why trainings fail."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, WIDTH, styled

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)
DASHES = ("-", "--", "-.", ":")


@styled
def robustness_figure(
    spikes: Mapping[str, pd.DataFrame], metrics: Mapping[str, pd.DataFrame], ends: pd.DataFrame
) -> Figure:
    """Draw what makes trainings fail, and what becomes of those that are kept from it.

    Parameters
    ----------
    spikes : mapping of str to DataFrame
        By the name of a setting: gradient norm and least slope of each batch, see `gradient_spikes.gradient_spikes`.
    metrics : mapping of str to DataFrame
        By the name of a variant: the metrics of one run, one row an epoch and split.
    ends : DataFrame
        Of `comparison.runs.run_all`: the shipped settings, many seeds.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(WIDTH, 6.2), layout="constrained")
    (tangential, loss), (silent, final) = figure.subplots(2, 2)
    _tangential(tangential, spikes)
    _lines(loss, metrics, "loss")
    loss.set_ylabel("training loss (nats)")
    loss.set_title("What becomes of the loss")
    _lines(silent, metrics, "silent")
    silent.set_ylabel("silent hidden neurons")
    silent.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    silent.set_title("Neurons that fall silent")
    _ends(final, ends)
    figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _tangential(axes: Axes, spikes: Mapping[str, pd.DataFrame]) -> None:
    for (name, rows), colour, marker in zip(spikes.items(), COLOURS, "o^s", strict=False):
        axes.scatter(rows["min_slope"], rows["norm"], s=6, c=colour, marker=marker, alpha=0.5, linewidths=0, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("least slope of a batch's spikes, τ dV/dt (thresholds)")
    axes.set_ylabel("norm of the gradient")
    axes.set_title("Spikes that graze the threshold")
    axes.grid()
    axes.legend(loc="best", markerscale=2)


def _lines(axes: Axes, metrics: Mapping[str, pd.DataFrame], column: str) -> None:
    for i, (name, rows) in enumerate(metrics.items()):
        training = rows[rows["split"] == "train"]
        colour, dashes = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        axes.plot(training["epoch"], training[column], dashes, color=colour, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")


def _ends(axes: Axes, ends: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    names = list(dict.fromkeys(ends["variant"]))
    for i, name in enumerate(names):
        values = ends.loc[ends["variant"] == name, "last_validation"].to_numpy()
        jittered = i + rng.uniform(-0.15, 0.15, len(values))
        axes.scatter(jittered, values, s=12, c=COLOURS[i], marker="o^"[i % 2], alpha=0.8)
        axes.hlines(np.median(values), i - 0.25, i + 0.25, color=GREY, linewidth=1.0)
    axes.set_xticks(range(len(names)), [f"{name}\n{int((ends['variant'] == name).sum())} seeds" for name in names])
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("validation accuracy at the end")
    axes.set_title("The defaults")
    axes.grid(axis="y")

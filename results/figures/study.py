"""The study's figures, and how the four windows look in all figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.config import Config
from pipeline.pictures.confusion import confusion
from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, styled, subplots
from results.experiments.comparison.details import mean_curves
from results.experiments.study.plan import REFERENCE
from results.figures.registry import figure
from results.statistics.hypothesis_tests import p_text
from results.tables.files import read_csv

COLOURS = {"uniform": GREEN, "exponential": ORANGE, "gaussian": BLUE, "bump": VERMILLION}
DASHES = {"uniform": ":", "exponential": "--", "gaussian": "-", "bump": "-."}
MARKERS = {"uniform": "s", "exponential": "^", "gaussian": "o", "bump": "D"}
CURVES = {("train", "loss"): "training loss (nats)", ("validation", "accuracy"): "validation accuracy"}


@figure(
    "learning",
    says="Training loss and validation accuracy by epoch under four readout windows, means with 95 % intervals over "
    "seeds.",
    needs=("study/fsdd-index-curves.csv",),
)
def learning_curves(path: Path) -> Figure:
    """Draw the curves of ``<plan>-curves.csv``, one line a window; see `comparison.details.curves`."""
    curves = mean_curves(read_csv(path))
    figure, panels = subplots(1, 2.8, 1, 2, sharex=True)
    for axes, ((split, column), label) in zip(panels, CURVES.items(), strict=True):
        for window, part in curves[curves["split"] == split].groupby("variant", sort=False):
            colour = COLOURS[str(window)]
            axes.plot(part["epoch"], part[column], color=colour, label=window)
            ends = (part[f"{column}_low"], part[f"{column}_high"])
            axes.fill_between(part["epoch"], *ends, color=colour, alpha=0.2, linewidth=0)
        axes.set(xlabel="epoch", ylabel=label, ylim=(0, None))
        axes.grid(axis="y")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def confusion_matrix(path: Path, window: str) -> Figure:
    """Draw a window's confusion matrix from ``<plan>-confusion.csv``, all runs added up."""
    cells = read_csv(path, ("spoken", "answer"))
    own = cells[cells["variant"] == window]
    classes = list(dict.fromkeys(own["spoken"]))
    total = own.pivot_table("examples", "spoken", "answer", "sum", fill_value=0)
    return confusion(total.reindex(index=classes, columns=classes, fill_value=0), classes)


for _window in ("gaussian", "exponential"):
    figure(
        f"confusion-{_window}",
        says=f"Confusion matrix of spoken digits under the {_window} window, ten seeds added up.",
        needs=("study/fsdd-index-confusion.csv",),
        window=_window,
    )(confusion_matrix)


@styled
def verdict(table: pd.DataFrame, title: str) -> Figure:
    """Draw each window's accuracy and its difference from the reference window, with 95 % intervals.

    The thin line of a difference is the interval over seeds and units of analysis, the thick one that over seeds alone.
    The table is that of `statistics.paired.compare`.
    """
    figure, (left, right) = subplots(1, 2.4, 1, 2, sharey=True)
    for place, row in enumerate(table.itertuples()):
        colour = COLOURS[row.window]
        reach = [[row.accuracy - row.low], [row.high - row.accuracy]]
        left.errorbar(row.accuracy, place, xerr=reach, fmt="o", color=colour)
        if np.isfinite(row.difference):
            right.plot(row.difference, place, "o", color=colour)
            right.plot([row.difference_low, row.difference_high], [place, place], color=colour, linewidth=1)
            right.plot([row.seeds_low, row.seeds_high], [place, place], color=colour, linewidth=3, alpha=0.6)
            end = max(row.difference_high, row.seeds_high)
            right.text(end, place, f"  {p_text(row.p_corrected)}", va="center", size=7)
        else:
            said = "the reference " if row.window == REFERENCE else "unknown "
            right.text(0, place, said, va="center", ha="right", size=7)
    left.set(yticks=range(len(table)), yticklabels=table["window"], xlabel="accuracy")
    left.invert_yaxis()
    right.axvline(0, color=GREY, linewidth=0.8)
    units = table["units"].iloc[0]
    right.set(xlabel=f"difference of accuracy\nthick: over seeds\nthin: over seeds and {units}")
    right.margins(x=0.25)
    figure.suptitle(f"{title}: {table['seeds'].max()} seeds, {table['scored_on'].max()} {units}, 95 % intervals")
    return figure


@styled
def information(slices: pd.DataFrame, windows: Sequence[tuple[str, Config]], trial: float, steps: int) -> Figure:
    """Draw the accuracy of a linear readout of slices of time (`slices.by_slice`), and the readout windows.

    The windows are those of configs, of which a name may have several; the trial's length is in ms.
    """
    figure, axes = subplots(0.8, 3.0)
    length = slices["begin"].diff().iloc[-1]
    axes.bar(slices["begin"], slices["alone"], length, align="edge", color=GREY, edgecolor="white", label="one slice")
    axes.plot(slices["begin"] + length, slices["until"], ".-", color=BLACK, label="all slices until then")
    axes.set(xlabel="time in the trial (ms)", ylabel="accuracy of a linear readout", xlim=(0, trial), ylim=(0, 1))
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.99))
    weight = axes.twinx()
    named = set()
    for name, config in windows:
        if config.window is not None:
            table = config.window.table(steps)
            # Matplotlib's legends leave out what begins with an underscore.
            label = f"_{name}" if name in named else name
            weight.plot(np.linspace(0, trial, steps), table, color=COLOURS[name], label=label)
            named.add(name)
    weight.set(ylabel="window (mean 1)", ylim=(0, None))
    weight.legend(loc="center right", bbox_to_anchor=(1, 0.6), frameon=True, framealpha=0.9, edgecolor="none")
    return figure

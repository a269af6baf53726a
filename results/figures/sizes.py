"""Accuracy by hidden size."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pipeline.evaluation.intervals import student
from pipeline.pictures.style import BLUE, ORANGE, WIDTH, styled

KINDS = {"feed-forward": (ORANGE, "s", "--", 0.96), "recurrent": (BLUE, "o", "-", 1.04)}
"""Colour, mark, dashes, and how far aside it is drawn."""


@styled
def by_size(rows: pd.DataFrame) -> Figure:
    """Draw accuracy by hidden size, feed-forward against recurrent: one mark a seed, means with 95 % intervals.

    Parameters
    ----------
    rows : DataFrame
        One a run; ``variant``, "256 recurrent" for example, and ``accuracy``.
    """
    size = rows["variant"].str.split(" ").str[0].astype(int)
    figure = Figure(figsize=(0.7 * WIDTH, 2.9), layout="constrained")
    axes = figure.add_subplot()
    for kind, (colour, mark, dashes, aside) in KINDS.items():
        own = rows[rows["variant"].str.endswith(f" {kind}")].assign(size=size).dropna(subset="accuracy")
        places, means = [], []
        for hidden, part in own.groupby("size"):
            place = float(hidden) * aside
            axes.plot([place] * len(part), part["accuracy"], mark, color=colour, alpha=0.35, markersize=3)
            mean, low, high = student(part["accuracy"].to_numpy())
            axes.errorbar(place, mean, yerr=[[mean - low], [high - mean]], color=colour)
            places.append(place)
            means.append(mean)
        axes.plot(places, means, mark + dashes, color=colour, label=kind)
    ticks = sorted(size.unique())
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="hidden neurons", ylabel="accuracy")
    axes.grid(axis="y")
    axes.legend(loc="lower right")
    return figure

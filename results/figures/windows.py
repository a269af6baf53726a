"""The readout windows and what they weigh, laid over the spikes of real words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from models.windows import Bump, Exponential, Gaussian, Uniform, Window
from pipeline.data.container import Events
from pipeline.pictures.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, styled

SHOWN: dict[str, tuple[Window, str, str]] = {
    "uniform": (Uniform(), GREEN, ":"),
    "exponential": (Exponential(), ORANGE, "--"),
    "Gaussian": (Gaussian(mu=0.3, sigma=0.15), BLUE, "-"),
    "bump": (Bump(), VERMILLION, "-."),
}
BIN = 10.0
"""ms."""


@styled
def over_words(words: Sequence[tuple[str, Events]], trial: float) -> Figure:
    """Draw each word's rate of cochlea spikes, and over it the windows, each of mean 1.

    Parameters
    ----------
    words : sequence of (str, Events)
        Names, and events in ms.
    trial : float
        ms.
    """
    columns = 2
    rows = -(-len(words) // columns)
    figure = Figure(figsize=(WIDTH, 1.25 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    steps = round(trial)
    edges = np.arange(0, trial + BIN, BIN)
    for axes, (name, events) in zip(grid.ravel(), words, strict=False):
        counts, _ = np.histogram(events.times, edges)
        axes.fill_between(edges[:-1], 0, counts / max(counts.max(), 1) * 2, step="post", color=GREY, linewidth=0)
        for label, (window, colour, dashes) in SHOWN.items():
            axes.plot(np.arange(steps), window.table(steps), color=colour, linestyle=dashes, label=label)
        axes.set_title(name, loc="left", size=8, weight="normal")
        axes.set_yticks([0, 1, 2])
    for axes in grid[-1]:
        axes.set_xlabel("time (ms)")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    figure.supylabel("window; spikes in grey", size=9)
    return figure


def weighed_early(events: Events, trial: float, window: Window) -> float:
    """Return the share of the window's weight that lies before the word: before a twentieth of its spikes."""
    steps = round(trial)
    begin = float(np.quantile(events.times, 0.05)) if len(events.times) else trial
    table = window.table(steps)
    return float(table[: int(begin)].sum() / table.sum())

"""The readout windows and what they weigh, laid over the spikes of real words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from models.windows import Bump, Exponential, Gaussian, Uniform, Window
from pipeline.config import load_config
from pipeline.data import hdf5
from pipeline.events import Events
from pipeline.pictures.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, styled

SHOWN: dict[str, tuple[Window, str, str]] = {
    "uniform": (Uniform(), GREEN, ":"),
    "exponential": (Exponential(), ORANGE, "--"),
    "Gaussian, mu 0.1, sigma 0.3": (Gaussian(mu=0.1, sigma=0.3), BLUE, "-"),
    "bump": (Bump(), VERMILLION, "-."),
}
"""The Gaussian is that of the config fsdd."""

BIN = 10.0
"""ms."""

ENDS = (0.05, 0.95)
"""A word reaches from where this fraction of its spikes has come to where that one has."""


@styled
def over_words(path: Path, config: Path) -> Figure:
    """Draw each word's rate of cochlea spikes, and over it the windows, each of mean 1.

    The numbers say how much of each window's weight lies within the word.

    Parameters
    ----------
    path : Path
        Recordings of fsdd as spikes, in SHD's format.
    config : Path
        The config of a network that was trained on fsdd: the length of its trials is shown.
    """
    data = hdf5.read(path)
    trial = load_config(config).data.trial
    columns = 2
    rows = -(-len(data) // columns)
    figure = Figure(figsize=(WIDTH, 1.25 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    steps = round(trial)
    edges = np.arange(0, trial + BIN, BIN)
    for example, axes in zip(range(len(data)), grid.ravel(), strict=False):
        events = data.events(example)
        counts, _ = np.histogram(events.times, edges)
        axes.fill_between(edges[:-1], 0, counts / max(counts.max(), 1) * 2, step="post", color=GREY, linewidth=0)
        for place, (label, (window, colour, dashes)) in enumerate(SHOWN.items()):
            axes.plot(np.arange(steps), window.table(steps), color=colour, linestyle=dashes, label=label)
            share = f"{weighed_within(events, trial, window):.0%}"
            at = (0.99, 0.97 - 0.14 * place)
            axes.text(*at, share, color=colour, size=7, ha="right", va="top", transform=axes.transAxes)
        word, speaker = data.classes[data.labels[example]], data.speaker_names[data.speakers[example]]
        axes.set_title(f"{word}, {speaker}", loc="left", size=8, weight="normal")
        axes.set(yticks=[0, 1, 2], ylim=(0, 2.6))
    for axes in grid[-1]:
        axes.set_xlabel("time (ms)")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    figure.supylabel("window; spikes in grey; per cent: of its weight within the word", size=8)
    return figure


def weighed_within(events: Events, trial: float, window: Window) -> float:
    """Return the share of a window's weight that lies within a word, between its first and its last spikes (`ENDS`)."""
    if not len(events.times):
        return 0.0
    steps = round(trial)
    begin, end = np.quantile(events.times, ENDS)
    table = window.table(steps).astype(np.float64)
    return float(table[int(begin) : int(end)].sum() / table.sum())

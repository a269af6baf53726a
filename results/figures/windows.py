"""The readout windows over the cochlea's spikes of recorded words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from models.windows import Bump, Exponential, Gaussian, Uniform, Window
from pipeline.data import hdf5
from pipeline.events import Events
from pipeline.pictures.style import GREY, subplots
from pipeline.training.run import Run
from results.figures.eventprop import NETWORK, WORDS
from results.figures.registry import figure
from results.figures.study import COLOURS, DASHES

BIN = 10.0
"""ms."""

ENDS = (0.05, 0.95)
"""A word lasts from the time at which this fraction of its spikes has come until that one has."""


@figure(
    "windows",
    says="Four readout windows, each of mean 1, over the cochlea's spike rate in six recorded words. The percentages "
    "say how much of each window's weight lies within the word.",
    needs=(WORDS, f"{NETWORK}/config.toml"),
)
def over_words(words: Path, config: Path) -> Figure:
    """Draw each word's rate of cochlea spikes, and over it the windows, each of mean 1.

    The trial's length and the Gaussian window are those of a run that was trained on such words.
    """
    data, settings = hdf5.read(words), Run.at(config.parent).config()
    gaussian = settings.window
    assert isinstance(gaussian, Gaussian)
    windows: dict[str, Window] = {"uniform": Uniform(), "exponential": Exponential()}
    windows |= {"gaussian": gaussian, "bump": Bump()}
    labels = {"gaussian": f"Gaussian, mu {gaussian.mu:g}, sigma {gaussian.sigma:g}"}
    trial, columns = settings.data.trial, 2
    rows = -(-len(data) // columns)
    figure, grid = subplots(1, 1.25 * rows + 0.6, rows, columns, sharex=True, sharey=True, squeeze=False)
    steps = round(trial)
    edges = np.arange(0, trial + BIN, BIN)
    for example, axes in zip(range(len(data)), grid.ravel(), strict=False):
        events = data.events(example)
        counts, _ = np.histogram(events.times, edges)
        axes.fill_between(edges[:-1], 0, counts / max(counts.max(), 1) * 2, step="post", color=GREY, linewidth=0)
        for place, (name, window) in enumerate(windows.items()):
            look = {"color": COLOURS[name], "linestyle": DASHES[name]}
            axes.plot(np.arange(steps), window.table(steps), label=labels.get(name, name), **look)
            share = f"{weight_within(events, trial, window):.0%}"
            at = (0.99, 0.97 - 0.14 * place)
            axes.text(*at, share, color=COLOURS[name], size=7, ha="right", va="top", transform=axes.transAxes)
        word, speaker = data.classes[data.labels[example]], data.speaker_names[data.speakers[example]]
        axes.set_title(f"{word}, speaker {speaker}", loc="left", size=8, weight="normal")
        axes.set(yticks=[0, 1, 2], ylim=(0, 2.6))
    for axes in grid[-1]:
        axes.set_xlabel("time (ms)")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    label = "window (mean 1); grey: spike rate (maximum 2)\n%: share of the window's weight in the word"
    figure.supylabel(label, size=8)
    return figure


def weight_within(events: Events, trial: float, window: Window) -> float:
    """Return the share of a window's weight that lies within a word, from its first to its last spikes (`ENDS`).

    A word without events has none; the trial's length is in ms.
    """
    if not len(events.times):
        return 0.0
    steps = round(trial)
    begin, end = np.quantile(events.times, ENDS)
    table = window.table(steps).astype(np.float64)
    return float(table[int(begin) : int(end)].sum() / table.sum())

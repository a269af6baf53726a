"""Time and memory of training by the trial's length, as the benchmark ``length`` measures them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.ticker as ticker
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.pictures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, styled, subplots
from results.figures.registry import figure
from results.tables.files import read_json

COLOURS = (BLUE, GREEN, ORANGE, VERMILLION, PURPLE)
MARKERS = "osD^v"
PANELS = {"ms_an_example": "training time (ms per example)", "megabytes": "peak memory (MB)"}
LEAST = 0.1
"""What smaller values are drawn as, since the axes are logarithmic."""


@figure(
    "length",
    says="Training time and peak memory against the trial's length, with the same spikes in every trial: Eventprop "
    "and backpropagation through time with surrogate gradients.",
    needs=("bench/length.json",),
)
def published(path: Path) -> Figure:
    """Draw the published ``length.json``; see `by_length`."""
    return by_length(read_json(path, "rows"))


@styled
def by_length(rows: Sequence[Mapping[str, float | str]]) -> Figure:
    """Draw training time and peak memory by the trial's length, both axes logarithmic.

    The rows are those of `results.benchmarks.length.run`; trainers without a measurement are left out.
    """
    table = pd.DataFrame(rows).dropna(subset="ms_an_example").astype({"steps": int})
    figure, panels = subplots(1, 3.2, 1, 2)
    lengths = sorted(set(table["steps"]))
    for panel, (column, label) in zip(panels, PANELS.items(), strict=True):
        trainers = table.groupby("trainer", sort=False)
        for (trainer, points), colour, marker in zip(trainers, COLOURS, MARKERS, strict=False):
            values = points[column].clip(lower=LEAST)
            panel.plot(points["steps"], values, color=colour, marker=marker, markersize=4, label=trainer)
        by_steps(panel, lengths, label)
    figure.suptitle("Training on the same spikes in longer trials")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def by_steps(panel: Axes, lengths: Sequence[int], label: str) -> None:
    """Lay out a panel of what ``label`` says by the trial's length in steps, both axes logarithmic."""
    panel.set(xscale="log", yscale="log", xlabel="steps of a trial", ylabel=label)
    panel.set_xticks(lengths, [f"{count:,}" for count in lengths], rotation=45)
    panel.xaxis.set_minor_locator(ticker.NullLocator())
    panel.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    panel.grid(True)

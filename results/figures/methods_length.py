"""Time and memory of training by method and by the trial's length, as the benchmark ``methods`` measures them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.pictures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION, styled, subplots
from results.figures.length import LEAST, by_steps
from results.figures.registry import figure
from results.tables.files import read_json

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)
PANELS = {"cpu_ms_an_example": "CPU time of training (ms per example)", "megabytes": "peak memory (MB)"}
LOOKS = (("-", "o"), ("--", "s"), (":", "^"))
"""Line and marker of a method's variants."""

APART = 0.05
"""Least distance between labels, as a fraction of a panel's height."""


@figure(
    "methods-length",
    says="Training time and peak memory of every method against the trial's length, with eight input spikes a step. "
    "One colour per method, one kind of line per variant.",
    needs=("bench/methods.json",),
)
def published(path: Path) -> Figure:
    """Draw the published ``methods.json``; see `by_method`."""
    return by_method(read_json(path, "rows"))


@styled
def by_method(rows: Sequence[Mapping[str, float | str]]) -> Figure:
    """Draw training time and peak memory by the trial's length, both axes logarithmic, with a label at each line.

    The rows are those of `results.benchmarks.methods.run`, of which the cases named by their steps are shown; methods
    without a measurement are left out.
    """
    table = pd.DataFrame(rows).dropna(subset="cpu_ms_an_example").astype({"steps": int})
    table = table[table["case"] == table["steps"].astype(str) + " steps"]
    figure, panels = subplots(1, 4.2, 1, 2)
    lengths = sorted(set(table["steps"]))
    for panel, (column, label) in zip(panels, PANELS.items(), strict=True):
        ends = {}
        for (_, variants), colour in zip(table.groupby("method", sort=False), cycle(COLOURS), strict=False):
            for (name, points), (line, marker) in zip(
                variants.groupby("trainer", sort=False), cycle(LOOKS), strict=False
            ):
                values = points[column].clip(lower=LEAST)
                panel.plot(points["steps"], values, line, color=colour, marker=marker, markersize=3, label=name)
                ends[name] = points["steps"].iloc[-1], values.iloc[-1], colour
        by_steps(panel, lengths, label)
        _label(panel, ends)
    figure.suptitle("Training by every method on longer trials")
    return figure


def _label(panel: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write the lines' names right of the panel, near their ends but not on each other."""
    to_fraction = panel.transAxes.inverted()
    heights = {name: to_fraction.transform(panel.transData.transform(end[:2]))[1] for name, end in ends.items()}
    names = sorted(heights, key=heights.__getitem__)
    for name, place in zip(names, spread([heights[name] for name in names], APART), strict=True):
        steps, value, colour = ends[name]
        panel.annotate(
            name,
            (steps, value),
            (1.05, place),
            textcoords="axes fraction",
            color=colour,
            size=7,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4},
        )


def spread(places: Sequence[float], apart: float) -> list[float]:
    """Return ascending places, moved so that neighbours are ``apart``.

    Those that are too close to each other form a group around their mean.
    """
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while (
            len(groups) > 1
            and _centre(groups[-1]) - _centre(groups[-2]) < apart * (len(groups[-1]) + len(groups[-2])) / 2
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_centre(group) + apart * (i - (len(group) - 1) / 2) for group in groups for i in range(len(group))]


def _centre(group: Sequence[float]) -> float:
    return sum(group) / len(group)

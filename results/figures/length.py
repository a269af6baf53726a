"""The picture of the case ``length``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.ticker as ticker
from matplotlib.figure import Figure

from pipeline.pictures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, WIDTH, styled

COLOURS = (BLUE, GREEN, ORANGE, VERMILLION, PURPLE)
MARKERS = "osD^v"


@styled
def length_plot(lines: Mapping[str, Sequence[tuple[int, float, float]]]) -> Figure:
    """Draw time and peak memory of training by the trial's length, both axes logarithmic.

    Parameters
    ----------
    lines : mapping of str to sequence of tuple
        For each trainer, points of steps, milliseconds an example and megabytes.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    lengths = sorted({point[0] for points in lines.values() for point in points})
    for panel, place, what in zip(panels, (1, 2), ("ms an example", "MB at the peak"), strict=True):
        for (trainer, points), colour, marker in zip(lines.items(), COLOURS, MARKERS, strict=False):
            x, y = [point[0] for point in points], [max(point[place], 0.1) for point in points]
            panel.plot(x, y, color=colour, marker=marker, markersize=4, label=trainer)
        panel.set(xscale="log", yscale="log", xlabel="steps of a trial", ylabel=what)
        panel.set_xticks(lengths, [f"{count:,}" for count in lengths], rotation=45)
        panel.xaxis.set_minor_locator(ticker.NullLocator())
        panel.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        panel.grid(True)
    figure.suptitle("Training on the same spikes in longer trials")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure

"""The study's figures, and how the four windows look in all figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.config import Config
from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, styled
from results.experiments.study.plan import REFERENCE
from results.statistics.hypothesis_tests import p_text

COLOURS = {"uniform": GREEN, "exponential": ORANGE, "gaussian": BLUE, "bump": VERMILLION}
DASHES = {"uniform": ":", "exponential": "--", "gaussian": "-", "bump": "-."}
MARKERS = {"uniform": "s", "exponential": "^", "gaussian": "o", "bump": "D"}


@styled
def verdict(table: pd.DataFrame, title: str) -> Figure:
    """Draw each window's accuracy and its difference from the reference window, with 95 % intervals.

    The thin line of a difference is the interval over seeds and units of analysis, the thick one that over seeds alone.

    Parameters
    ----------
    table : DataFrame
        Of `statistics.paired.compare`.
    title : str
    """
    figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for place, row in enumerate(table.itertuples()):
        colour = COLOURS[row.window]
        left.errorbar(
            row.accuracy, place, xerr=[[row.accuracy - row.low], [row.high - row.accuracy]], fmt="o", color=colour
        )
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
    """Draw the accuracy of a linear readout of slices of time, and the readout windows.

    Parameters
    ----------
    slices : DataFrame
        Of `slices.by_slice`.
    windows : sequence of (str, Config)
        Names, and the configs with the windows. Of a name there may be several.
    trial : float
        ms.
    steps : int
        Steps of the trial.
    """
    figure = Figure(figsize=(0.8 * WIDTH, 3.0), layout="constrained")
    axes = figure.add_subplot()
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

"""Accuracy on each held-out speaker, from published comparisons."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from pipeline.pictures.style import GREY, WIDTH, styled
from results.figures.registry import figure
from results.figures.seeds import scores, seeds_and_means
from results.figures.study import COLOURS, MARKERS

DEFAULTS = "defaults"
SPEAKER = "held-out speaker"


@figure(
    "speakers",
    says="Accuracy on each held-out speaker: one dot a seed, means with 95 % intervals over seeds.",
    needs=("ablation-fsdd-exponential-loso-runs.csv",),
)
@styled
def by_speaker(path: Path) -> Figure:
    """Draw the accuracies of the default network on each held-out speaker, the speaker with the lowest mean first."""
    table = scores(path)
    table = table[table["what"] == DEFAULTS]
    means = _means(table)
    figure = Figure(figsize=(0.75 * WIDTH, 2.8), layout="constrained")
    axes = figure.add_subplot()
    axes.axhline(means.mean(), color=GREY, linestyle="--", linewidth=1, label=f"mean over speakers {means.mean():.3f}")
    seeds_and_means(axes, table, list(means.index), "D", size=6, x="held", y="accuracy")
    axes.set(xlabel=SPEAKER, ylim=(0, 1))
    axes.legend(loc="lower right")
    return figure


@figure(
    "speakers-windows",
    says="Accuracy on each held-out speaker under four readout windows: one dot a seed, means with 95 % intervals "
    "over seeds.",
    needs=("study/fsdd-loso-runs.csv",),
)
@styled
def by_speaker_and_window(path: Path) -> Figure:
    """Draw the accuracies under each window on each held-out speaker, the speaker with the lowest mean first."""
    table = scores(path)
    windows = list(dict.fromkeys(table["what"]))
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.add_subplot()
    markers = "".join(MARKERS[window] for window in windows)
    how = {"x": "held", "y": "accuracy", "hue": "what", "hue_order": windows, "palette": COLOURS}
    seeds_and_means(axes, table, list(_means(table).index), markers, size=3.5, **how)
    axes.set(xlabel=SPEAKER, ylim=(0, 1))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(windows))
    axes.legend_ = None
    return figure


def _means(table: pd.DataFrame) -> pd.Series:
    return table.groupby("held")["accuracy"].mean().sort_values()

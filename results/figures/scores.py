"""Accuracy by speaker and by what is varied, from committed comparisons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.evaluation.intervals import student
from pipeline.pictures.style import BLACK, BLUE, GREY, VERMILLION, WIDTH, styled
from results.figures.sizes import by_size as sizes_picture
from results.figures.study import COLOURS
from results.tables.files import read_csv
from results.tables.records import of_comparison

DEFAULTS = "defaults"

MARKS = {"uniform": "s", "exponential": "^", "gaussian": "o", "bump": "D"}


@styled
def by_speaker(path: Path) -> Figure:
    """Draw every left-out speaker's accuracies, one dot a seed, with mean and 95 % interval."""
    table = pd.DataFrame([vars(record) for record in of_comparison(path)])
    table = table[table["what"] == DEFAULTS]
    speakers = table.groupby("held")["accuracy"].mean().sort_values().index
    figure = Figure(figsize=(0.75 * WIDTH, 2.8), layout="constrained")
    axes = figure.add_subplot()
    for place, speaker in enumerate(speakers):
        scores = table[table["held"] == speaker]["accuracy"].to_numpy()
        axes.plot(
            np.full(len(scores), place) + np.linspace(-0.12, 0.12, len(scores)), scores, "o", color=BLUE, alpha=0.6
        )
        _interval(axes, place, scores)
    everyone = table.groupby("held")["accuracy"].mean().mean()
    axes.axhline(everyone, color=GREY, linestyle="--", linewidth=1, label=f"mean {everyone:.3f}")
    axes.set(xticks=range(len(speakers)), xticklabels=speakers, ylabel="accuracy", ylim=(0, 1))
    axes.set_xlabel("speaker who was left out")
    axes.legend(loc="lower right")
    return figure


@styled
def by_speaker_and_window(path: Path) -> Figure:
    """Draw every left-out speaker's accuracies under each window, one dot a seed, with means."""
    table = pd.DataFrame([vars(record) for record in of_comparison(path)])
    speakers = table.groupby("held")["accuracy"].mean().sort_values().index
    figure = Figure(figsize=(0.9 * WIDTH, 2.8), layout="constrained")
    axes = figure.add_subplot()
    for number, (window, own) in enumerate(table.groupby("what", sort=False)):
        aside = 0.2 * (number - 1.5)
        for place, speaker in enumerate(speakers):
            scores = own[own["held"] == speaker]["accuracy"].to_numpy()
            label = str(window) if place == 0 else f"_{window}"
            colour, mark = COLOURS[str(window)], MARKS[str(window)]
            axes.plot(np.full(len(scores), place + aside), scores, mark, color=colour, alpha=0.5, label=label)
            axes.plot(place + aside + np.array([-0.08, 0.08]), [scores.mean()] * 2, color=BLACK, linewidth=1.2)
    axes.set(xticks=range(len(speakers)), xticklabels=speakers, ylabel="accuracy", ylim=(0, 1))
    axes.set_xlabel("speaker who was left out; the line is the mean over seeds")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


@styled
def by_variant(path: Path) -> Figure:
    """Draw what every change of the defaults does to accuracy, paired by seed."""
    table = pd.DataFrame([vars(record) for record in of_comparison(path)])
    scores = table.pivot_table("accuracy", "seed", "what", sort=False)
    changes = (scores.drop(columns=DEFAULTS).sub(scores[DEFAULTS], axis=0)).dropna(axis=1, how="all")
    order = changes.mean().sort_values().index
    figure = Figure(figsize=(0.85 * WIDTH, 0.34 * len(order) + 0.9), layout="constrained")
    axes = figure.add_subplot()
    for place, name in enumerate(order):
        differences = changes[name].dropna().to_numpy()
        axes.plot(differences, np.full(len(differences), place), "o", color=BLUE, alpha=0.5, markersize=4)
        mean, low, high = student(differences)
        axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="D", color=VERMILLION, markersize=4)
    axes.axvline(0, color=BLACK, linewidth=0.8)
    axes.set(yticks=range(len(order)), yticklabels=order, xlabel="change of accuracy, paired by seed, 95 % intervals")
    return figure


def by_size(path: Path) -> Figure:
    """Draw accuracy by hidden size, feed-forward against recurrent; see `sizes.picture`."""
    return sizes_picture(read_csv(path))


def _interval(axes: Axes, place: float, scores: NDArray[np.float64]) -> None:
    mean, low, high = student(scores)
    axes.errorbar(place, mean, yerr=[[mean - low], [high - mean]], fmt="D", color=VERMILLION)

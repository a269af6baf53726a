"""Figures of a sweep: convergence, parallel coordinates, partial dependence, and where it evaluated."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from models.errors import InputError
from pipeline.pictures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, styled
from sweeps.importance import encoded
from sweeps.space import Space
from sweeps.state import Point
from sweeps.strategies import surrogate

COLOURS = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE)
FEW_DECADES = 50
"""Ratio of an axis's ends below which powers of ten alone would be too few ticks."""


def running_best(points: Sequence[Point]) -> list[float]:
    """Return the lowest error of points that were trained to the end, after each finished point in order."""
    best, found = np.nan, []
    for point in sorted(points, key=lambda p: p.number):
        if point.status == "done" and point.error is not None:
            best = np.nanmin([best, point.error])
        found.append(float(best))
    return found


@styled
def convergence(sweeps: Mapping[str, Sequence[Sequence[Point]]]) -> Figure:
    """Draw the lowest error so far by the number of sweep trials: each repeat (thin) and each strategy's mean (thick).

    The argument holds the finished points of each repeat, by strategy.
    """
    figure = Figure(figsize=(5, 3.4), layout="constrained")
    axes = figure.add_subplot()
    for colour, (name, repeats) in zip(COLOURS, sweeps.items(), strict=False):
        lines = [running_best(points) for points in repeats]
        for line in lines:
            axes.step(range(1, len(line) + 1), line, where="post", color=colour, alpha=0.35, linewidth=0.9)
        length = min(map(len, lines))
        mean = np.mean([line[:length] for line in lines], axis=0)
        label = f"{name}, {len(lines)} repeat{'s' if len(lines) > 1 else ''}"
        axes.step(range(1, length + 1), mean, where="post", color=colour, linewidth=2, label=label)
    axes.set(xlabel="sweep trials", ylabel="lowest error so far", title="Convergence")
    axes.legend()
    return figure


@styled
def parallel(space: Space, points: Sequence[Point]) -> Figure:
    """Draw each point as a line over its parameters (parallel coordinates), coloured by its error."""
    known = _known(points)
    columns = encoded(space, known)
    low, high = columns.min(axis=0), columns.max(axis=0)
    scaled = (columns - low) / np.where(high > low, high - low, 1)
    errors = np.array([p.error for p in known])
    figure = Figure(figsize=(1.6 * max(len(space.parameters), 3), 3.6), layout="constrained")
    axes = figure.add_subplot()
    norm, colours = Normalize(errors.min(), errors.max()), colormaps["cividis"]
    for i in np.argsort(errors)[::-1]:
        axes.plot(scaled[i], color=colours(norm(errors[i])), linewidth=1, alpha=0.8)
    names = [name.removeprefix("network.").removeprefix("training.") for name in space.parameters]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set(yticks=[0, 1], yticklabels=["lowest", "highest"], title="Sweep trials by their parameters")
    figure.colorbar(ScalarMappable(norm, colours), ax=axes, label="error")
    return figure


@styled
def partial_dependence(space: Space, points: Sequence[Point]) -> Figure:
    """Draw the surrogate's error against each parameter, averaged over the others (partial dependence)."""
    known = _known(points)
    optimiser = surrogate(space, known)
    model = optimiser.models[-1]
    rng = np.random.default_rng(0)
    cube = rng.random((150, len(space.parameters)))
    background = [[p.at(u) for p, u in zip(space.parameters.values(), row, strict=True)] for row in cube]
    count = len(space.parameters)
    columns = min(count, 4)
    rows = -(-count // columns)
    figure = Figure(figsize=(2.6 * columns, 2.3 * rows), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns, sharey=True, squeeze=False)).ravel()
    for i, (axes, (name, parameter)) in enumerate(zip(grid, space.parameters.items(), strict=False)):
        values = (
            parameter.grid() if parameter.kind == "categorical" else [parameter.at(u) for u in np.linspace(0, 1, 20)]
        )
        means = []
        for value in values:
            changed = [[*row[:i], value, *row[i + 1 :]] for row in background]
            means.append(model.predict(optimiser.space.transform(changed)).mean())
        if parameter.kind == "categorical":
            axes.plot(range(len(values)), means, "o-", color=COLOURS[0])
            axes.set_xticks(range(len(values)), [str(v) for v in values], rotation=30)
        else:
            axes.plot(values, means, color=COLOURS[0])
            if parameter.scale == "log":
                _logarithmic(axes, float(values[-1]) / float(values[0]))
            counted = [p for p in known if name in p.values]
            at, errors = [p.values[name] for p in counted], [p.error for p in counted]
            axes.plot(at, errors, ".", color=COLOURS[1], alpha=0.5)
        axes.set_xlabel(name)
    for axes in grid[count:]:
        axes.set_visible(False)
    grid[0].set_ylabel("error")
    figure.suptitle("Partial dependence of the error")
    return figure


@styled
def evaluations(space: Space, points: Sequence[Point]) -> Any:
    """Draw where the points lie, for each pair of parameters; colours give their order."""
    import matplotlib.pyplot as plt
    from skopt.plots import plot_evaluations

    known = _known(points)
    result = surrogate(space, known).get_result()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = plot_evaluations(result, bins=10)
        figure = np.ravel(drawn)[0].get_figure() if np.size(drawn) > 1 else drawn.get_figure()
        plt.close(figure)
        for axes in figure.axes:
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.yaxis.set_minor_formatter(NullFormatter())
        return figure


def _logarithmic(axes: Axes, ratio: float) -> None:
    """Make the horizontal axis logarithmic, with ticks between the powers of ten where there are few of these."""
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    if ratio < FEW_DECADES:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")


def _known(points: Sequence[Point]) -> list[Point]:
    known = [point for point in points if point.error is not None]
    if len(known) < 3:
        raise InputError(f"{len(known)} points have an error; a figure needs at least 3")
    return known

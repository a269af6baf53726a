"""Figures 8 and 11: the loss of a network with two weights, and paths of gradient descent on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.pictures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, subplots
from results.figures.registry import figure

Array = NDArray[np.float64]

INPUTS = np.linspace(-2, 2, 21)
BIAS = 0.3
BEST = (1.6, 0.8)
TARGETS = BEST[1] * np.tanh(BEST[0] * INPUTS + BIAS)
"""Outputs of a network of the same kind with the weights `BEST`, so that the global minimum is 0. Without the bias,
opposite weights would have the same loss, and both minima the same depth."""

STEPS = 2000
BATCH = 7
RATE = {"SGD": 0.35, "Adam": 0.12}
"""Initial learning rates."""

STARTS = ((-2.4, -1.7), (2.2, -1.9), (-0.4, 2.2), (0.6, -1.6))


def loss(first: Array | float, second: Array | float) -> Array:
    """Return the mean squared error (equation 12) of y = second tanh(first x + bias), of the shape of the weights."""
    a, b = np.asarray(first, float)[..., None], np.asarray(second, float)[..., None]
    return np.asarray(((b * np.tanh(a * INPUTS + BIAS) - TARGETS) ** 2).mean(axis=-1))


def gradient(weights: Array, chosen: slice | NDArray[np.int64] = slice(None)) -> Array:
    """Return the gradient of the loss of the chosen examples by the chain rule (equations 16 and 17), shape (2,)."""
    a, b = weights
    x = INPUTS[chosen]
    hidden = np.tanh(a * x + BIAS)
    error = 2 * (b * hidden - TARGETS[chosen]) / len(x)
    return np.array([(error * b * (1 - hidden**2) * x).sum(), (error * hidden).sum()])


def sgd(start: Sequence[float], rate: float = RATE["SGD"], steps: int = STEPS) -> Array:
    """Return the path of stochastic gradient descent (equation 18), shape (steps + 1, 2)."""
    path = [np.asarray(start, float)]
    for step, chosen in enumerate(_batches(steps)):
        path.append(path[-1] - rate * _decay(step) * gradient(path[-1], chosen))
    return np.array(path)


def adam(start: Sequence[float], rate: float = RATE["Adam"], steps: int = STEPS) -> Array:
    """Return the path of Adam (Kingma and Ba 2015), shape (steps + 1, 2)."""
    path, first, second = [np.asarray(start, float)], np.zeros(2), np.zeros(2)
    for step, chosen in enumerate(_batches(steps), start=1):
        slope = gradient(path[-1], chosen)
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        change = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        path.append(path[-1] - rate * _decay(step) * change)
    return np.array(path)


def _batches(steps: int) -> NDArray[np.int64]:
    """Return the examples of each step, shape (steps, BATCH), the same for every descent."""
    rng = np.random.default_rng(0)
    return np.array([rng.choice(len(INPUTS), BATCH, replace=False) for _ in range(steps)])


def _decay(step: int) -> float:
    """Return the factor of the learning rate, which decays so that the noise of batches dies out."""
    return 1 / (1 + step / 300)


@figure(
    "08-loss-surface",
    says="The loss over two weights, with a saddle between two valleys, and one gradient descent from P to the star.",
)
def surface() -> Figure:
    """Draw the loss over both weights, its two minima, and one descent (figure 8)."""
    figure, axes = subplots(0.75, 3.8, subplot_kw={"projection": "3d"})
    a, b = np.meshgrid(np.linspace(-3, 3, 90), np.linspace(-2.5, 2.5, 90))
    axes.plot_surface(a, b, loss(a, b), cmap="cividis", alpha=0.75, linewidth=0)
    path = sgd(STARTS[1])
    height = loss(*path.T) + 0.05
    axes.plot(*path.T, height, color=VERMILLION, linewidth=2, zorder=5)
    axes.plot(*path[:1].T, height[:1], "o", color=VERMILLION, zorder=6)
    axes.text(*path[0], height[0] + 0.15, "P", color=VERMILLION, zorder=6)
    axes.plot(*path[-1:].T, height[-1:], "*", color=VERMILLION, markersize=10, zorder=6)
    axes.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", zlabel="loss")
    axes.view_init(40, -35)
    return figure


@figure(
    "11-descent",
    says="Paths of SGD and Adam from four starting points (dots) to their ends (stars): the start decides whether the "
    "global minimum is found or a local one.",
)
def paths() -> Figure:
    """Draw SGD and Adam from several starts (figure 11)."""
    figure, panels = subplots(1, 3.1, 1, 2, sharey=True)
    a, b = np.meshgrid(np.linspace(-3, 3, 160), np.linspace(-2.5, 2.5, 160))
    heights = loss(a, b)
    methods: dict[str, Callable[[Sequence[float]], Array]] = {"SGD": sgd, "Adam": adam}
    for axes, (name, method) in zip(panels, methods.items(), strict=True):
        axes.contourf(a, b, np.log10(np.maximum(heights, 1e-3)), levels=20, cmap="Greys_r", alpha=0.6)
        for start, colour in zip(STARTS, (BLUE, ORANGE, GREEN, PURPLE), strict=True):
            path = method(start)
            end = float(loss(*path[-1]))
            axes.plot(*path.T, color=colour, label=f"final loss {end:.3f}")
            axes.plot(*path[0], "o", color=colour)
            axes.plot(*path[-1], "*", color=colour, markersize=10, markeredgecolor="white")
        axes.set(xlabel=r"$\theta_1$", xlim=(-3, 3), ylim=(-2.5, 2.5))
        axes.set_title(f"{name}, {STEPS} steps, initial rate {RATE[name]}")
        axes.legend(loc="upper left", framealpha=0.8, frameon=True, fontsize=6.5)
    panels[0].set_ylabel(r"$\theta_2$")
    return figure

"""Figures 7, 9, 10 and 12: a network coloured by trained weights, and its layers as products of matrices."""

from __future__ import annotations

from functools import cache

import numpy as np
import seaborn as sns
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.initialisers import Initial, Normal
from models.losses import CrossEntropy
from models.network import Hidden, Input, Leaky, Network, Weights
from models.problem import Problem
from models.regulariser import Regulariser
from models.windows import Gaussian
from pipeline.pictures.style import BLACK, VERMILLION, subplots
from results.figures.registry import figure

DIVERGING = "PuOr"
"""A colour map without red and green."""

SIZES = (3, 6, 3)
"""Neurons of the matrix figures' layers."""

CHANNELS, STEPS = 5, 150
COURSES = ((0.25, 0.0), (0.75, 0.0), (0.15, 0.7), (0.85, -0.7))
"""Four synthetic words, bands of channels that stay low or high, rise or fall: where they begin, and their slopes."""


@figure("07-network", says="A network of three layers whose connections are coloured by their trained weights.")
def layers() -> Figure:
    """Draw a three-layer network whose connections are coloured by trained weights (figure 7)."""
    weights = _trained_weights()
    matrices = [weights[name] / np.abs(weights[name]).max() for name in ("input_hidden", "hidden_output")]
    norm, colours = Normalize(-1, 1), colormaps[DIVERGING]
    figure, axes = subplots(0.75, 3.4)
    sizes = (len(matrices[0]), len(matrices[1]), matrices[1].shape[1])
    places = [[(x, y) for y in np.linspace(0.95, -0.95, n)] for x, n in enumerate(sizes)]
    for matrix, before, after in zip(matrices, places[:-1], places[1:], strict=True):
        for (i, j), value in np.ndenumerate(matrix):
            (x0, y0), (x1, y1) = before[i], after[j]
            axes.plot([x0, x1], [y0, y1], color=colours(norm(value)), linewidth=0.4 + 2.2 * abs(value), zorder=1)
    for column, name in zip(places, ("input", "hidden", "output"), strict=True):
        xs, ys = np.array(column).T
        axes.scatter(xs, ys, s=130, color="white", edgecolor=BLACK, zorder=2)
        axes.text(column[0][0], 1.12, name, ha="center")
    axes.set(xlim=(-0.2, 2.2), ylim=(-1.15, 1.3))
    axes.axis("off")
    label = "weight / greatest absolute weight of its layer"
    figure.colorbar(ScalarMappable(norm, colours), ax=axes, label=label, shrink=0.8)
    return figure


@figure("09-matrix-form", says="Two layers as products of matrices, of sizes 1 × 3 times 3 × 6 and 1 × 6 times 6 × 3.")
def matrix_form() -> Figure:
    """Draw a network's two products, x W = h and h W = y, with their numbers (figure 9)."""
    x, w, h, v, y = _numbers()
    figure, axes = subplots(1, 2.6, 1, 5, width_ratios=(3, 6, 6, 3, 3))
    shown = ((x[None], "x"), (w, "$W^{x-h}$"), (h[None], "h"), (v, "$W^{h-y}$"), (y[None], "y"))
    for ax, (matrix, name), sign in zip(axes, shown, ("×", "=", "×", "=", ""), strict=True):
        _heat(ax, matrix, f"{name}\n{matrix.shape[0]} × {matrix.shape[1]}")
        ax.text(1.06, 0.5, sign, transform=ax.transAxes, ha="center", va="center", size=11)
    return figure


@figure(
    "10-one-neuron", says="The weighted sum of the first hidden neuron is the product of the framed row and column."
)
def one_neuron() -> Figure:
    """Draw the weighted sum of the first hidden neuron (figure 10; equation 13)."""
    x, w, h, _, _ = _numbers()
    figure, axes = subplots(1, 1.9, 1, 3, width_ratios=(3, 6, 6))
    shown = ((x[None], "x", (3, 1)), (w, "$W^{x-h}$", (1, 3)), (h[None], "h", (1, 1)))
    for ax, (matrix, name, frame) in zip(axes, shown, strict=True):
        _heat(ax, matrix, name)
        ax.add_patch(Rectangle((0, 0), *frame, fill=False, edgecolor=VERMILLION, linewidth=2.5, clip_on=False))
    terms = " + ".join(f"{a:.1f} · {b:.1f}" for a, b in zip(x, w[:, 0], strict=True))
    figure.suptitle(f"$h_1$ = {terms} = {h[0]:.2f}", weight="normal")
    return figure


@figure(
    "12-backward",
    says="Backpropagation: the gradient of each weight matrix is the product of its layer's inputs, a column, and the "
    "gradient with respect to its outputs, a row.",
)
def backward() -> Figure:
    """Draw the gradients of both matrices as outer products (figure 12; equations 12, 16 and 17)."""
    x, _, h, v, y = _numbers()
    error, below = errors(y, v)
    figure, rows = subplots(1, 3.8, 2, 3, width_ratios=(1.2, 6, 6))
    of_output = (h, error, ("h", "∂L/∂y", "∂L/∂$W^{h-y}$"))
    of_hidden = (x, below, ("x", "∂L/∂h = ∂L/∂y $W^T$", "∂L/∂$W^{x-h}$"))
    for row, (column, line, names) in zip(rows, (of_output, of_hidden), strict=True):
        for ax, matrix, name in zip(row, (column[:, None], line[None], np.outer(column, line)), names, strict=True):
            _heat(ax, matrix, name)
    return figure


def errors(y: NDArray[np.float64], v: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gradients of the mean squared error with respect to outputs (equation 12) and hidden neurons (17).

    The outputs y have the shape (outputs,), their weights v the shape (hidden, outputs).
    """
    error = 2 / len(y) * (y - np.array([1.0, 0.0, 0.0]))
    return error, error @ v.T


def _numbers() -> tuple[NDArray[np.float64], ...]:
    """Return inputs x, weights W, hidden h, weights V and outputs y, of the sizes `SIZES` as in the thesis."""
    rng = np.random.default_rng(5)
    x = np.array([0.8, -0.4, 1.2])
    w, v = rng.normal(0, 0.7, SIZES[:2]).round(1), rng.normal(0, 0.7, SIZES[1:]).round(1)
    h = x @ w
    return x, w, h, v, h @ v


def _heat(axes: Axes, matrix: NDArray[np.float64], title: str) -> None:
    look = {"cmap": DIVERGING, "vmin": -2, "vmax": 2, "cbar": False, "xticklabels": False, "yticklabels": False}
    sns.heatmap(matrix, annot=True, fmt=".1f", annot_kws={"size": 7}, square=True, linewidths=0.5, ax=axes, **look)
    axes.set_title(title, size=8, weight="normal")


@cache
def _trained_weights() -> Weights:
    """Return the weights of a feed-forward network of 5, 8 and 4 neurons after training on synthetic words."""
    network = Network(Input(CHANNELS), (Hidden(8, recurrent=None),), Leaky(len(COURSES)))
    initial = Initial(input=Normal(2.0, 1.0), output=Normal(0, 0.3))
    loss, regulariser = CrossEntropy(Gaussian(mu=0.5, sigma=0.3), 10.0), Regulariser(lift=0.1)
    problem = Problem(network, loss, 1.0, STEPS, regulariser=regulariser, least_slope=0.1)
    engine = CpuEngine(problem, initial.draw(network, 2))
    for epoch in range(60):
        engine.train_epoch([_synthetic_words(32, 100 + epoch)], 0.02)
    return engine.weights


def _synthetic_words(examples: int, seed: int) -> SpikeBatch:
    """Return examples, one of each of `COURSES` in turn."""
    rng = np.random.default_rng(seed)
    steps, units, offsets = [], [], [0]
    for example in range(examples):
        begin, slope = COURSES[example % len(COURSES)]
        times = np.sort(rng.integers(5, 120, 3 * CHANNELS))
        centre = begin + slope * (times / 120)
        places = np.clip((centre + rng.normal(0, 0.05, len(times))) * CHANNELS, 0, CHANNELS - 1).astype(np.int32)
        _, first = np.unique(times * CHANNELS + places, return_index=True)
        steps.append(times[first].astype(np.int32))
        units.append(places[first])
        offsets.append(offsets[-1] + len(first))
    labels = np.arange(examples) % len(COURSES)
    return SpikeBatch(np.concatenate(steps), np.concatenate(units), np.array(offsets), labels)

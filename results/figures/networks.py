"""Figures 7, 9, 10 and 12: a network coloured by trained weights, and its layers as products of matrices."""

from __future__ import annotations

import numpy as np
import seaborn as sns
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from pipeline.pictures.style import BLACK, VERMILLION, WIDTH, styled
from results.figures.registry import figure
from results.figures.toy_network import trained_weights

DIVERGING = "PuOr"
"""A colour map without red and green."""

SIZES = (3, 6, 3)
"""Neurons of the matrix figures' layers."""


@figure("07-network", says="A network of three layers whose connections are coloured by their trained weights.")
@styled
def layers() -> Figure:
    """Draw a three-layer network whose connections are coloured by trained weights (figure 7)."""
    weights = trained_weights()
    matrices = [weights[name] / np.abs(weights[name]).max() for name in ("input_hidden", "hidden_output")]
    norm, colours = Normalize(-1, 1), colormaps[DIVERGING]
    figure = Figure(figsize=(0.75 * WIDTH, 3.4), layout="constrained")
    axes = figure.add_subplot()
    places = [_column(x, n) for x, n in enumerate((len(matrices[0]), len(matrices[1]), matrices[1].shape[1]))]
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
    figure.colorbar(
        ScalarMappable(norm, colours), ax=axes, label="weight / greatest absolute weight of its layer", shrink=0.8
    )
    return figure


@figure("09-matrix-form", says="Two layers as products of matrices, of sizes 1 × 3 times 3 × 6 and 1 × 6 times 6 × 3.")
@styled
def matrix_form() -> Figure:
    """Draw a network's two products, x W = h and h W = y, with their numbers (figure 9)."""
    x, w, h, v, y = _numbers()
    figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    axes = figure.subplots(1, 5, width_ratios=(3, 6, 6, 3, 3))
    shown = ((x[None], "x"), (w, "$W^{x-h}$"), (h[None], "h"), (v, "$W^{h-y}$"), (y[None], "y"))
    for ax, (matrix, name), sign in zip(axes, shown, ("×", "=", "×", "=", ""), strict=True):
        _heat(ax, matrix, f"{name}\n{matrix.shape[0]} × {matrix.shape[1]}")
        ax.text(1.06, 0.5, sign, transform=ax.transAxes, ha="center", va="center", size=11)
    return figure


@figure(
    "10-one-neuron", says="The weighted sum of the first hidden neuron is the product of the framed row and column."
)
@styled
def one_neuron() -> Figure:
    """Draw the weighted sum of the first hidden neuron (figure 10; equation 13)."""
    x, w, h, _, _ = _numbers()
    figure = Figure(figsize=(WIDTH, 1.9), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(3, 6, 6))
    for ax, matrix, name in zip(axes, (x[None], w, h[None]), ("x", "$W^{x-h}$", "h"), strict=True):
        _heat(ax, matrix, name)
    _mark(axes[0], 0, 0, 1, 3)
    _mark(axes[1], 0, 0, 3, 1)
    _mark(axes[2], 0, 0, 1, 1)
    terms = " + ".join(f"{a:.1f} · {b:.1f}" for a, b in zip(x, w[:, 0], strict=True))
    figure.suptitle(f"$h_1$ = {terms} = {h[0]:.2f}", weight="normal")
    return figure


@figure(
    "12-backward",
    says="Backpropagation: the gradient of each weight matrix is the product of its layer's inputs, a column, and the "
    "gradient with respect to its outputs, a row.",
)
@styled
def backward() -> Figure:
    """Draw the gradients of both matrices as outer products (figure 12; equations 12, 16 and 17)."""
    x, _, h, v, y = _numbers()
    error, below = errors(y, v)
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    rows = figure.subplots(2, 3, width_ratios=(1.2, 6, 6))
    for row, (column, line, names) in zip(
        rows,
        ((h, error, ("h", "∂L/∂y", "∂L/∂$W^{h-y}$")), (x, below, ("x", "∂L/∂h = ∂L/∂y $W^T$", "∂L/∂$W^{x-h}$"))),
        strict=True,
    ):
        for ax, matrix, name in zip(row, (column[:, None], line[None], np.outer(column, line)), names, strict=True):
            _heat(ax, matrix, name)
    return figure


def errors(y: NDArray[np.float64], v: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gradients of the mean squared error with respect to outputs (equation 12) and hidden neurons (17).

    Parameters
    ----------
    y : ndarray, shape (outputs,)
    v : ndarray, shape (hidden, outputs)

    Returns
    -------
    ndarray, shape (outputs,)
    ndarray, shape (hidden,)
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


def _mark(axes: Axes, row: int, column: int, rows: int, columns: int) -> None:
    axes.add_patch(
        Rectangle((column, row), columns, rows, fill=False, edgecolor=VERMILLION, linewidth=2.5, clip_on=False)
    )


def _column(x: float, neurons: int) -> list[tuple[float, float]]:
    return [(x, y) for y in np.linspace(0.95, -0.95, neurons)]

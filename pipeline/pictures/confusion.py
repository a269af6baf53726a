"""What is taken for what."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pipeline.pictures.style import COUNTS, styled

CELL = 0.3
"""Inches: a count of three digits fits in."""
MARGIN = 2.2
"""Inches for names, labels and the colour bar."""


@styled
def confusion(counts: ArrayLike, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix: counts in words, their fraction of the row in colour.

    Parameters
    ----------
    counts : array_like of int, shape (classes, classes)
        Examples by true class (rows) and by the network's answer (columns).
    classes : sequence of str
        Names.

    Returns
    -------
    Figure
        A cell without examples is left without a number.
    """
    matrix = np.asarray(counts)
    totals = matrix.sum(axis=1, keepdims=True)
    fractions = matrix / np.maximum(totals, 1)
    side = max(CELL * len(classes), 1.5) + MARGIN
    figure = Figure(figsize=(side + 0.5, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(fractions, cmap=COUNTS, vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(matrix), strict=True):
        axes.text(
            column,
            row,
            str(matrix[row, column]),
            ha="center",
            va="center",
            fontsize=7,
            color=_readable(fractions[row, column]),
        )
    axes.set_xticks(range(len(classes)), classes, rotation=90)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("answer")
    axes.set_ylabel("spoken")
    axes.spines[:].set_visible(False)
    right, all_of_them = int(np.trace(matrix)), int(matrix.sum())
    axes.set_title(f"{right:,} of {all_of_them:,} right ({right / max(all_of_them, 1):.1%})")
    bar = figure.colorbar(image, ax=axes, shrink=0.6)
    bar.set_label("fraction of the spoken word")
    bar.outline.set_visible(False)
    return figure


def _readable(fraction: float) -> str:
    """Return white on dark colours and black on light ones, by relative luminance (ITU-R BT.709)."""
    red, green, blue, _ = mpl.colormaps[COUNTS](fraction)
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45 else "white"

"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pipeline.pictures.style import COUNTS, literal, styled

CELL = 0.3
"""Side of a cell in inches, enough for a count of three digits."""
MARGIN = 2.2
"""Room for names, labels and the colour bar in inches."""


@styled
def confusion(counts: ArrayLike, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix: counts as numbers, their fraction of the row as colour.

    ``counts``, shape (classes, classes), are examples by true class (rows) and by the network's answer (columns).
    Cells without examples have no number.
    """
    matrix, names = np.asarray(counts), [literal(name) for name in classes]
    side = max(CELL * len(classes), 1.5) + MARGIN
    figure = Figure(figsize=(side + 0.5, side), layout="constrained")
    axes = figure.subplots()
    sns.heatmap(
        matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1),
        vmin=0,
        vmax=1,
        cmap=COUNTS,
        annot=np.where(matrix > 0, matrix.astype(str), ""),
        fmt="",
        annot_kws={"fontsize": 7},
        square=True,
        cbar_kws={"shrink": 0.6, "label": "fraction of the spoken word"},
        xticklabels=names,
        yticklabels=names,
        ax=axes,
    )
    axes.tick_params(axis="x", rotation=90)
    axes.tick_params(axis="y", rotation=0)
    correct, examples = int(np.trace(matrix)), int(matrix.sum())
    axes.set(xlabel="answer", ylabel="spoken")
    axes.set_title(f"{correct:,} of {examples:,} correct ({correct / max(examples, 1):.1%})")
    return figure

"""The style of all pictures: legible in print, in greyscale and with red-green colour blindness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure

# M. Okabe and K. Ito, "Color universal design", 2008.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
GREY = "#BBBBBB"

COUNTS = "Blues"
"""Colour map of amounts, from white to dark; lightness alone tells values apart."""

WIDTH = 7.0
"""Width of a figure in inches: that of a page's text."""

STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "figure.titlesize": 10,
    "figure.titleweight": "bold",
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.4,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}

Drawn = ParamSpec("Drawn")


def subplots(width: float, height: float, *grid: int, **how: Any) -> tuple[Figure, Any]:
    """Return a figure and its axes, as ``Figure.subplots`` takes them; the width is a fraction of a page's text.

    The height is in inches.
    """
    figure = Figure(figsize=(width * WIDTH, height), layout="constrained")
    return figure, figure.subplots(*grid, **how)


def literal(name: str) -> str:
    """Return a name as Matplotlib wants it, which takes dollars for formulas and leaves ``_x`` out of legends."""
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


@contextmanager
def defaults() -> Iterator[None]:
    """Let Matplotlib's own settings hold, whatever the user's matplotlibrc says; afterwards all is as it was."""
    with mpl.rc_context():
        mpl.rcdefaults()
        yield


def styled(draw: Callable[Drawn, Figure]) -> Callable[Drawn, Figure]:
    """Return a function that draws in the project's style and leaves the global style unchanged."""

    @wraps(draw)
    def drawn(*args: Drawn.args, **kwargs: Drawn.kwargs) -> Figure:
        with defaults():
            mpl.rcParams.update(STYLE)
            return draw(*args, **kwargs)

    return drawn

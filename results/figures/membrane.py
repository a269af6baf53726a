"""Figure 2: a membrane with its ion channels and Nernst potentials."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from pipeline.pictures.style import BLACK, BLUE, GREY, ORANGE, VERMILLION, subplots
from results.figures.registry import figure

CONCENTRATIONS = {"Na$^+$": (50.0, 440.0), "K$^+$": (400.0, 20.0)}
"""mM inside and outside the squid giant axon (Hodgkin 1964)."""

COLOURS = {"Na$^+$": ORANGE, "K$^+$": BLUE}
TEMPERATURE = 279.45
"""K: 6.3 degrees Celsius, as in Hodgkin and Huxley (1952)."""


def nernst(inside: float, outside: float, temperature: float = TEMPERATURE) -> float:
    """Return the Nernst potential of an ion of charge +1 in mV: (R T / F) ln(outside / inside).

    Both concentrations have the same unit; the temperature is in K.
    """
    return 1000 * 8.314462618 * temperature / 96485.33212 * math.log(outside / inside)


@figure(
    "02-membrane",
    says="A membrane with a sodium and a potassium channel. Red arrows: flow along the concentration gradient; black "
    "arrows: flow along the electric field at rest; E: Nernst potential. One mark stands for 10 mM.",
)
def membrane() -> Figure:
    """Draw the membrane, with one mark for every 10 mM of an ion."""
    figure, axes = subplots(0.85, 3.3)
    rng = np.random.default_rng(0)
    _bilayer(axes)
    for place, (name, (inside, outside)) in zip((3.0, 7.0), CONCENTRATIONS.items(), strict=True):
        _channel(axes, place, name, inside, outside)
    for name, amounts in CONCENTRATIONS.items():
        for amount, (low, high) in zip(amounts, ((0.1, 1.55), (2.75, 4.2)), strict=True):
            dots = rng.uniform((0.1, low), (9.9, high), (round(amount / 10), 2))
            axes.plot(*dots.T, "o" if "Na" in name else "^", color=COLOURS[name], markersize=4, alpha=0.75)
    for y, side in ((3.5, "outside"), (0.8, "inside")):
        axes.text(-0.1, y, side, rotation=90, ha="right", va="center")
    axes.set(xlim=(-0.4, 12.6), ylim=(0, 4.3))
    axes.axis("off")
    axes.plot([], [], "o", color=ORANGE, label="Na$^+$")
    axes.plot([], [], "^", color=BLUE, label="K$^+$")
    axes.legend(loc="center right")
    axes.set_title("Driving forces on ions at rest: concentration (red), electric field (black)")
    return figure


def _bilayer(axes: Axes) -> None:
    for x in np.arange(0.1, 10.0, 0.2):
        if min(abs(x - 3.0), abs(x - 7.0)) < 0.5:
            continue
        for y, way in ((1.75, 1), (2.55, -1)):
            axes.add_patch(Circle((x, y), 0.08, color=GREY))
            axes.plot([x, x], [y, y + 0.3 * way], color=GREY, linewidth=0.8)


def _channel(axes: Axes, x: float, name: str, inside: float, outside: float) -> None:
    for side in (-0.35, 0.17):
        axes.add_patch(FancyBboxPatch((x + side, 1.65), 0.18, 1.0, boxstyle="round,pad=0.03", color=COLOURS[name]))
    axes.add_patch(Rectangle((x - 0.13, 1.65), 0.26, 1.0, color="white"))
    down = outside > inside
    # The inside is negative at rest, so the electric field drives positive ions in.
    for shift, up, colour in ((-0.55, not down, VERMILLION), (0.6, False, BLACK)):
        ends = ((x + shift, 1.6), (x + shift, 2.7))
        tail, head = ends if up else ends[::-1]
        axes.add_patch(FancyArrowPatch(tail, head, arrowstyle="-|>", mutation_scale=9, color=colour))
    axes.text(x, 2.78, f"E = {nernst(inside, outside):.0f} mV", ha="center", va="bottom", backgroundcolor="white")

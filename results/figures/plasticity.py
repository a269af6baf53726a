"""Figure 13: LTP and LTD, from pairing experiments on a simulated synapse."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from models.neurons.stdp import PairSynapse
from pipeline.pictures.style import BLACK, BLUE, VERMILLION, WIDTH, styled

PAIRINGS = 60
PERIOD = 1000.0
"""ms between two pairings: sixty a minute, as Bi and Poo did."""


@styled
def window() -> Figure:
    """Draw the change of a synapse by the time from its input's spike to its neuron's, and the rule's own curve."""
    synapse = PairSynapse()
    distances = np.concatenate((np.arange(-80, 0, 4.0), np.arange(4, 81, 4.0)))
    changes = [synapse.pair(distance, PAIRINGS, PERIOD) / synapse.start - 1 for distance in distances]
    curve = np.linspace(-80, 80, 400)
    figure = Figure(figsize=(0.7 * WIDTH, 3.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(curve, 100 * PAIRINGS * synapse.rule(curve) / synapse.start, color=BLACK, linewidth=1, label="the rule")
    for sign, colour, name in ((1, BLUE, "potentiation (LTP)"), (-1, VERMILLION, "depression (LTD)")):
        chosen = np.sign(distances) == sign
        axes.plot(distances[chosen], 100 * np.array(changes)[chosen], "o", color=colour, markersize=4, label=name)
    axes.axhline(0, color=BLACK, linewidth=0.6)
    axes.axvline(0, color=BLACK, linewidth=0.6)
    axes.set(xlabel="time from input spike to output spike (ms)", ylabel=f"change after {PAIRINGS} pairings (%)")
    axes.legend()
    return figure

"""Figure 13: long-term potentiation and depression in pairing experiments on a simulated synapse."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from models.neurons.stdp import PairSynapse
from pipeline.pictures.style import BLACK, BLUE, VERMILLION, WIDTH, styled
from results.figures.registry import figure

PAIRINGS = 60
PERIOD = 1000.0
"""ms between two pairings: 60 per minute, as in Bi and Poo (1998)."""


@figure(
    "13-stdp",
    says="Spike-timing-dependent plasticity: the synapse grows if its input spikes before the neuron, and shrinks if "
    "it spikes after.",
)
@styled
def window() -> Figure:
    """Draw the change of a synaptic weight by the time from input to output spike, beside the rule's own curve."""
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
    axes.set(
        xlabel="time from input spike to output spike (ms)", ylabel=f"change of weight after\n{PAIRINGS} pairings (%)"
    )
    axes.legend()
    return figure

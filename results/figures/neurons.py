"""Figures 1, 3 to 6 and 13: neurons of two generations, three models of spiking neurons, and a plastic synapse."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from models.neurons.hodgkin_huxley import HodgkinHuxley, pulse
from models.neurons.lif import LeakyIntegrateAndFire
from models.neurons.patterns import PATTERNS
from models.neurons.stdp import PairSynapse
from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, subplots
from results.figures.registry import figure

PULSES = (5.0, 10.0, 15.0, 20.0)
"""ms: the three pulses of the thesis's figures, and the one that only its text names."""

AMPLITUDE = 10.0
"""uA / cm^2."""

CHARGE = 6.5
"""Input current of a spike of figure 1 per unit weight, for one step; tau_mem is 12 steps."""

PAIRINGS = 60
PERIOD = 1000.0
"""ms between two pairings: 60 per minute, as in Bi and Poo (1998)."""


@figure(
    "01-generations",
    says="(a) A neuron of the second generation outputs the rectified weighted sum of its inputs. (b) A neuron of the "
    "third generation integrates input spikes and spikes when its membrane voltage reaches the threshold.",
)
def generations() -> Figure:
    """Draw the response of a neuron of the second and one of the third generation to their inputs (figure 1)."""
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False)[0]
    rng = np.random.default_rng(3)
    weights = np.array([0.9, -0.4, 0.5])
    times = np.arange(200)
    inputs = np.array([np.sin(times / 17 + phase) for phase in (0.0, 1.1, 2.9)])
    total = weights @ inputs
    axes = left.subplots(3, 1, sharex=True)
    for x, w, colour in zip(inputs, weights, (BLUE, ORANGE, GREEN), strict=True):
        axes[0].plot(times, x, color=colour, label=f"w = {w}")
    axes[0].legend(loc="upper right", ncols=3, columnspacing=0.8, handlelength=1.2)
    axes[0].set(ylabel="inputs", ylim=(-1.2, 2.0), title="(a) second generation")
    axes[1].plot(times, total, color=BLACK)
    axes[1].set_ylabel("weighted sum")
    axes[2].plot(times, np.maximum(total, 0), color=VERMILLION)
    axes[2].set(ylabel="max(0, sum)", xlabel="time step")
    spikes = rng.random((3, 200)) < np.array([[0.12], [0.07], [0.1]])
    neuron = LeakyIntegrateAndFire(12.0)
    voltage, fired = neuron.simulate(CHARGE * weights @ spikes)
    axes = right.subplots(3, 1, sharex=True)
    for row, colour in enumerate((BLUE, ORANGE, GREEN)):
        axes[0].vlines(np.flatnonzero(spikes[row]), row - 0.35, row + 0.35, color=colour)
    axes[0].set(ylabel=f"input spikes,\ncurrent {CHARGE} w", yticks=[0, 1, 2], title="(b) third generation")
    axes[1].plot(times, voltage, color=BLACK)
    axes[1].axhline(neuron.threshold, color=GREY, linestyle="--")
    axes[1].set_ylabel("membrane voltage")
    axes[2].vlines(np.flatnonzero(fired), 0, 1, color=VERMILLION)
    axes[2].set(ylabel="output spikes", yticks=[], xlabel="time step")
    return figure


def hodgkin_huxley(length: float) -> Figure:
    """Draw the response of the Hodgkin-Huxley neuron to a current pulse of ``length`` ms (figures 3 to 5)."""
    trace = HodgkinHuxley().simulate(pulse(AMPLITUDE, 5.0, length), 50.0)
    figure, (above, below) = subplots(0.7, 3.4, 2, 1, sharex=True, height_ratios=(2, 1))
    above.plot(trace.times, trace.voltage, color=BLUE)
    above.set(ylabel="membrane voltage (mV)", ylim=(-85, 60))
    above.set_title(f"A pulse of {length:g} ms: {len(trace.spikes)} spike{'s' if len(trace.spikes) != 1 else ''}")
    current = above.twinx()
    current.plot(trace.times, trace.current, color=VERMILLION, linewidth=1)
    current.set(ylabel="input current (µA/cm²)", ylim=(-1, 60))
    current.spines["right"].set_visible(True)
    current.set_yticks([0, AMPLITUDE])
    for gate, colour, dashes in (("m", ORANGE, "-"), ("h", GREEN, "--"), ("n", BLACK, ":")):
        below.plot(trace.times, getattr(trace, gate), color=colour, linestyle=dashes, label=gate)
    below.set(xlabel="time (ms)", ylabel="gating variables", ylim=(0, 1))
    below.legend(ncols=3, loc="upper right")
    return figure


for _number, _length in zip(("03", "04", "05", "05b"), PULSES, strict=True):
    figure(
        f"{_number}-hodgkin-huxley-{_length:.0f}ms",
        says=f"Membrane voltage and gating variables of the Hodgkin-Huxley neuron during a current pulse of "
        f"{_length:g} ms.",
        length=_length,
    )(hodgkin_huxley)


@figure(
    "06-leaky",
    says="The membrane voltage of a leaky integrate-and-fire neuron rises with each input spike and decays; at the "
    "threshold the neuron spikes and is reset.",
)
def leaky() -> Figure:
    """Draw a leaky integrate-and-fire neuron's voltage under input spikes (figure 6; equations 6 to 8)."""
    neuron = LeakyIntegrateAndFire(20.0)
    rng = np.random.default_rng(1)
    steps = np.arange(300)
    arrivals = rng.random(300) < np.where((steps > 40) & (steps < 220), 0.16, 0.03)
    voltage, fired = neuron.simulate(6.0 * arrivals.astype(np.float64))
    figure, (axes, below) = subplots(0.8, 2.8, 2, 1, sharex=True, height_ratios=(4, 1))
    axes.plot(steps, voltage, color=BLUE)
    axes.axhline(neuron.threshold, color=GREY, linestyle="--")
    axes.text(299, neuron.threshold + 0.04, r"$V_{th}$", ha="right", va="bottom")
    axes.vlines(np.flatnonzero(fired), neuron.threshold, 1.5, color=VERMILLION, label="output spike")
    axes.set(ylabel="membrane voltage", ylim=(-0.05, 1.6))
    axes.legend(loc="upper right")
    below.vlines(np.flatnonzero(arrivals), 0, 1, color=BLACK)
    below.set(yticks=[], ylabel="input", xlabel="time step")
    return figure


@figure("06b-izhikevich", says="Twenty firing patterns of the Izhikevich neuron, each with its input current.")
def patterns() -> Figure:
    """Draw the twenty firing patterns of Izhikevich (2004), which the thesis describes."""
    figure, grid = subplots(1, 8.0, 5, 4)
    for axes, pattern in zip(grid.ravel(), PATTERNS, strict=True):
        times, v, _ = pattern.simulate()
        current = np.array([pattern.current(float(t)) for t in times])
        reach = max(float(np.ptp(current)), 1e-9)
        axes.plot(times, v, color=BLUE, linewidth=0.8)
        axes.plot(times, -98 + 12 * (current - current.min()) / reach, color=VERMILLION, linewidth=0.8)
        axes.set(ylim=(-102, 35), yticks=[-60, 30], xlim=(0, pattern.duration))
        axes.set_title(pattern.name, size=7.5, weight="normal")
        axes.tick_params(labelsize=6)
    figure.supxlabel("time (ms)", size=9)
    figure.supylabel("blue: membrane voltage (mV); red: input current (scaled)", size=9)
    return figure


@figure(
    "13-stdp",
    says="Spike-timing-dependent plasticity: the synapse grows if its input spikes before the neuron, and shrinks if "
    "it spikes after.",
)
def plasticity() -> Figure:
    """Draw the change of a synaptic weight by the time from input to output spike, beside the rule's own curve."""
    synapse = PairSynapse()
    distances = np.concatenate((np.arange(-80, 0, 4.0), np.arange(4, 81, 4.0)))
    changes = np.array([synapse.pair(distance, PAIRINGS, PERIOD) / synapse.start - 1 for distance in distances])
    curve = np.linspace(-80, 80, 400)
    figure, axes = subplots(0.7, 3.0)
    axes.plot(curve, 100 * PAIRINGS * synapse.rule(curve) / synapse.start, color=BLACK, linewidth=1, label="the rule")
    for sign, colour, name in ((1, BLUE, "potentiation (LTP)"), (-1, VERMILLION, "depression (LTD)")):
        chosen = np.sign(distances) == sign
        axes.plot(distances[chosen], 100 * changes[chosen], "o", color=colour, markersize=4, label=name)
    axes.axhline(0, color=BLACK, linewidth=0.6)
    axes.axvline(0, color=BLACK, linewidth=0.6)
    change = f"change of weight after\n{PAIRINGS} pairings (%)"
    axes.set(xlabel="time from input spike to output spike (ms)", ylabel=change)
    axes.legend()
    return figure

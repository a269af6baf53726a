"""An event-exact simulation of a network and its loss: no time step anywhere.

Between events the membrane of a leaky neuron is a sum of two exponentials,

    V(t) = A exp(-t / tau_mem) + B exp(-t / tau_syn),   B = tau_syn I_0 / (tau_syn - tau_mem),   A = V_0 - B,

which has one extremum at most, so that the first threshold crossing lies where V rises towards it and a bracketing
root finder cannot miss it. Everything is float64. The loss is a smooth function of the weights as long as no spike
comes or goes, and its finite differences are the truth that stepped gradients are held against.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from models.network import Leaky, Network

Array = NDArray[np.float64]
WindowFunction = Callable[[Array], Array]
"""w(u) for u = t / T, before normalisation to mean 1."""

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)
_PANELS = 6


@dataclass(frozen=True)
class Trial:
    """One example: input events (ms, ascending) by channel, its class, and the trial's length in ms."""

    times: Array
    units: NDArray[np.int64]
    label: int
    duration: float


@dataclass(frozen=True)
class Spike:
    """A hidden spike: its time in ms, its neuron, and I - V at the crossing (tau_mem dV/dt)."""

    time: float
    neuron: int
    slope: float


def hidden_spikes(network: Network, weights: Mapping[str, Array], trial: Trial) -> list[Spike]:
    """Return the hidden spikes of a trial in order."""
    line, hidden = network.input.delay_line, network.hidden
    w_rec = weights.get("hidden_hidden")
    arrivals: list[tuple[float, int, Array]] = []
    for event, (time, unit) in enumerate(zip(trial.times, trial.units, strict=True)):
        for copy in range(line.copies):
            row = weights["input_hidden"][copy * network.input.channels + unit]
            arrivals.append((time + copy * line.spacing, event * line.copies + copy, row))
    heapq.heapify(arrivals)
    voltage, current = np.zeros(hidden.size), np.zeros(hidden.size)
    now = 0.0
    spikes: list[Spike] = []
    while True:
        due = min(arrivals[0][0] if arrivals else math.inf, trial.duration)
        waits = [_crossing(hidden, v, i, due - now) for v, i in zip(voltage.tolist(), current.tolist(), strict=True)]
        fired = int(np.argmin(waits))
        wait = min(waits[fired], due - now)
        decay_mem, decay_syn = math.exp(-wait / hidden.tau_mem), math.exp(-wait / hidden.tau_syn)
        synaptic = current * (hidden.tau_syn / (hidden.tau_syn - hidden.tau_mem))
        voltage = (voltage - synaptic) * decay_mem + synaptic * decay_syn
        current = current * decay_syn
        now += wait
        if waits[fired] < math.inf:
            voltage[fired] = 0.0
            spikes.append(Spike(now, fired, current[fired] - hidden.threshold))
            if w_rec is not None:
                # The neuron that fired starts from a voltage of 0 and cannot fire again at once.
                heapq.heappush(arrivals, (now, len(trial.times) * line.copies + len(spikes), w_rec[fired]))
        elif now >= trial.duration:
            return spikes
        else:
            current = current + heapq.heappop(arrivals)[2]


def _crossing(neuron, voltage: float, current: float, horizon: float) -> float:  # type: ignore[no-untyped-def]
    """Return the time until ``voltage`` first reaches the threshold, or infinity if not before ``horizon``."""
    tau_mem, tau_syn, threshold = neuron.tau_mem, neuron.tau_syn, neuron.threshold
    if current <= voltage:
        return math.inf  # V falls now, and its only other extremum would be a minimum.
    b = tau_syn * current / (tau_syn - tau_mem)
    a = voltage - b

    def above(t: float) -> float:
        return a * math.exp(-t / tau_mem) + b * math.exp(-t / tau_syn) - threshold

    ratio = -(b * tau_mem) / (a * tau_syn)
    top = math.log(ratio) / (1 / tau_syn - 1 / tau_mem) if ratio > 0 else math.inf
    end = min(top, horizon) if top > 0 else horizon
    return brentq(above, 0.0, end, xtol=1e-14, rtol=1e-15) if above(end) > 0 else math.inf


def readout(windows: Sequence[WindowFunction], duration: float, output: Leaky, times: Array) -> Array:
    """Return (1 / T) * integral of w(t / T) times the voltage after a unit weight's spike, (windows, spikes).

    w is scaled to mean 1 over the trial.
    """
    whole, whole_weights = _quadrature(np.zeros(1), 1.0)
    t, t_weights = _quadrature(times, duration)
    lag = t - times[:, None]
    gain = output.tau_syn / (output.tau_mem - output.tau_syn)
    voltage = (np.exp(-lag / output.tau_mem) - np.exp(-lag / output.tau_syn)) * gain * t_weights / duration
    return np.array([(w(t / duration) * voltage).sum(axis=1) / (w(whole) * whole_weights).sum() for w in windows])


def _quadrature(since: Array, until: float) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Legendre panels from each of ``since`` to ``until``, (n, nodes)."""
    edges = np.linspace(since, until, _PANELS + 1, axis=-1)
    half = np.diff(edges, axis=-1)[..., None] / 2
    nodes = edges[..., :-1, None] + half * (1 + _NODES)
    return nodes.reshape(len(since), -1), (half * _NODE_WEIGHTS).reshape(len(since), -1)


@dataclass(frozen=True)
class ExactGradient:
    """Finite differences of the mean loss over some trials.

    Attributes
    ----------
    weights : dict of str to ndarray of float64, each (windows, pre, post)
    logits : ndarray of float64, shape (windows, trials, classes)
    spikes : list of list of Spike
        Hidden spikes of each trial.
    """

    weights: dict[str, Array]
    logits: Array
    spikes: list[list[Spike]]


def exact_gradient(
    network: Network,
    weights: Mapping[str, Array],
    trials: Sequence[Trial],
    windows: Sequence[WindowFunction],
    scale: float = 1.0,
    step: float = 1e-5,
) -> ExactGradient:
    """Return central differences of the mean cross-entropy, for several windows at once.

    Raises
    ------
    AssertionError
        If a weight's change makes a spike come or go: the loss has no derivative there.
    """

    def simulate(w: Mapping[str, Array]) -> list[list[Spike]]:
        return [hidden_spikes(network, w, trial) for trial in trials]

    def counts(spikes: list[list[Spike]]) -> list[list[int]]:
        return [np.bincount([s.neuron for s in of], minlength=network.hidden.size).tolist() for of in spikes]

    def traces(spikes: list[list[Spike]]) -> Array:
        """Return what a unit of output weight adds to the mean voltage, (windows, trials, hidden)."""
        return np.stack([_traces(network, of, trials[0].duration, windows) for of in spikes], axis=1)

    def losses(traces: Array, w_out: Array) -> Array:
        """Return mean losses, (windows,)."""
        logits = scale * traces @ w_out
        right = logits[:, np.arange(len(trials)), [trial.label for trial in trials]]
        return np.log(np.exp(logits - right[..., None]).sum(axis=2)).mean(axis=1)

    spikes = simulate(weights)
    gradients = {name: np.empty((len(windows), *w.shape)) for name, w in weights.items()}
    for name, w in weights.items():
        for index in np.ndindex(w.shape):
            sides = []
            for shift in (step, -step):
                moved = w.copy()
                moved[index] += shift
                changed = {**weights, name: moved}
                # Output weights change no spike.
                new = spikes if name == "hidden_output" else simulate(changed)
                assert counts(new) == counts(spikes), f"a spike comes or goes when {name}{index} moves"
                sides.append(losses(traces(new), changed["hidden_output"]))
            gradients[name][(slice(None), *index)] = (sides[0] - sides[1]) / (2 * step)
    return ExactGradient(gradients, scale * traces(spikes) @ weights["hidden_output"], spikes)


def _traces(network: Network, spikes: list[Spike], duration: float, windows: Sequence[WindowFunction]) -> Array:
    per_spike = readout(windows, duration, network.output, np.array([s.time for s in spikes]))
    return per_spike @ np.eye(network.hidden.size)[[s.neuron for s in spikes]]

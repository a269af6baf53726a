"""The winner-take-all network, step by step: one example with plasticity, or many without.

In a step input spikes that fall into it open conductances (after their synapses have learned from them), inhibition of
spikes ``delay`` steps ago arrives, voltages follow their equation with the mean of the conductances over the step, and
neurons whose voltage is at the threshold at the step's end spike.

The inhibitory layer of Diehl and Cook (2015) is folded into its effect: each of its neurons spikes once for each spike
of its excitatory partner, after which it inhibits all neurons but that. Its synapses from the input (Rybka et al. 2024
have them between a tenth of the pairs) and the delays of single synapses are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from models.kernels import kernel
from models.methods.stdp.plasticity import NONE, Plasticity, Traces, note_input, note_spike
from models.methods.stdp.rules import ADDITIVE, Windows


class Arrivals(NamedTuple):
    """Input spikes of examples.

    Attributes
    ----------
    starts : ndarray of int64, shape (examples, steps + 1)
        Those of step s of example b are from ``starts[b, s]`` to ``starts[b, s + 1]``.
    inputs : ndarray of int32, shape (arrivals,)
    many : ndarray of float32, shape (arrivals,)
        How many spikes of the input there are in the step.
    """

    starts: NDArray[np.int64]
    inputs: NDArray[np.int32]
    many: NDArray[np.float32]


class State(NamedTuple):
    """What a network carries from step to step.

    Attributes
    ----------
    clock : ndarray of int64, shape (1,)
        Steps so far.
    voltage, own : ndarray of float64, shape (hidden,)
        In mV; and the part of ``shared`` that is due to the neuron's own spikes, which do not inhibit it.
    excitation : ndarray of float32, shape (hidden,)
        Conductance in nS.
    shared : ndarray of float64, shape (1,)
        Conductance in nS that all spikes have opened.
    pausing : ndarray of int64, shape (hidden,)
        Steps of the refractory period that are left.
    waiting : ndarray of int32, shape (delay, hidden + 1)
        Neurons whose spikes are still to inhibit, by step modulo the delay, and at the end how many.
    """

    clock: NDArray[np.int64]
    voltage: NDArray[np.float64]
    own: NDArray[np.float64]
    excitation: NDArray[np.float32]
    shared: NDArray[np.float64]
    pausing: NDArray[np.int64]
    waiting: NDArray[np.int32]


@kernel()
def at_rest(hidden, neurons):  # type: ignore[no-untyped-def]
    """Return the state of a network that has seen nothing."""
    return State(
        np.zeros(1, np.int64),
        np.full(hidden, neurons.rest),
        np.zeros(hidden),
        np.zeros(hidden, np.float32),
        np.zeros(1),
        np.zeros(hidden, np.int64),
        np.zeros((neurons.delay, hidden + 1), np.int32),
    )


@kernel()
def present(arrivals, b, steps, weights, threshold, silenced, neurons, plasticity, state, counts):  # type: ignore[no-untyped-def]
    """Show example ``b`` for so many steps; add each neuron's spikes to ``counts``, shape (hidden,).

    ``threshold``, shape (hidden,), is in mV and grows by spikes; neurons that are ``silenced``, shape (hidden,), rest.
    """
    starts, hidden = arrivals.starts, weights.shape[1]
    begin = state.clock[0]
    end = begin + steps
    for step in range(steps):
        now = begin + step
        if step + 1 < starts.shape[1]:
            for a in range(starts[b, step], starts[b, step + 1]):
                i = arrivals.inputs[a]
                if plasticity.kind != NONE:
                    note_input(i, now, end, plasticity, weights)
                strength, row = arrivals.many[a] * np.float32(neurons.conductance), weights[i]
                for j in range(hidden):
                    state.excitation[j] += strength * row[j]
        due = state.waiting[now % neurons.delay]
        for k in range(due[-1]):
            state.own[due[k]] += neurons.inhibition
        state.shared[0] += neurons.inhibition * due[-1]
        due[-1] = 0
        for j in range(hidden):
            excitation = state.excitation[j] * neurons.mean_excitatory
            inhibition = max(state.shared[0] - state.own[j], 0.0) * neurons.mean_inhibitory
            state.excitation[j] *= np.float32(neurons.fade_excitatory)
            state.own[j] *= neurons.fade_inhibitory
            if state.pausing[j] > 0:
                state.pausing[j] -= 1
                continue
            if silenced[j]:
                continue
            total = neurons.leak + neurons.opens * excitation + inhibition
            drawn = neurons.leak * neurons.rest + neurons.drive * excitation + neurons.inhibitory * inhibition
            towards = drawn / total
            voltage = towards + (state.voltage[j] - towards) * np.exp(-neurons.step * total)
            if voltage >= threshold[j]:
                voltage = neurons.reset
                state.pausing[j] = neurons.refractory
                threshold[j] += np.float32(neurons.theta_plus)
                counts[j] += 1
                due[due[-1]] = j
                due[-1] += 1
                if plasticity.kind != NONE:
                    note_spike(j, now + 1, end, plasticity, weights)
            state.voltage[j] = voltage
        state.shared[0] *= neurons.fade_inhibitory
    state.clock[0] = end


@kernel()
def present_alone(arrivals, b, steps, weights, threshold, neurons, counts):  # type: ignore[no-untyped-def]
    """Show example ``b`` to a network at rest without plasticity; see `present`."""
    hidden = weights.shape[1]
    none, never = np.empty(0), np.empty(0, np.int64)
    windows = Windows(ADDITIVE, none, none, 0.0, 0.0)
    traces = Traces(none, none, none, none, none, np.empty((0, 0), np.float32), none, none)
    nothing = Plasticity(NONE, windows, traces, never, never, np.empty(0, np.int32))
    state, nobody = at_rest(hidden, neurons), np.zeros(hidden, np.bool_)
    present(arrivals, b, steps, weights, threshold.copy(), nobody, neurons, nothing, state, counts)


@kernel(parallel=True)
def present_all(arrivals, steps, weights, threshold, neurons, counts):  # type: ignore[no-untyped-def]
    """Show all examples as `present_alone` does; add spikes to ``counts``, shape (examples, hidden)."""
    for b in prange(counts.shape[0]):
        present_alone(arrivals, b, steps, weights, threshold, neurons, counts[b])

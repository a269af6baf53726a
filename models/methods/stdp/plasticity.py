"""What spikes do to synapses: pair rules at once, or an eligibility that a reward turns into changes later.

Time is counted in steps of the network, from the beginning of training. An input spike arrives at the beginning of a
step, a neuron spikes at the end of one. Each synapse is brought up to date only by spikes on either side of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel
from models.methods.stdp.rules import EXPONENTIAL, PROPORTIONAL, Windows

NONE, PAIRS, ELIGIBILITY = range(3)
"""Kinds of plasticity: none, weights by pairs of spikes, eligibility by traces."""

NEVER = -(2**62)
"""Step of the last spike of what has not spiked."""


class Traces(NamedTuple):
    """What eligibility is made of.

    Attributes
    ----------
    plus, minus : ndarray of float64, shape (steps + 1,)
        What is left of a trace of an input's and of a neuron's spikes after so many steps, times A_plus or A_minus.
    fade_plus, fade_minus : ndarray of float64, shape (steps + 1,)
        The same without the factor.
    left : ndarray of float64, shape (steps + 1,)
        What is left of an eligibility after so many steps, over tau_e in ms.
    eligibility : ndarray of float32, shape (inputs, hidden)
        As it will be at the end of the presentation.
    inputs, hidden : ndarray of float64
        Each trace at the time of its last spike.
    """

    plus: NDArray[np.float64]
    minus: NDArray[np.float64]
    fade_plus: NDArray[np.float64]
    fade_minus: NDArray[np.float64]
    left: NDArray[np.float64]
    eligibility: NDArray[np.float32]
    inputs: NDArray[np.float64]
    hidden: NDArray[np.float64]


class Plasticity(NamedTuple):
    """A kind of plasticity, its constants, and what it remembers.

    Attributes
    ----------
    last_input, last_spike : ndarray of int64, shapes (inputs,) and (hidden,)
        Step at whose beginning the last spike was.
    recent : ndarray of int32, shape (hidden + 1,)
        Neurons that have spiked, and at the end how many there are.
    """

    kind: int
    windows: Windows
    traces: Traces
    last_input: NDArray[np.int64]
    last_spike: NDArray[np.int64]
    recent: NDArray[np.int32]


def no_traces(inputs: int = 0, hidden: int = 0) -> Traces:
    """Return traces for plasticity that has none."""
    none = np.empty(0)
    return Traces(none, none, none, none, none, np.empty((0, 0), np.float32), none, none)


def plasticity(kind: int, windows: Windows, traces: Traces, inputs: int, hidden: int) -> Plasticity:
    """Return plasticity that has not met a spike yet."""
    last_input, last_spike = np.full(inputs, NEVER), np.full(hidden, NEVER)
    return Plasticity(kind, windows, traces, last_input, last_spike, np.zeros(hidden + 1, np.int32))


@kernel()
def changed(weight, change, form, exponent):  # type: ignore[no-untyped-def]
    """Return a weight after a change, within [0, 1]."""
    if form == PROPORTIONAL:
        change *= weight
    elif form == EXPONENTIAL:
        change *= np.exp(exponent * weight)
    return np.float32(min(max(weight + change, 0.0), 1.0))


@kernel()
def note_input(i, now, end, plasticity, weights):  # type: ignore[no-untyped-def]
    """Let an input spike at the beginning of step ``now`` meet each neuron's last spike."""
    last, recent = plasticity.last_spike, plasticity.recent
    if plasticity.kind == PAIRS:
        windows, row = plasticity.windows, weights[i]
        for k in range(recent[-1]):
            j = recent[k]
            apart = now - last[j]
            if apart < windows.minus.shape[0]:
                row[j] = changed(row[j], windows.minus[apart], windows.form, windows.slope_minus)
    elif plasticity.kind == ELIGIBILITY:
        traces, row = plasticity.traces, plasticity.traces.eligibility[i]
        for k in range(recent[-1]):
            j = recent[k]
            row[j] -= traces.minus[now - last[j]] * traces.hidden[j] * traces.left[end - now]
        before = plasticity.last_input[i]
        left = traces.fade_plus[now - before] * traces.inputs[i] if before >= 0 else 0.0
        traces.inputs[i] = left + 1
    plasticity.last_input[i] = now


@kernel()
def note_spike(j, now, end, plasticity, weights):  # type: ignore[no-untyped-def]
    """Let a neuron's spike at the beginning of step ``now``, the end of the one before, meet each input's last one."""
    last, recent = plasticity.last_input, plasticity.recent
    if plasticity.kind == PAIRS:
        windows = plasticity.windows
        for i in range(last.shape[0]):
            apart = now - last[i]
            if apart < windows.plus.shape[0]:
                weights[i, j] = changed(weights[i, j], windows.plus[apart], windows.form, windows.slope_plus)
    elif plasticity.kind == ELIGIBILITY:
        traces = plasticity.traces
        for i in range(last.shape[0]):
            if last[i] >= 0:
                traces.eligibility[i, j] += traces.plus[now - last[i]] * traces.inputs[i] * traces.left[end - now]
        before = plasticity.last_spike[j]
        left = traces.fade_minus[now - before] * traces.hidden[j] if before >= 0 else 0.0
        traces.hidden[j] = left + 1
    if plasticity.last_spike[j] == NEVER:
        recent[recent[-1]] = j
        recent[-1] += 1
    plasticity.last_spike[j] = now

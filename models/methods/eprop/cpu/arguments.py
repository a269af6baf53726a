"""What the kernels take: arrays and numbers in named tuples, which Numba passes as they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Connections, Neurons

Floats = NDArray[np.float32]

BLOCK = 128
"""Steps after which the traces of synapses are brought up to date: fixed, so that memory does not grow with the trial.
Case C of the benchmarks takes 1.6 ms an example with 32 steps, 1.2 with 64, 0.8 with 128."""

VOLTAGE, CURRENT_OUT, VOLTAGE_OUT, GRADIENT, ADAPTATION = range(5)
"""Traces of a synapse: of its target's voltage, of an output's current and voltage, the gradient so far, and of an
adaptive target's adaptation. With a regulariser the last trace is the sum of the eligibility trace."""

BY_VOLTAGE, BY_SOURCE, BY_ADAPTATION = range(3)
"""What a trace at the end of a block depends on at its beginning, besides itself: traces of the target's voltage, of
the source, and of the target's adaptation."""


class Rule(NamedTuple):
    """Numbers of one step.

    Attributes
    ----------
    alpha, beta, gain : float32
        Of hidden neurons; see `models.engines.coefficients.Coefficients`.
    alpha_out, beta_out, gain_out : float32
        Of outputs.
    threshold : float32
    height : float32
        Of the pseudo-derivative: gamma / threshold.
    jump, rho : float32
        What a spike adds to an adaptive threshold, and the factor by which that decays in a step.
    adaptive, regularised : bool
        Whether thresholds are adaptive, and whether sums of eligibility traces are wanted.
    """

    alpha: np.float32
    beta: np.float32
    gain: np.float32
    alpha_out: np.float32
    beta_out: np.float32
    gain_out: np.float32
    threshold: np.float32
    height: np.float32
    jump: np.float32
    rho: np.float32
    adaptive: bool
    regularised: bool


class Responses(NamedTuple):
    """What is left after some steps; each is of shape (BLOCK + 1,).

    Attributes
    ----------
    source : ndarray of float32
        Of a hidden neuron's current.
    current, voltage : ndarray of float32
        Of an output's current and voltage.
    arrival : ndarray of float32
        An output's voltage, of a current of 1.
    """

    source: Floats
    current: Floats
    voltage: Floats
    arrival: Floats


class Method(NamedTuple):
    """What does not change in a training.

    Attributes
    ----------
    rule : Rule
    responses : Responses
    sources : ndarray of float32, shape (traces, BLOCK, hidden)
        What an eligibility trace adds to each trace of its synapse by the end of a block, by the step in it.
    """

    rule: Rule
    responses: Responses
    sources: Floats


class Layers(NamedTuple):
    """The network.

    Attributes
    ----------
    connections : Connections
        Onto the hidden neurons.
    hidden, output : Neurons
    out_weights : ndarray of float32, shape (hidden, classes)
    classes : ndarray of int32, shape (classes,)
        Their numbers.
    """

    connections: Connections
    hidden: Neurons
    output: Neurons
    out_weights: Floats
    classes: NDArray[np.int32]


class Task(NamedTuple):
    """What the outputs are to say.

    Attributes
    ----------
    window : ndarray of float32, shape (steps,)
        Weight of each step; over the trial, of a normalised window, they add up to 1.
    targets : ndarray of float32, shape (examples, classes)
        Probabilities.
    sharpness : float32
        Factor on voltages before the softmax: scale / temperature.
    feedback : ndarray of float32, shape (classes, hidden)
        What carries errors to hidden neurons.
    """

    window: Floats
    targets: Floats
    sharpness: np.float32
    feedback: Floats


class Heard(NamedTuple):
    """What a batch's examples gave; written.

    Attributes
    ----------
    means : ndarray of float64, shape (examples, classes)
        Windowed mean probabilities; NaN where a voltage is not finite.
    counts : ndarray of int64, shape (examples, hidden)
        Spikes.
    raster : ndarray of bool, shape (examples, steps or 0, hidden)
    hidden, output : ndarray of float32, shape (examples, steps or 0, neurons)
        Voltages at the end of each step.
    """

    means: NDArray[np.float64]
    counts: NDArray[np.int64]
    raster: NDArray[np.bool_]
    hidden: Floats
    output: Floats


class Sums(NamedTuple):
    """Gradients of groups of examples; written.

    Attributes
    ----------
    first_of_group : ndarray of int64, shape (groups + 1,)
        Group ``g`` has the examples ``first_of_group[g]`` to ``first_of_group[g + 1] - 1``.
    hidden : ndarray of float32, shape (groups, rows, hidden)
        By weights onto hidden neurons, those from below above the recurrent ones.
    rates : ndarray of float32, shape (groups, rows or 0, hidden)
        Sums of eligibility traces: of d(spike count) / d(weight).
    output : ndarray of float32, shape (groups, hidden, classes)
    """

    first_of_group: NDArray[np.int64]
    hidden: Floats
    rates: Floats
    output: Floats

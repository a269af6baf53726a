"""What the kernels take: arrays and numbers in named tuples, which Numba passes as they are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch

Floats = NDArray[np.float32]


class Events(NamedTuple):
    """Events that arrive at a layer.

    Attributes
    ----------
    steps, units : ndarray of int32, shape (events,)
        In ascending steps within an example.
    fractions : ndarray of float32, shape (events,) or (0,)
        Of its step, at which each event happened; empty where all happen at a step's boundary.
    begins, ends : ndarray of int64, shape (examples,)
        Example ``b`` has the events ``begins[b]`` to ``ends[b] - 1``.
    lag : int
        Steps from an event's own to that of its arrival: 0 for the input, 1 for spikes.
    """

    steps: NDArray[np.int32]
    units: NDArray[np.int32]
    fractions: Floats
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    lag: int

    @classmethod
    def of_input(cls, batch: SpikeBatch) -> Events:
        """Return a batch's input events, which arrive at the beginning of their step."""
        return cls(batch.steps, batch.units, np.empty(0, np.float32), batch.offsets[:-1], batch.offsets[1:], 0)


class Connections(NamedTuple):
    """The connection from the layer below, and the recurrent one.

    Attributes
    ----------
    channels, copies, spacing : int
        Neurons below, copies of the delay line, and the steps from one copy to the next.
    n_below : int
        Rows of ``weights`` that belong to the connection from below: channels * copies. The recurrent ones follow.
    weights : ndarray of float32, shape (n_below, size) or (n_below + size, size)
    delays : ndarray of float32, shape of ``weights`` or (0, size)
        In steps.
    delayed_below, recurrent, delayed_self : bool
        Whether there is a recurrent connection, and which connections have delays.
    ring_size : int
        More than the longest delay and one step.
    """

    channels: int
    copies: int
    spacing: int
    n_below: int
    weights: Floats
    delays: Floats
    delayed_below: bool
    recurrent: bool
    delayed_self: bool
    ring_size: int


class Neurons(NamedTuple):
    """Parameters of the neurons.

    Attributes
    ----------
    table : ndarray of float32, shape (ROWS, at least size)
        See `table`.
    threshold : float32
        Infinite where neurons never spike.
    least_slope : float32
        Lower bound of a spike's slope tau_mem dV/dt in the jump of its adjoint.
    shared : bool
        Whether all neurons have the same time constants.
    biased : bool
        Whether gradients with respect to biases are wanted.
    """

    table: Floats
    threshold: np.float32
    least_slope: np.float32
    shared: bool
    biased: bool


class Arrivals(NamedTuple):
    """One connection's arrivals in one example, which are gathered into gradients from the latest on.

    Attributes
    ----------
    steps, units : ndarray of int32
        Of the example's events, the first of which is ``begin``.
    fractions : ndarray of float32
        As of `Events`.
    begin : int
    ends : ndarray of int64, shape (copies,) or (0,)
        Changed: by copy of the delay line, one behind the last event that has not been gathered yet. Empty where
        nothing is to be gathered.
    channels, lag, spacing : int
        See `Events` and `Connections`.
    first_row : int
        The connection's first row of the gradient.
    latest_first : bool
        Whether events of a source are added in descending order.
    """

    steps: NDArray[np.int32]
    units: NDArray[np.int32]
    fractions: Floats
    begin: int
    ends: NDArray[np.int64]
    channels: int
    lag: int
    spacing: int
    first_row: int
    latest_first: bool


class ForwardTape(NamedTuple):
    """What a forward pass through a layer recorded; valid until the layer's next forward pass.

    Attributes
    ----------
    steps, neurons : ndarray of int32, shape (examples, capacity)
        Spikes in order.
    fractions : ndarray of float32, shape (examples, capacity) or (examples, 0)
        Of its step, at which each spike happened; no columns where spikes lie on the grid.
    slopes : ndarray of float32, shape (examples, capacity)
        tau_mem dV/dt at each spike, before the reset.
    counts : ndarray of int64, shape (examples,)
        Spikes per example. Kernels write -1 where a voltage is not finite, and what is above the capacity where the
        layer must be run again with more room.
    diverged : ndarray of bool, shape (examples,)
        Whether a voltage is not finite; ``counts`` is 0 there.
    voltages : ndarray of float32, shape (examples, steps or 0, size)
        At the end of each step.
    states : ndarray of float32, shape (examples, 4 or 2 or 0, steps, size)
        What gradients with respect to time constants need: voltage and current at the beginning of each step, after
        what arrives then, and, with interpolated spike times, the sums of what arrives times its age and times the
        age's square.
    """

    steps: NDArray[np.int32]
    neurons: NDArray[np.int32]
    fractions: Floats
    slopes: Floats
    counts: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    voltages: Floats
    states: Floats

    def events(self) -> Events:
        """Return the spikes as the layer above sees them."""
        examples, capacity = self.steps.shape
        begins = np.arange(examples, dtype=np.int64) * capacity
        steps, neurons, fractions = self.steps.reshape(-1), self.neurons.reshape(-1), self.fractions.reshape(-1)
        return Events(steps, neurons, fractions, begins, begins + self.counts, 1)

    def spikes_of_neurons(self, size: int) -> NDArray[np.int64]:
        """Return spikes of each neuron over the batch, shape (size,)."""
        recorded = np.arange(self.neurons.shape[1]) < self.counts[:, None]
        return np.bincount(self.neurons[recorded], minlength=size)

    @property
    def min_slope(self) -> float:
        """The least slope of all spikes; infinite where there is none."""
        return min((float(s[:n].min()) for s, n in zip(self.slopes, self.counts, strict=True) if n), default=math.inf)


class LossGradient(NamedTuple):
    """Derivatives of the loss with respect to what a layer shows: where its adjoint begins.

    Attributes
    ----------
    spike_times : ndarray of float32, shape (examples, capacity)
        dL/dt of each spike, in 1 / step, as the layer above or the loss has it.
    push : ndarray of float32, shape (size,)
        The regulariser, added to p_V at every spike.
    voltages : ndarray of float32, shape (examples, steps, size) or (examples, 0, size)
        dL/dV at the end of each step, where the loss sees voltages.
    throughout : bool
        Whether dL/dV acts throughout its step instead of at its end.
    """

    spike_times: Floats
    push: Floats
    voltages: Floats
    throughout: bool


class GradientSums(NamedTuple):
    """What a backward pass writes.

    Attributes
    ----------
    first_of_group : ndarray of int64, shape (groups + 1,)
        Group ``g`` has the examples ``first_of_group[g]`` to ``first_of_group[g + 1] - 1``.
    weights, delays : ndarray of float32, shape (groups, rows of weights, size); the second may have 0 rows
        dL/dw, and dL/d(delay) in 1 / step.
    neurons : ndarray of float32, shape (groups, SUMS, size)
        What gradients with respect to biases and time constants are made of; see `models.engines.time_constants`.
    event_times : ndarray of float32, shape (examples, most events of an example) or (examples, 0)
        Where not empty: dL/dt of each event from below, in 1 / step.
    adjoints : ndarray of float32, shape (examples, 2 or 0, steps, size)
        Where not empty: p_V and p_I at the beginning of each step.
    """

    first_of_group: NDArray[np.int64]
    weights: Floats
    delays: Floats
    neurons: Floats
    event_times: Floats
    adjoints: Floats


class Scratch(NamedTuple):
    """Memory that a backward pass works in: one part per thread, which stays in its core's cache.

    Attributes
    ----------
    adjoint_currents : ndarray of float32, shape (threads, min(BLOCK, steps) + 1, size)
        p_I at the beginning of each step of a block.
    starts : ndarray of int32, shape (threads, rows of weights + 1)
    order : ndarray of int32, shape (threads, room)
    scales : ndarray of float32, shape (threads, room)
        For `gather`: room for twice an example's arrivals.
    """

    adjoint_currents: Floats
    starts: NDArray[np.int32]
    order: NDArray[np.int32]
    scales: Floats

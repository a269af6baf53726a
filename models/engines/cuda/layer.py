"""One population of a network on a GPU: its parameters there, and its two passes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.adam import Adam
from models.engines.coefficients import whole_steps
from models.engines.cuda.backward import SUMS, backward_kernel
from models.engines.cuda.events import Events, Sorted
from models.engines.cuda.forward import WARP, forward_kernel
from models.engines.cuda.memory import DeviceArray, Memory
from models.engines.cuda.sources import GROUP, gather
from models.engines.cuda.table import neuron_table
from models.engines.cuda.weights import Matrix
from models.engines.time_constants import SUMS as ALL_SUMS
from models.engines.time_constants import time_constant_gradients
from models.network import Spiking, Weights
from models.problem import Problem

FIRST_CAPACITY = 32
"""Spikes per example and neuron that there is room for at first; grown whenever a batch has more."""

GATHER_THREADS = 256


def neurons_per_thread(size: int) -> int:
    """Return how many neurons a thread has: few, so that small layers fill warps, or many, so that rows cost less."""
    return 1 if size <= 256 else 2 if size <= 512 else 4


class Tape(NamedTuple):
    """What a forward pass recorded, on the device; valid until the layer's next one.

    Attributes
    ----------
    steps, neurons : int32, shape (examples, capacity)
        Spikes in order.
    slopes : float32, shape (examples, capacity)
        tau_mem dV/dt at each spike, before the reset.
    begins : int64, shape (examples,)
        Each example's first spike where the rows of the above are laid end to end.
    pointers : int32, shape (examples, steps + 1)
        Spikes before each step; 0 throughout where a voltage is not finite.
    counts : int32, shape (examples,)
        Spikes of each example: -1 where a voltage is not finite, above the capacity where not all are on the tape.
    spikes : int32, shape (examples, width)
        Spikes of each neuron.
    drawn : float64, shape (examples, width)
        The readout's table, added up over the spikes of each neuron.
    """

    steps: DeviceArray
    neurons: DeviceArray
    slopes: DeviceArray
    begins: DeviceArray
    pointers: DeviceArray
    counts: DeviceArray
    spikes: DeviceArray
    drawn: DeviceArray

    def events(self) -> Events:
        """Return the spikes as the layer above sees them."""
        return Events(self.neurons.reshape(-1), self.steps.reshape(-1), self.begins, self.pointers, 1)


@dataclass(frozen=True)
class Part:
    """Examples of a batch that go backward together."""

    first: int
    end: int

    def __len__(self) -> int:
        """Return the number of examples."""
        return self.end - self.first


class Layer:
    """A population and what arrives at it.

    Parameters
    ----------
    problem : Problem
    name : str
        Of the population.
    weights : dict of str to ndarray
        All parameters of the engine.
    memory : Memory
    """

    def __init__(self, problem: Problem, name: str, weights: Weights, memory: Memory) -> None:
        self.problem, self.name, self.memory, self._weights = problem, name, memory, weights
        network = problem.network
        self.population = network.populations[name]
        self.size = self.population.size
        self.connections = [c for c in network.connections if c.target == name]
        self.below, self.recurrent = self.connections[0], len(self.connections) > 1
        line = network.input.delay_line
        first = self.below.kind == "input"
        self.copies = line.copies if first else 1
        self.spacing = whole_steps(line.spacing, problem.dt) if first else 0
        self.sources = self.below.shape[0] // self.copies
        self.per_thread = neurons_per_thread(self.size)
        self.threads = -(-self.size // (self.per_thread * WARP)) * WARP
        self.width = self.per_thread * self.threads
        self.matrix = Matrix(self.connections, self.width, memory, spare=1)
        self._capacity = FIRST_CAPACITY * self.size
        constants = self.population.time_constants
        self.wants_states = constants == "trained"
        self._own = self.population.bias or constants != "shared"
        self._sums_rows = SUMS if self.wants_states else int(self.population.bias)
        spiking = isinstance(self.population, Spiking)
        threshold = self.population.threshold if isinstance(self.population, Spiking) else math.inf
        self._threshold = np.float32(threshold)
        self._least_slope = np.float32(problem.least_slope * threshold if spiking else 0.0)
        self._nothing = memory.to_device(np.zeros((1, 1, 1, 1), np.float32))

    def push(self, adam: Adam) -> None:
        """Copy the parameters and their moments to the device."""
        self.matrix.push(self._weights, adam)
        self.refresh()

    def pull(self, adam: Adam) -> None:
        """Copy the weights of connections and their moments back."""
        self.matrix.pull(self._weights, adam)

    def refresh(self) -> None:
        """Follow biases and time constants, which the host learns."""
        tau_mem, tau_syn, bias = (self.parameter(name) for name in ("tau_mem", "tau_syn", "bias"))
        self._table = self.memory.put(
            (self.name, "table"), neuron_table(tau_mem, tau_syn, bias, self.problem.dt, self.width)
        )

    def parameter(self, name: str) -> NDArray[np.floating]:
        """Return tau_mem, tau_syn or bias of each neuron, shape (size,)."""
        own = self._weights.get(f"{self.name}_{name}")
        if own is not None:
            return own
        return np.full(self.size, getattr(self.population, name) if name != "bias" else 0.0)

    def states_room(self, part: Part) -> DeviceArray | None:
        """Return memory for what gradients with respect to time constants need of a part, if they are wanted."""
        if not self.wants_states:
            return None
        return self.memory.room((self.name, "states"), (len(part), 2, self.problem.steps, self.width))

    def tape(self, examples: int) -> Tape:
        """Return the tape of the last forward pass, or an empty one."""
        shape, steps, room = (examples, self._capacity), self.problem.steps, self.memory.room
        begins = self.memory.put((self.name, "begins"), np.arange(examples, dtype=np.int64) * self._capacity)
        return Tape(
            room((self.name, "steps"), shape, np.int32),
            room((self.name, "neurons"), shape, np.int32),
            room((self.name, "slopes"), shape),
            begins,
            room((self.name, "pointers"), (examples, steps + 1), np.int32),
            room((self.name, "counts"), (examples,), np.int32),
            room((self.name, "spikes"), (examples, self.width), np.int32),
            room((self.name, "drawn"), (examples, self.width), np.float64),
        )

    def grow(self, most: int) -> bool:
        """Make the next tape longer if an example had more spikes than it has room for, and say so."""
        if most <= self._capacity:
            return False
        self._capacity = most + most // 4
        return True

    def forward(
        self,
        events: Events,
        tape: Tape,
        gain: DeviceArray,
        part: Part,
        states: DeviceArray | None = None,
        voltages: DeviceArray | None = None,
    ) -> None:
        """Run some examples.

        Parameters
        ----------
        events : Events
        tape : Tape
            Written.
        gain : device array of float64, shape (steps + 1,)
            The readout's table.
        states : device array of float32, shape (examples of the part, 2, steps, width), optional
            Written.
        voltages : device array of float32, shape (examples of the part, steps, width), optional
            Written.
        """
        kernel = forward_kernel(self.per_thread, self._own, self.recurrent, states is not None, voltages is not None)
        kernel[len(part), self.threads, self.memory.stream](
            events.units, events.begins, events.pointers, part.first, self.sources, self.copies, self.spacing,
            events.lag, self.below.shape[0], self.matrix.weights, self._table, self._threshold, gain,
            tape.steps, tape.neurons, tape.slopes, tape.pointers, tape.counts, tape.spikes, tape.drawn,
            self._nothing[0] if voltages is None else voltages, self._nothing if states is None else states,
        )  # fmt: skip

    def backward(
        self,
        events: Events,
        tape: Tape,
        spike_times: DeviceArray,
        push: DeviceArray,
        part: Part,
        history: DeviceArray,
        states: DeviceArray | None,
        sums: DeviceArray,
        event_times: DeviceArray | None = None,
        drives: DeviceArray | None = None,
        voltages: DeviceArray | None = None,
    ) -> None:
        """Go back through some examples.

        Parameters
        ----------
        events, tape
            What the forward pass took and wrote.
        spike_times : device array of float32, shape (examples, capacity)
            dL/dt of each spike from above, in 1 / step.
        push : device array of float32, shape (width,)
            The regulariser at each spike.
        history : device array of float32, shape (examples of the part, steps, width)
            Written: p_I at the beginning of each step.
        states : device array of float32, or None
            See `states_room`; what the forward pass wrote.
        sums : device array of float32
            See `sums_room`; written.
        event_times : device array of float32, shape (examples, capacity of the layer below), optional
            Written: dL/dt of each event from below, in 1 / step.
        drives : device array of float32, shape of ``history``, optional
            dL/dV at the end of each step.
        voltages : device array of float32, shape of ``history``, optional
            Written: p_V at the beginning of each step.
        """
        below, driven, traced = (given is not None for given in (event_times, drives, voltages))
        kernel = backward_kernel(self.per_thread, self._own, self.recurrent, below, driven, self._sums_rows, traced)
        kernel[len(part), self.threads, self.memory.stream, 2 * 4 * self.width](
            events.units, events.begins, events.pointers, part.first, self.below.shape[0], self.matrix.weights,
            self._table, self._threshold, self._least_slope, tape.neurons, tape.slopes, tape.pointers, spike_times,
            push, self._nothing[0] if drives is None else drives, self._nothing if states is None else states, history,
            self._nothing[0] if voltages is None else voltages,
            self._nothing[0, 0] if event_times is None else event_times, sums,
        )  # fmt: skip

    def sums_room(self, examples: int) -> DeviceArray:
        """Return memory for what gradients of biases and time constants are made of."""
        return self.memory.room((self.name, "sums"), (examples, max(self._sums_rows, 1), self.width))

    def begin(self, examples: int) -> None:
        """Make room for the gradients of a batch."""
        self.matrix.begin(-(-examples // GROUP))

    def gather(self, part: Part, below: Sorted, itself: Sorted | None, lag: int, history: DeviceArray) -> None:
        """Add a part's gradients of weights to `Matrix.gradients`."""
        groups = (part.end - 1) // GROUP - part.first // GROUP + 1
        gradients, stream = self.matrix.gradients, self.memory.stream
        threads = min(GATHER_THREADS, self.width)
        gather[(self.below.shape[0], groups), threads, stream](
            *below, history, part.first, part.end, self.sources, self.spacing, lag, 0, gradients
        )
        if itself is not None:
            gather[(self.size, groups), threads, stream](
                *itself, history, part.first, part.end, self.size, 0, 1, self.below.shape[0], gradients
            )

    def learns_on_host(self) -> bool:
        """Whether it has parameters besides weights that are learned."""
        return self._sums_rows > 0

    def neuron_gradients(self, sums: DeviceArray) -> Weights:
        """Return the gradients of biases and time constants by name."""
        if not self._sums_rows:
            return {}
        [found] = self.memory.to_host(sums)
        rows = np.zeros((ALL_SUMS, self.size))
        rows[: self._sums_rows] = found[:, :, : self.size].sum(axis=0, dtype=np.float64)
        tau_mem, tau_syn, bias = (
            np.asarray(self.parameter(name), np.float64) for name in ("tau_mem", "tau_syn", "bias")
        )
        named: Weights = {}
        if self.population.bias:
            named[f"{self.name}_bias"] = (rows[0] * -np.expm1(-self.problem.dt / tau_mem)).astype(np.float32)
        if self.wants_states:
            by_mem, by_syn = time_constant_gradients(rows, tau_mem, tau_syn, bias, self.problem.dt, False)
            named |= {f"{self.name}_tau_mem": by_mem, f"{self.name}_tau_syn": by_syn}
        return named

    def push_of(self, counts: NDArray[np.int64], examples: int) -> DeviceArray:
        """Return the regulariser at each spike, shape (width,), for neurons with so many spikes over the batch."""
        push = self.problem.regulariser.push(counts, examples)
        return self.memory.put((self.name, "push"), np.pad(push, (0, self.width - self.size)))

    def times_room(self, examples: int) -> DeviceArray:
        """Return memory for dL/dt of each spike, shape (examples, capacity)."""
        return self.memory.room((self.name, "spike times"), (examples, self._capacity))

"""One population of a network on the CPU: its parameters as the kernels want them, and its two passes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.coefficients import whole_steps
from models.engines.cpu.backward import BLOCK, backward_layer
from models.engines.cpu.forward import forward_layer
from models.engines.cpu.gather import sum_groups
from models.engines.cpu.memory import aligned
from models.engines.cpu.table import neuron_table
from models.engines.time_constants import SUMS, time_constant_gradients
from models.network import Connection, Hidden, Network, Spiking, Weights

FIRST_CAPACITY = 32
"""Spikes an example and neuron that there is room for at first; grown whenever a batch has more."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """Time, as all layers share it.

    Attributes
    ----------
    dt : float
        Step in ms.
    steps : int
        Of a trial.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.
    threads : int
    least_slope : float
        In thresholds; see `CpuEngine`.
    """

    dt: float
    steps: int
    interpolated: bool
    threads: int
    least_slope: float = 0.0


@dataclass(frozen=True)
class Events:
    """Events that arrive at a layer; see `forward.forward_layer`."""

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


@dataclass(frozen=True)
class ForwardTape:
    """What a forward pass through a layer left behind; valid until the layer's next.

    Attributes
    ----------
    steps, neurons : ndarray of int32, shape (examples, capacity)
    fractions, slopes : ndarray of float32, shape (examples, capacity)
        The first has no columns where spikes lie on the grid.
    counts : ndarray of int64, shape (examples,)
        Spikes an example; 0 where it diverged.
    diverged : ndarray of bool, shape (examples,)
        Whether a voltage is no number any more.
    voltages : ndarray of float32, shape (examples, steps or 0, size)
    states : ndarray of float32, shape (examples, kinds, steps, size)
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


@dataclass
class Layer:
    """A population and what arrives at it.

    Attributes
    ----------
    network : Network
    name : str
        Of the population.
    grid : Grid
    weights : dict of str to ndarray
        All parameters of the engine; this layer's connections are replaced by views into one matrix, the connection
        from below above the recurrent one, as the kernels want it.
    """

    network: Network
    name: str
    grid: Grid
    weights: Weights
    _matrix: Floats = field(init=False)
    _capacity: int = field(init=False)
    _buffers: ForwardTape | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Lay the weights out."""
        self.population = self.network.populations[self.name]
        self.size = self.population.size
        own = [c for c in self.network.connections if c.target == self.name]
        self.below, self.itself = own[0], own[1] if len(own) > 1 else None
        self.connections = own
        line = self.network.input.delay_line
        first = self.below.kind == "input"
        self.copies = line.copies if first else 1
        self.spacing = whole_steps(line.spacing, self.grid.dt) if first else 0
        self.delayed = [c.synapses.delays != "none" for c in own]
        longest = max((c.synapses.longest for c in own), default=0.0)
        self.ring_steps = math.ceil(longest / self.grid.dt) + 3
        threshold, least_slope = math.inf, 0.0
        if isinstance(self.population, Spiking):
            threshold = self.population.threshold
            least_slope = self.grid.least_slope * threshold
        self.threshold, self._least_slope = np.float32(threshold), np.float32(least_slope)
        rows = sum(c.shape[0] for c in own)
        self._matrix = aligned((rows, self.size))
        for part, connection in self._parts():
            self._matrix[part] = self.weights[connection.name]
            self.weights[connection.name] = self._matrix[part]
        self._capacity = FIRST_CAPACITY * self.size
        self._gradients: dict[str, NDArray[np.generic]] = {}
        self.refresh()

    def _parts(self) -> Iterator[tuple[slice, Connection]]:
        begin = 0
        for connection in self.connections:
            yield slice(begin, begin + connection.shape[0]), connection
            begin += connection.shape[0]

    def parameter(self, name: str) -> NDArray[np.floating]:
        """Return tau_mem, tau_syn or bias of each neuron, shape (size,)."""
        own = self.weights.get(f"{self.name}_{name}")
        if own is not None:
            return own
        return np.full(self.size, getattr(self.population, name) if name != "bias" else 0.0)

    def refresh(self) -> None:
        """Follow parameters that the kernels do not read directly, after they have changed."""
        dt = self.grid.dt
        tau_mem, tau_syn, bias = (self.parameter(name) for name in ("tau_mem", "tau_syn", "bias"))
        self.table = neuron_table(tau_mem, tau_syn, bias, dt, self.grid.interpolated)
        self.delays = np.zeros((len(self._matrix) if any(self.delayed) else 0, self.size), np.float32)
        for (part, connection), delayed in zip(self._parts(), self.delayed, strict=True):
            if delayed:
                self.delays[part] = self.weights[f"{connection.name}_delay"] / np.float32(dt)

    @property
    def changes(self) -> bool:
        """Whether `refresh` is needed after learning."""
        return self.population.bias or self.population.time_constants == "trained" or any(self.delayed)

    @property
    def _shared(self) -> tuple[object, ...]:
        """Arguments that both kernels have in common, from channels to steps."""
        return (
            self.below.shape[0] // self.copies,
            self.copies,
            self.spacing,
            self.below.shape[0],
            self._matrix,
            self.delays,
            self.delayed[0],
            self.itself is not None,
            self.itself is not None and self.delayed[1],
            self.ring_steps,
            self.population.time_constants == "shared",
            self.table,
            self.threshold,
            self.grid.interpolated,
            self.grid.steps,
        )

    def forward(self, events: Events, voltages: bool = False, states: bool = False) -> ForwardTape:
        """Run a batch.

        Parameters
        ----------
        events : Events
        voltages : bool
            Keep the voltages at the end of every step.
        states : bool
            Keep what gradients of time constants need.

        Returns
        -------
        ForwardTape
        """
        examples, steps = len(events.begins), self.grid.steps
        kinds = (4 if self.grid.interpolated else 2) if states else 0
        traces = np.empty((examples, steps if voltages else 0, self.size), np.float32)
        inner = np.empty((examples, kinds, steps, self.size), np.float32)
        while True:
            made = self._room(examples)
            forward_layer(
                events.steps, events.units, events.fractions, events.begins, events.ends, events.lag, *self._shared,
                made.steps, made.neurons, made.fractions, made.slopes, made.counts, traces, inner,
            )  # fmt: skip
            most = int(made.counts.max(initial=0))
            if most <= self._capacity:
                diverged = made.counts < 0
                made.counts[diverged] = 0
                return ForwardTape(
                    made.steps, made.neurons, made.fractions, made.slopes, made.counts, diverged, traces, inner
                )
            self._capacity = most + most // 4

    def _room(self, examples: int) -> ForwardTape:
        """Return buffers for spikes, kept between batches: new pages cost more than what is done in them."""
        kept = self._buffers
        if kept is None or len(kept.counts) < examples or kept.steps.shape[1] != self._capacity:
            shape = (examples, self._capacity)
            kept = self._buffers = ForwardTape(
                np.empty(shape, np.int32),
                np.empty(shape, np.int32),
                np.empty(shape if self.grid.interpolated else (examples, 0), np.float32),
                np.empty(shape, np.float32),
                np.empty(examples, np.int64),
                np.empty(0, np.bool_),
                np.empty((0, 0, 0), np.float32),
                np.empty((0, 0, 0, 0), np.float32),
            )
        return ForwardTape(
            kept.steps[:examples],
            kept.neurons[:examples],
            kept.fractions[:examples],
            kept.slopes[:examples],
            kept.counts[:examples],
            kept.diverged,
            kept.voltages,
            kept.states,
        )

    def backward(
        self,
        events: Events,
        tape: ForwardTape,
        spike_time_gradient: Floats,
        push: Floats,
        first_of_group: NDArray[np.int64],
        drives: Floats | None = None,
        throughout: bool = False,
        wants_below: bool = False,
        adjoints: bool = False,
    ) -> tuple[Weights, Floats, Floats]:
        """Go back through a batch.

        Parameters
        ----------
        events, tape
            What the forward pass took and gave.
        spike_time_gradient : ndarray of float32, shape (examples, capacity)
            dL/dt of each spike from above, in 1 / step.
        push : ndarray of float32, shape (size,)
            The regulariser at each spike.
        first_of_group : ndarray of int64, shape (groups + 1,)
        drives : ndarray of float32, shape (examples, steps, size), optional
            dL/dV at the end of each step.
        throughout : bool
            Whether the drive acts throughout its step instead.
        wants_below : bool
            Whether dL/dt of the events is wanted.
        adjoints : bool
            Whether to keep p_V and p_I.

        Returns
        -------
        gradients : dict of str to ndarray of float32
            Of this layer's parameters.
        event_time_gradient : ndarray of float32, shape (examples, capacity of the layer below) or (examples, 0)
        traces : ndarray of float32, shape (examples, 2 or 0, steps, size)
        """
        examples, steps, groups = len(events.begins), self.grid.steps, len(first_of_group) - 1
        room = len(events.steps) // max(examples, 1) if wants_below else 0
        below = np.zeros((examples, room), np.float32)
        traces = np.zeros((examples, 2 if adjoints else 0, steps, self.size), np.float32)
        most_events = int((events.ends - events.begins).max(initial=0)) * self.copies
        scratch = self._scratch(groups, 2 * (most_events + int(tape.counts.max(initial=0))) + 1)
        backward_layer(
            events.steps, events.units, events.fractions, events.begins, events.ends, events.lag, *self._shared,
            tape.steps, tape.neurons, tape.fractions, tape.slopes, tape.counts,
            self._least_slope, spike_time_gradient, push,
            np.empty((examples, 0, self.size), np.float32) if drives is None else drives, throughout, tape.states,
            self.population.bias, below, traces,
            first_of_group, scratch["weights"], scratch["delays"], scratch["sums"], scratch["kept"], scratch["starts"],
            scratch["order"], scratch["scales"],
        )  # fmt: skip
        return self._named(scratch), below, traces

    def _scratch(self, groups: int, room: int) -> dict[str, NDArray[np.generic]]:
        """Return accumulators and scratch, kept between batches: clearing them is cheaper than new pages."""
        made = self._gradients
        threads, (rows, size) = self.grid.threads, self._matrix.shape
        if not made or len(made["weights"]) != groups:
            made["weights"] = aligned((groups, rows, size))
            made["delays"] = np.empty((groups, len(self.delays), size), np.float32)
            made["sums"] = np.empty((groups, SUMS, size), np.float32)
            made["kept"] = aligned((threads, min(BLOCK, self.grid.steps) + 1, size))
            made["starts"] = np.empty((threads, rows + 1), np.int32)
        if "order" not in made or made["order"].shape[1] < room:
            made["order"] = np.empty((threads, room + room // 4), np.int32)
            made["scales"] = np.empty((threads, room + room // 4), np.float32)
        return made

    def _named(self, scratch: dict[str, NDArray[np.generic]]) -> Weights:
        """Return the sums over groups by the parameters' names."""
        found: Weights = {}
        dt = np.float32(self.grid.dt)
        total = np.empty_like(self._matrix)
        sum_groups(scratch["weights"], total)
        late = np.empty_like(self.delays)
        if len(late):
            sum_groups(scratch["delays"], late)
        for (part, connection), delayed in zip(self._parts(), self.delayed, strict=True):
            found[connection.name] = total[part]
            if delayed:
                found[f"{connection.name}_delay"] = late[part] / dt
        sums = scratch["sums"].sum(axis=0, dtype=np.float64)
        constants = (np.asarray(self.parameter(name), np.float64) for name in ("tau_mem", "tau_syn", "bias"))
        tau_mem, tau_syn, bias = constants
        if self.population.bias:
            found[f"{self.name}_bias"] = (sums[0] * -np.expm1(-self.grid.dt / tau_mem)).astype(np.float32)
        if self.wants_states:
            by_mem, by_syn = time_constant_gradients(sums, tau_mem, tau_syn, bias, self.grid.dt, self.grid.interpolated)
            found |= {f"{self.name}_tau_mem": by_mem, f"{self.name}_tau_syn": by_syn}
        return found

    @property
    def wants_states(self) -> bool:
        """Whether gradients of time constants are wanted."""
        return self.population.time_constants == "trained"

    @property
    def spikes(self) -> bool:
        """Whether the neurons spike."""
        return isinstance(self.population, Spiking)

    @property
    def hidden(self) -> bool:
        """Whether this is a hidden layer."""
        return isinstance(self.population, Hidden)

"""The parameters of one population and its connections, laid out as the kernels take them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import whole_steps
from models.engines.cpu.arguments import Connections, GradientSums, Neurons
from models.engines.cpu.gather import sum_groups
from models.engines.cpu.memory import aligned
from models.engines.cpu.table import neuron_table
from models.engines.time_constants import time_constant_gradients
from models.network import Connection, Network, Spiking, Weights


@dataclass(frozen=True)
class Grid:
    """Time and threads, as all layers share them.

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


class LayerParameters:
    """Parameters of a population and of the connections onto it.

    Parameters
    ----------
    network : Network
    name : str
        Of the population.
    grid : Grid
    weights : dict of str to ndarray
        All parameters of the engine; this layer's connections are replaced by views into one matrix, the connection
        from below above the recurrent one, as the kernels take it.
    """

    def __init__(self, network: Network, name: str, grid: Grid, weights: Weights) -> None:
        self.name, self.grid, self.weights = name, grid, weights
        self.population = network.populations[name]
        self.size = self.population.size
        self.connections = [c for c in network.connections if c.target == name]
        self.below = self.connections[0]
        line = network.input.delay_line
        first = self.below.kind == "input"
        self.copies = line.copies if first else 1
        self._spacing = whole_steps(line.spacing, grid.dt) if first else 0
        self.delayed = [c.synapses.delays != "none" for c in self.connections]
        self.ring_size = math.ceil(max(c.synapses.longest for c in self.connections) / grid.dt) + 3
        self.matrix = aligned((sum(c.shape[0] for c in self.connections), self.size))
        for part, connection in self._parts():
            self.matrix[part] = weights[connection.name]
            weights[connection.name] = self.matrix[part]
        self.refresh()

    @property
    def spikes(self) -> bool:
        """Whether the neurons spike."""
        return isinstance(self.population, Spiking)

    @property
    def wants_states(self) -> bool:
        """Whether gradients with respect to time constants are wanted, which need the states of every step."""
        return self.population.time_constants == "trained"

    @property
    def changes(self) -> bool:
        """Whether `refresh` is needed after learning."""
        return self.population.bias or self.wants_states or any(self.delayed)

    def parameter(self, name: str) -> NDArray[np.floating]:
        """Return tau_mem, tau_syn or bias of each neuron, shape (size,)."""
        own = self.weights.get(f"{self.name}_{name}")
        if own is not None:
            return own
        return np.full(self.size, getattr(self.population, name) if name != "bias" else 0.0)

    def refresh(self) -> None:
        """Follow parameters that the kernels do not read directly, after they have changed."""
        dt = self.grid.dt
        self.delays = np.zeros((len(self.matrix) if any(self.delayed) else 0, self.size), np.float32)
        for (part, connection), delayed in zip(self._parts(), self.delayed, strict=True):
            if delayed:
                self.delays[part] = self.weights[f"{connection.name}_delay"] / np.float32(dt)
        recurrent = len(self.connections) > 1
        rows = self.below.shape[0]
        self._connections = Connections(
            rows // self.copies, self.copies, self._spacing, rows, self.matrix, self.delays, self.delayed[0],
            recurrent, recurrent and self.delayed[1], self.ring_size,
        )  # fmt: skip
        tau_mem, tau_syn, bias = (self.parameter(name) for name in ("tau_mem", "tau_syn", "bias"))
        self.table = neuron_table(tau_mem, tau_syn, bias, dt, self.grid.interpolated)
        threshold, least_slope = math.inf, 0.0
        if isinstance(self.population, Spiking):
            threshold = self.population.threshold
            least_slope = self.grid.least_slope * threshold
        shared = self.population.time_constants == "shared"
        self._neurons = Neurons(
            self.table, np.float32(threshold), np.float32(least_slope), shared, self.population.bias
        )

    def named(self, found: GradientSums) -> Weights:
        """Return the sums over groups of a backward pass by the parameters' names."""
        named: Weights = {}
        dt = np.float32(self.grid.dt)
        total = np.empty_like(self.matrix)
        sum_groups(found.weights, total)
        delay_total = np.empty_like(self.delays)
        if len(delay_total):
            sum_groups(found.delays, delay_total)
        for (part, connection), delayed in zip(self._parts(), self.delayed, strict=True):
            named[connection.name] = total[part]
            if delayed:
                named[f"{connection.name}_delay"] = delay_total[part] / dt
        sums = found.neurons.sum(axis=0, dtype=np.float64)
        tau_mem, tau_syn, bias = (
            np.asarray(self.parameter(name), np.float64) for name in ("tau_mem", "tau_syn", "bias")
        )
        if self.population.bias:
            named[f"{self.name}_bias"] = (sums[0] * -np.expm1(-self.grid.dt / tau_mem)).astype(np.float32)
        if self.wants_states:
            by_mem, by_syn = time_constant_gradients(sums, tau_mem, tau_syn, bias, self.grid.dt, self.grid.interpolated)
            named |= {f"{self.name}_tau_mem": by_mem, f"{self.name}_tau_syn": by_syn}
        return named

    def _parts(self) -> Iterator[tuple[slice, Connection]]:
        begin = 0
        for connection in self.connections:
            yield slice(begin, begin + connection.shape[0]), connection
            begin += connection.shape[0]

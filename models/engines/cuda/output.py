"""The windowed readout on a GPU: means of window times voltage, and the loss's way back to hidden spikes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.adam import Adam
from models.engines.cuda.events import Sorted
from models.engines.cuda.layer import Tape
from models.engines.cuda.memory import DeviceArray, Memory
from models.engines.cuda.readout import learn_constants, learn_each, learn_shared, read_each, read_shared, time_spikes
from models.engines.cuda.weights import Matrix
from models.engines.readout_table import ReadoutTable
from models.network import Weights
from models.problem import Problem

THREADS = 128
"""Of a block that reads an example, or a hidden neuron, out: at most one a class has work."""


class Output:
    """Outputs of which the loss observes the mean of window times voltage; parameters as of `Layer`."""

    def __init__(self, problem: Problem, weights: Weights, memory: Memory) -> None:
        self.problem, self._weights, self.memory = problem, weights, memory
        self.population = problem.network.output
        self.connections = problem.network.connections[-1:]
        self.classes = self.population.size
        self.each = self.population.time_constants != "shared"
        self.matrix = Matrix(self.connections, self.classes, memory)
        self.window = problem.loss.readout.table(problem.steps)

    def push(self, adam: Adam) -> None:
        """Copy the parameters and their moments to the device."""
        self.matrix.push(self._weights, adam)
        self.refresh()

    def pull(self, adam: Adam) -> None:
        """Copy the weights and their moments back."""
        self.matrix.pull(self._weights, adam)

    def refresh(self) -> None:
        """Tabulate the readout anew, once biases and time constants have changed."""
        columns = self.classes if self.each else 1
        tau_mem, tau_syn = (np.asarray(self._parameter(name)[:columns], np.float64) for name in ("tau_mem", "tau_syn"))
        dt = self.problem.dt
        self.table = ReadoutTable.of(self.window, tau_mem, tau_syn, dt, False)
        self.gain = self.memory.put("gain", self.table.gain)
        self.first_gain = self.memory.put("first gain", self.table.gain[:, 0])
        self._slope = self.memory.put("slope", self.table.slope)
        if self.population.time_constants == "trained":
            self.by_tau = ReadoutTable.by_time_constants(self.window, tau_mem, tau_syn, dt, False)
            self._by_tau = self.memory.put("by tau", np.array([table.gain for table in self.by_tau]))

    def read(self, tape: Tape, examples: int) -> DeviceArray:
        """Return means of window times voltage without what biases add, shape (examples, classes)."""
        means = self.memory.room("means", (examples, self.classes), np.float64)
        if self.each:
            read_each[examples, THREADS, self.memory.stream](
                tape.steps, tape.neurons, tape.pointers, self.gain, self.matrix.weights, means
            )
        else:
            read_shared[examples, THREADS, self.memory.stream](tape.drawn, self.matrix.weights, means)
        return means

    def biased(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return means with what biases add."""
        return means + self.table.bias * self._parameter("bias")

    def learn(self, tape: Tape, spikes: Sorted, error: DeviceArray, examples: int, spike_times: DeviceArray) -> None:
        """Write the gradient of the weights, and dL/dt of each hidden spike."""
        hidden, stream = self.connections[0].shape[0], self.memory.stream
        self.matrix.begin(1)
        if self.each:
            learn_each[hidden, THREADS, stream](
                *spikes, self.problem.steps, self.gain, error, examples, self.matrix.gradients
            )
        else:
            learn_shared[hidden, THREADS, stream](tape.drawn, error, examples, self.matrix.gradients)
        time_spikes[examples, THREADS, stream](
            tape.steps, tape.neurons, tape.pointers, self._slope, self.matrix.weights, error, spike_times
        )

    def learns_on_host(self) -> bool:
        """Whether it has parameters besides weights that are learned."""
        return self.population.bias or self.population.time_constants == "trained"

    def neuron_gradients(self, tape: Tape, error: NDArray[np.float64], on_device: DeviceArray) -> Weights:
        """Return the gradients of biases and time constants by name."""
        named: Weights = {}
        if self.population.bias:
            named["output_bias"] = (error.sum(axis=0) * self.table.bias).astype(np.float32)
        if self.population.time_constants == "trained":
            sums = self.memory.room("constants", (len(error), 2, self.classes), np.float64)
            learn_constants[len(error), THREADS, self.memory.stream](
                tape.steps, tape.neurons, tape.pointers, self._by_tau, self.matrix.weights, on_device, sums
            )
            [found] = self.memory.to_host(sums)
            for name, table, total in zip(("tau_mem", "tau_syn"), self.by_tau, found.sum(axis=0), strict=True):
                by_bias = table.bias * self._parameter("bias") * error.sum(axis=0)
                named[f"output_{name}"] = (total + by_bias).astype(np.float32)
        return named

    def _parameter(self, name: str) -> NDArray[np.floating]:
        own = self._weights.get(f"output_{name}")
        if own is not None:
            return own
        return np.full(self.classes, getattr(self.population, name) if name != "bias" else 0.0)

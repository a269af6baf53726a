"""The output population on the CPU, by what the loss observes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Events, Floats, ForwardTape
from models.engines.cpu.gather import sum_groups
from models.engines.cpu.layer import Layer
from models.engines.cpu.parameters import Grid
from models.engines.cpu.peak import add_peak_times
from models.engines.cpu.readout import gradients_each, read_each, read_shared, spike_times_shared, weights_shared
from models.engines.cpu.readout_table import ReadoutTable
from models.engines.cpu.table import GAIN
from models.errors import InputError
from models.losses import Judgement, Loss, Observed
from models.network import Network, Spiking, Weights


class Output(ABC):
    """Reads hidden spikes and hands the loss's gradient back to them."""

    layer: Layer
    observes: Observed

    @property
    def drives_throughout(self) -> bool:
        """Whether the loss drives voltages throughout steps, rather than at their ends."""
        return self.layer.grid.interpolated

    @abstractmethod
    def read(self, hidden: ForwardTape) -> NDArray[np.floating]:
        """Return what the loss observes of a batch."""

    @abstractmethod
    def learn(
        self, hidden: ForwardTape, judgement: Judgement, first_of_group: NDArray[np.int64]
    ) -> tuple[Weights, Floats]:
        """Return gradients of the output's parameters, and dL/dt of each hidden spike in 1 / step."""

    @abstractmethod
    def demands(self, tape: ForwardTape, gradient: NDArray[np.float64]) -> tuple[Floats, Floats | None]:
        """Return the loss's gradient as the stepped output layer takes it.

        Parameters
        ----------
        tape : ForwardTape
            Of the output layer, with voltages.
        gradient : ndarray of float64
            Of the loss by what it observes.

        Returns
        -------
        spike_time_gradient : ndarray of float32, shape (examples, capacity)
            dL/dt of output spikes, in 1 / step.
        drives : ndarray of float32, shape (examples, steps, classes), or None
            dL/dV at the end of each step.
        """

    def amend(
        self,
        events: Events,
        tape: ForwardTape,
        gradient: NDArray[np.float64],
        spike_time_gradient: Floats,
        found: Weights,
    ) -> None:
        """Add what the stepped output layer's adjoint leaves out.

        Parameters
        ----------
        events : Events
            The hidden spikes.
        tape : ForwardTape
            Of the output layer, with voltages.
        gradient : ndarray of float64
            Of the loss by what it observes.
        spike_time_gradient : ndarray of float32, shape (examples, capacity)
            Changed: dL/dt of the hidden spikes, in 1 / step.
        found : dict of str to ndarray of float32
            Changed: gradients of the layer's parameters.
        """
        if self.observes == "peak voltage":
            layer, name = self.layer, self.layer.below.name
            late = np.zeros_like(layer.delays)
            add_peak_times(
                events, layer.weights[name], layer.delays, layer.ring_size, layer.table[GAIN], layer.grid.interpolated,
                tape.voltages, tape.voltages.argmax(axis=1), gradient, spike_time_gradient, late,
            )  # fmt: skip
            if len(late):
                found[f"{name}_delay"] += late / np.float32(layer.grid.dt)

    def refresh(self) -> None:
        """Follow parameters that have changed."""
        self.layer.refresh()


class WindowedOutput(Output):
    """The mean of window times voltage: linear in the weights, see `readout`."""

    def __init__(self, layer: Layer, window: Floats) -> None:
        self.layer, self.observes, self.window = layer, "mean voltage", window
        population = layer.population
        self.each = population.time_constants != "shared" or any(layer.delayed)
        self._kept_gradient: Floats | None = None
        self.refresh()

    def refresh(self) -> None:
        """Tabulate the readout anew."""
        self.layer.refresh()
        grid = self.layer.grid
        columns = self.layer.size if self.each else 1
        tau_mem = np.asarray(self.layer.parameter("tau_mem")[:columns], np.float64)
        tau_syn = np.asarray(self.layer.parameter("tau_syn")[:columns], np.float64)
        self.table = ReadoutTable.of(self.window, tau_mem, tau_syn, grid.dt, grid.interpolated)
        self.by_tau: tuple[ReadoutTable, ...] = ()
        if self.layer.wants_states:
            self.by_tau = ReadoutTable.by_time_constants(self.window, tau_mem, tau_syn, grid.dt, grid.interpolated)

    def read(self, hidden: ForwardTape) -> NDArray[np.floating]:
        """Return means of window times voltage, shape (examples, classes)."""
        means = np.empty((len(hidden.counts), self.layer.size))
        bias = self.table.bias * self.layer.parameter("bias")
        if self.each:
            read_each(hidden, self.table.gain, self._weights, self.layer.delays, bias, means)
        else:
            self._drawn = np.empty((len(hidden.counts), len(self._weights)))
            read_shared(hidden, self.table.gain, self._weights, bias, self._drawn, means)
        return means

    def learn(
        self, hidden: ForwardTape, judgement: Judgement, first_of_group: NDArray[np.int64]
    ) -> tuple[Weights, Floats]:
        """Return gradients, and dL/dt of each hidden spike."""
        error, layer, weights = judgement.gradient, self.layer, self._weights
        if self._kept_gradient is None or self._kept_gradient.shape != hidden.slopes.shape:
            self._kept_gradient = np.empty(hidden.slopes.shape, np.float32)
        spike_time_gradient = self._kept_gradient
        found = {layer.below.name: np.empty_like(weights)}
        if self.each:
            groups, by_tau = len(first_of_group) - 1, np.array([t.gain for t in self.by_tau])
            by_tau = by_tau.reshape(len(self.by_tau), *self.table.gain.shape)
            parts = np.empty((groups, *weights.shape), np.float32)
            late = np.empty((groups, *layer.delays.shape), np.float32)
            constants = np.empty((groups, len(by_tau), layer.size))
            gradients_each(
                hidden, self.table.gain, self.table.slope, by_tau, weights, layer.delays, error, first_of_group,
                spike_time_gradient, parts, late, constants,
            )  # fmt: skip
            sum_groups(parts, found[layer.below.name])
            if len(layer.delays):
                total = np.empty_like(layer.delays)
                sum_groups(late, total)
                found[f"{layer.below.name}_delay"] = total / np.float32(layer.grid.dt)
            for name, table, total in zip(("tau_mem", "tau_syn"), self.by_tau, constants.sum(axis=0), strict=False):
                by_bias = table.bias * layer.parameter("bias") * error.sum(axis=0)
                found[f"{layer.name}_{name}"] = (total + by_bias).astype(np.float32)
        else:
            spike_times_shared(hidden, self.table.slope, weights, error, spike_time_gradient)
            weights_shared(self._drawn, error, found[layer.below.name])
        if layer.population.bias:
            found[f"{layer.name}_bias"] = (error.sum(axis=0) * self.table.bias).astype(np.float32)
        return found, spike_time_gradient

    def demands(self, tape: ForwardTape, gradient: NDArray[np.float64]) -> tuple[Floats, Floats | None]:
        """Return the window's drive."""
        drives = gradient[:, None, :] * self.window[None, :, None] / len(self.window)
        return np.zeros(tape.slopes.shape, np.float32), drives.astype(np.float32)

    @property
    def _weights(self) -> Floats:
        return self.layer.weights[self.layer.below.name]


class SteppedOutput(Output):
    """Output neurons that are stepped through time: their voltages, the greatest of them, or their first spikes."""

    @property
    def drives_throughout(self) -> bool:
        """Whether the loss drives voltages throughout steps; the greatest voltage is one moment's."""
        return self.layer.grid.interpolated and self.observes == "voltage"

    def __init__(self, layer: Layer, loss: Loss) -> None:
        self.layer, self.observes = layer, loss.observes

    def read(self, hidden: ForwardTape) -> NDArray[np.floating]:
        """Return voltages (examples, steps, classes), or their maxima or first spike times (examples, classes)."""
        voltages = self.observes != "first spike"
        self._events: Events = hidden.events()
        self._tape = tape = self.layer.forward(self._events, voltages, self.layer.wants_states)
        if voltages:
            tape.voltages[tape.diverged] = np.nan
            return tape.voltages if self.observes == "voltage" else tape.voltages.max(axis=1)
        first = _first_spikes(tape, self.layer.size)
        examples, neurons = np.nonzero(first < tape.counts[:, None])
        at, grid = (examples, first[examples, neurons]), self.layer.grid
        times = np.full(first.shape, np.inf)
        times[examples, neurons] = grid.dt * (tape.steps[at] + (tape.fractions[at] if grid.interpolated else 1.0))
        times[tape.diverged] = np.nan
        return times

    def learn(
        self, hidden: ForwardTape, judgement: Judgement, first_of_group: NDArray[np.int64]
    ) -> tuple[Weights, Floats]:
        """Return gradients, and dL/dt of each hidden spike."""
        spike_time_gradient, drives = self.demands(self._tape, judgement.gradient)
        push = np.zeros(self.layer.size, np.float32)
        found, below, _ = self.layer.backward(
            self._events,
            self._tape,
            spike_time_gradient,
            push,
            first_of_group,
            drives,
            self.drives_throughout,
            wants_below=True,
        )
        self.amend(self._events, self._tape, judgement.gradient, below, found)
        return found, below

    def demands(self, tape: ForwardTape, gradient: NDArray[np.float64]) -> tuple[Floats, Floats | None]:
        """Return what the loss makes of the output's spike times and voltages."""
        spike_time_gradient = np.zeros(tape.slopes.shape, np.float32)
        rows = np.arange(len(tape.counts))[:, None]
        if self.observes == "first spike":
            first = _first_spikes(tape, self.layer.size)
            examples, classes = np.nonzero(first < tape.counts[:, None])
            spike_time_gradient[examples, first[examples, classes]] = gradient[examples, classes] * self.layer.grid.dt
            return spike_time_gradient, None
        if self.observes == "voltage":
            if self.drives_throughout:
                gradient = (gradient + np.concatenate((gradient[:, :1], gradient[:, :-1]), axis=1)) / 2
            return spike_time_gradient, gradient.astype(np.float32)
        drives = np.zeros(tape.voltages.shape, np.float32)
        drives[rows, tape.voltages.argmax(axis=1), np.arange(self.layer.size)] = gradient
        return spike_time_gradient, drives


def _first_spikes(tape: ForwardTape, size: int) -> NDArray[np.int64]:
    """Return the index of each neuron's first spike, shape (examples, size); the capacity where there is none."""
    examples, capacity = tape.steps.shape
    first = np.full((examples, size), capacity, dtype=np.int64)
    for b in range(examples):
        neurons = tape.neurons[b, : tape.counts[b]][::-1]
        first[b, neurons] = np.arange(len(neurons))[::-1]
    return first


def make_output(network: Network, weights: Weights, loss: Loss, grid: Grid) -> Output:
    """Return the output that a loss needs.

    Raises
    ------
    InputError
        If the output population can't give what the loss observes.
    """
    spiking = isinstance(network.output, Spiking)
    if spiking != (loss.observes == "first spike"):
        raise InputError(
            f"the loss {type(loss).__name__} observes {loss.observes}s, but the output neurons "
            f"{'spike' if spiking else 'never spike'}"
        )
    layer = Layer(network, "output", grid, weights)
    if loss.observes == "mean voltage":
        return WindowedOutput(layer, loss.readout.table(grid.steps))
    return SteppedOutput(layer, loss)

"""Outputs of which the loss observes the mean of window times voltage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Floats, ForwardTape
from models.engines.cpu.gather import sum_groups
from models.engines.cpu.layer import Layer
from models.engines.cpu.output_base import Output
from models.engines.cpu.readout import gradients_each, read_each, read_shared, spike_times_shared, weights_shared
from models.engines.readout_table import ReadoutTable
from models.losses import Judgement
from models.network import Weights


class WindowedOutput(Output):
    """The mean of window times voltage, which is linear in the weights; see `models.engines.readout_table`."""

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
            self._gains = np.empty((len(hidden.counts), len(self._weights)))
            read_shared(hidden, self.table.gain, self._weights, bias, self._gains, means)
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
            weights_shared(self._gains, error, found[layer.below.name])
        if layer.population.bias:
            found[f"{layer.name}_bias"] = (error.sum(axis=0) * self.table.bias).astype(np.float32)
        return found, spike_time_gradient

    def loss_gradient(self, tape: ForwardTape, gradient: NDArray[np.float64]) -> tuple[Floats, Floats | None]:
        """Return the window's drive."""
        drives = gradient[:, None, :] * self.window[None, :, None] / len(self.window)
        return np.zeros(tape.slopes.shape, np.float32), drives.astype(np.float32)

    @property
    def _weights(self) -> Floats:
        return self.layer.weights[self.layer.below.name]

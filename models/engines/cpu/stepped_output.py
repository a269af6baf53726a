"""Outputs that are simulated step by step: the loss observes their voltages, peaks or first spikes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Events, Floats, ForwardTape
from models.engines.cpu.layer import Layer
from models.engines.cpu.output_base import Output
from models.losses import Judgement, Loss
from models.network import Weights


class SteppedOutput(Output):
    """Output neurons that are simulated: their voltages, their peak voltages, or their first spikes."""

    @property
    def drives_throughout(self) -> bool:
        """Whether the loss drives voltages throughout steps; a peak voltage is that of one time."""
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
        spike_time_gradient, drives = self.loss_gradient(self._tape, judgement.gradient)
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
        self.add_peak_terms(self._events, self._tape, judgement.gradient, below, found)
        return found, below

    def loss_gradient(self, tape: ForwardTape, gradient: NDArray[np.float64]) -> tuple[Floats, Floats | None]:
        """Return the loss's gradient with respect to the output's spike times and voltages."""
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

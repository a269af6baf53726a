"""One population of a network on the CPU, and its two passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Events, Floats, ForwardTape, LossGradient
from models.engines.cpu.backward import backward_layer
from models.engines.cpu.buffers import Buffers
from models.engines.cpu.forward import forward_layer
from models.engines.cpu.interpolated.backward import backward_layer_interpolated
from models.engines.cpu.interpolated.forward import forward_layer_interpolated
from models.engines.cpu.parameters import Grid, LayerParameters
from models.network import Network, Weights

FIRST_CAPACITY = 32
"""Spikes per example and neuron that there is room for at first; grown whenever a batch has more."""


class Layer(LayerParameters):
    """A population and what arrives at it; parameters as of `LayerParameters`."""

    def __init__(self, network: Network, name: str, grid: Grid, weights: Weights) -> None:
        super().__init__(network, name, grid, weights)
        self._buffers = Buffers(self)
        self._capacity = FIRST_CAPACITY * self.size
        # Only the chosen kernels are ever compiled.
        kernels = (forward_layer_interpolated, backward_layer_interpolated), (forward_layer, backward_layer)
        self._forward, self._backward = kernels[0 if grid.interpolated else 1]

    def forward(self, events: Events, voltages: bool = False, states: bool = False) -> ForwardTape:
        """Run a batch.

        Parameters
        ----------
        events : Events
        voltages : bool
            Keep the voltages at the end of every step.
        states : bool
            Keep what gradients with respect to time constants need.

        Returns
        -------
        ForwardTape
        """
        examples, steps = len(events.begins), self.grid.steps
        kinds = (4 if self.grid.interpolated else 2) if states else 0
        voltage_traces = np.empty((examples, steps if voltages else 0, self.size), np.float32)
        state_traces = np.empty((examples, kinds, steps, self.size), np.float32)
        while True:
            tape = self._buffers.tape(examples, self._capacity, voltage_traces, state_traces)
            self._forward(events, self._connections, self._neurons, steps, tape)
            most = int(tape.counts.max(initial=0))
            if most <= self._capacity:
                np.less(tape.counts, 0, out=tape.diverged)
                tape.counts[tape.diverged] = 0
                return tape
            self._capacity = most + most // 4

    def backward(
        self,
        events: Events,
        tape: ForwardTape,
        spike_times: Floats,
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
            What the forward pass took and returned.
        spike_times : ndarray of float32, shape (examples, capacity)
            dL/dt of each spike from above, in 1 / step.
        push : ndarray of float32, shape (size,)
            The regulariser at each spike.
        first_of_group : ndarray of int64, shape (groups + 1,)
        drives : ndarray of float32, shape (examples, steps, size), optional
            dL/dV at the end of each step.
        throughout : bool
            Whether dL/dV acts throughout its step instead.
        wants_below : bool
            Whether dL/dt of the events is wanted.
        adjoints : bool
            Whether to keep p_V and p_I.

        Returns
        -------
        gradients : dict of str to ndarray of float32
            Of this layer's parameters.
        event_times : ndarray of float32, shape (examples, capacity of the layer below) or (examples, 0)
            dL/dt of each event from below, in 1 / step.
        adjoints : ndarray of float32, shape (examples, 2 or 0, steps, size)
        """
        examples, steps = len(events.begins), self.grid.steps
        room = len(events.steps) // max(examples, 1) if wants_below else 0
        if drives is None:
            drives = np.empty((examples, 0, self.size), np.float32)
        found = self._buffers.sums(
            first_of_group,
            np.zeros((examples, room), np.float32),
            np.zeros((examples, 2 if adjoints else 0, steps, self.size), np.float32),
        )
        most_events = int((events.ends - events.begins).max(initial=0)) * self.copies
        scratch = self._buffers.scratch(most_events + int(tape.counts.max(initial=0)))
        loss = LossGradient(spike_times, push, drives, throughout)
        self._backward(events, self._connections, self._neurons, steps, tape, loss, found, scratch)
        return self.named(found), found.event_times, found.adjoints

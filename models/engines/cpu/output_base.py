"""What every kind of output population offers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Events, Floats, ForwardTape
from models.engines.cpu.layer import Layer
from models.engines.cpu.peak import add_peak_times
from models.engines.cpu.table import GAIN
from models.losses import Judgement, Observed
from models.network import Weights


class Output(ABC):
    """Reads hidden spikes and returns the loss's gradient with respect to their times."""

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
    def loss_gradient(self, tape: ForwardTape, gradient: NDArray[np.float64]) -> tuple[Floats, Floats | None]:
        """Return the loss's gradient with respect to spike times and voltages, as `Layer.backward` takes it.

        Parameters
        ----------
        tape : ForwardTape
            Of the output layer, with voltages.
        gradient : ndarray of float64
            Of the loss with respect to what it observes.

        Returns
        -------
        spike_time_gradient : ndarray of float32, shape (examples, capacity)
            dL/dt of output spikes, in 1 / step.
        drives : ndarray of float32, shape (examples, steps, classes), or None
            dL/dV at the end of each step.
        """

    def add_peak_terms(
        self,
        events: Events,
        tape: ForwardTape,
        gradient: NDArray[np.float64],
        spike_time_gradient: Floats,
        found: Weights,
    ) -> None:
        """Add the terms of peak voltages that the stepped adjoint leaves out; see `peak`.

        Parameters
        ----------
        events : Events
            The hidden spikes.
        tape : ForwardTape
            Of the output layer, with voltages.
        gradient : ndarray of float64
            Of the loss with respect to what it observes.
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

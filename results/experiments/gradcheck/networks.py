"""Random networks and examples on which gradients are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch, discretise
from models.initialisers import Initial, Normal
from models.losses import Loss
from models.network import Hidden, Input, Leaky, Network, Weights
from models.problem import Problem

EXAMPLES = 2
QUIET = 0.2
"""Fraction of the trial without events, at its end."""


@dataclass(frozen=True)
class Kind:
    """A kind of network, of random weights, and of examples.

    With the weights a neuron spikes about 10 times per example in 100 ms and 20 times in 400 ms, and single spikes
    matter. The trial's length is in ms; the events are those of one channel in one example.
    """

    network: Network
    initial: Initial
    trial: float
    events: int

    def problem(self, loss: Loss, dt: float) -> Problem:
        """Return the network with a loss on a time grid of ``dt`` ms."""
        return Problem(self.network, loss, dt, round(self.trial / dt))

    def draw(self, seed: int) -> Instance:
        """Draw a network's weights and its examples."""
        rng = np.random.default_rng([seed, 1])
        channels = self.network.input.channels
        # Times are whole ms, so that every time grid has the same events.
        slots = round(self.trial * (1 - QUIET)) - 2
        examples = (rng.choice(slots * channels, self.events * channels, replace=False) for _ in range(EXAMPLES))
        drawn = np.stack([np.sort(example) for example in examples])
        times, units = (drawn // channels + 2).astype(np.float32), (drawn % channels).astype(np.uint16)
        return Instance(self, self.initial.draw(self.network, seed), times, units)


@dataclass(frozen=True)
class Instance:
    """A network of a kind, with its examples: times (ms) and units of events, shape (examples, events)."""

    kind: Kind
    weights: Weights
    times: NDArray[np.float32]
    units: NDArray[np.uint16]

    def batch(self, dt: float) -> SpikeBatch:
        """Return the examples on a time grid of ``dt`` ms."""
        examples, events = self.times.shape
        network, steps = self.kind.network, round(self.kind.trial / dt)
        offsets, labels = np.arange(examples + 1, dtype=np.int64) * events, np.arange(examples) % network.output.size
        parts = (self.times.ravel(), self.units.ravel(), offsets, labels)
        return discretise(*parts, dt, steps, network.input.channels)


def _kind(hidden: Hidden, classes: int, inputs: Normal, recurrent: float, trial: float, events: int) -> Kind:
    initial = Initial(input=inputs, recurrent=Normal(0.0, recurrent), output=Normal(0.0, 0.5))
    return Kind(Network(Input(20), (hidden,), Leaky(classes)), initial, trial, events)


KINDS = {
    "recurrent, 100 ms": _kind(Hidden(8), 3, Normal(0.8, 0.8), 0.3, 100.0, 3),
    "feed-forward, 400 ms": _kind(Hidden(20, recurrent=None), 4, Normal(0.5, 0.5), 0.0, 400.0, 12),
    "recurrent, 400 ms": _kind(Hidden(20), 4, Normal(0.5, 0.25), 0.1, 400.0, 12),
}
"""In 400 ms, some of the hundreds of spikes graze the threshold: there the exact gradient is arbitrarily large, and the
grid may miss the spike."""

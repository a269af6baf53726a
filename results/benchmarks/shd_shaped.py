"""Made-up data of SHD's shape, and the network that benchmarks train on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.batch import GUARD_STEPS, SpikeBatch
from models.losses import CrossEntropy
from models.network import InitialWeights, Input, Leaky, Network, Spiking, Weights
from models.windows import Exponential

DT = 1.0
LOSS = CrossEntropy(Exponential())

INITIAL = InitialWeights(input_mean=0.0257)
"""Chosen so that a hidden neuron fires about 14 times an example, the rate that training aims at."""


@dataclass(frozen=True)
class Shape:
    """Sizes of data and network.

    Attributes
    ----------
    channels, hidden, classes : int
        Sizes of the populations.
    steps : int
        Steps of 1 ms of a trial.
    batch : int
        Examples a batch.
    events : int
        Input spikes an example.
    busy : int or None
        Events lie in this many first steps; in the whole trial where None.
    """

    channels: int = 700
    hidden: int = 256
    classes: int = 20
    steps: int = 1000
    batch: int = 32
    events: int = 8000
    busy: int | None = None

    @property
    def network(self) -> Network:
        """The recurrent network."""
        return Network(Input(self.channels), Spiking(self.hidden), Leaky(self.classes))

    def weights(self) -> Weights:
        """Draw initial weights, the same every time."""
        return INITIAL.draw(self.network, 0)

    def batches(self, count: int) -> list[SpikeBatch]:
        """Make batches of events at random channels and steps, no two of an example alike.

        Parameters
        ----------
        count : int
            How many batches; the same every time.

        Returns
        -------
        list of SpikeBatch
        """
        rng = np.random.default_rng(1)
        cells = min(self.busy or self.steps, self.steps - GUARD_STEPS) * self.channels
        made = []
        for _ in range(count):
            drawn = np.concatenate(
                [np.sort(rng.choice(cells, self.events, replace=False, shuffle=False)) for _ in range(self.batch)]
            )
            made.append(
                SpikeBatch(
                    (drawn // self.channels).astype(np.int32),
                    (drawn % self.channels).astype(np.int32),
                    np.arange(self.batch + 1, dtype=np.int64) * self.events,
                    rng.integers(0, self.classes, self.batch),
                )
            )
        return made

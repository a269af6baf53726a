"""Synthetic data of SHD's shape, and the networks that benchmarks train on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.batch import GUARD_STEPS, SpikeBatch
from models.initialisers import Initial, Normal
from models.losses import CrossEntropy
from models.network import Hidden, Input, Leaky, Network, Synapses, Weights
from models.problem import Problem
from models.windows import Exponential

DT = 1.0
LOSS = CrossEntropy(Exponential())
LEARNING_RATE = 1e-6
"""Low, so that training does not change the spike counts."""


@dataclass(frozen=True)
class Shape:
    """Sizes of data and network.

    Attributes
    ----------
    steps : int
        Steps of a trial.
    batch : int
        Examples per batch.
    events : int
        Input spikes per example.
    busy : int or None
        Events lie in this many first steps; None means the whole trial.
    input_mean : float
        Mean of the input's initial weights, which decides how often hidden neurons spike.
    dt : float
        Length of a step in ms.
    """

    channels: int = 700
    hidden: int = 256
    classes: int = 20
    recurrent: bool = True
    steps: int = 1000
    batch: int = 32
    events: int = 8000
    busy: int | None = None
    input_mean: float = 0.0258
    dt: float = DT

    def __str__(self) -> str:
        """Return the sizes in one line."""
        kind = "recurrent" if self.recurrent else "feed-forward"
        length = "" if self.dt == DT else f" of {self.dt:g} ms"
        busy = "" if self.busy is None else f" in the first {self.busy} of them"
        return (
            f"{self.channels}-{self.hidden}-{self.classes} {kind}, {self.steps} steps{length}, batch {self.batch}, "
            f"{self.events} input spikes{busy}"
        )

    @property
    def network(self) -> Network:
        """The network: one hidden layer, leaky readout."""
        hidden = Hidden(self.hidden, recurrent=Synapses() if self.recurrent else None)
        return Network(Input(self.channels), (hidden,), Leaky(self.classes))

    @property
    def problem(self) -> Problem:
        """The problem: the network and the published loss."""
        return Problem(self.network, LOSS, self.dt, self.steps)

    @property
    def initial(self) -> Initial:
        """What initial weights are drawn from."""
        return Initial(input=Normal(self.input_mean, 0.01))

    def weights(self) -> Weights:
        """Draw initial weights, the same every time."""
        return self.initial.draw(self.network, 0)

    def batches(self, count: int) -> list[SpikeBatch]:
        """Make batches of events at random channels and steps, no two of an example in one place; always the same."""
        rng = np.random.default_rng(1)
        cells = min(self.busy or self.steps, self.steps - GUARD_STEPS) * self.channels
        made = []
        for _ in range(count):
            examples = (rng.choice(cells, self.events, replace=False, shuffle=False) for _ in range(self.batch))
            drawn = np.concatenate([np.sort(example) for example in examples])
            steps, units = (part.astype(np.int32) for part in np.divmod(drawn, self.channels))
            offsets = np.arange(self.batch + 1, dtype=np.int64) * self.events
            made.append(SpikeBatch(steps, units, offsets, rng.integers(0, self.classes, self.batch)))
        return made


CASES = {
    "A": Shape(input_mean=0.0259),
    "B": Shape(hidden=1024, input_mean=0.0257),
    "C": Shape(hidden=64, recurrent=False, input_mean=0.0258),
}
"""The means of the input's weights make a hidden neuron spike about 14 times per example, the rate that training aims
at."""

"""The regulariser of hidden firing rates, and the rescue of neurons that fall silent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import require


@dataclass(frozen=True)
class Regulariser:
    """Pulls hidden firing rates towards a target (Nowotny, Turner and Knight 2025).

    At every spike of neuron i, ``strength * (mean_count_i - target) / examples`` is added to the adjoint of its
    voltage, mean_count_i being its spikes an example, averaged over the batch: the gradient of
    0.5 * strength * sum_i (mean_count_i - target)^2 if every spike's count grew by one with its voltage. In mlGeNN's
    terms this is reg_lambda = strength / tau_mem^2.

    Attributes
    ----------
    strength : float
        0 switches it off.
    target : float
        Spikes an example and neuron.
    lift : float
        Added to all weights from the population below of each neuron that was silent for a whole epoch, at its end:
        without spikes it has no gradient, and would stay silent for ever. In the same units as the weights; divided by
        the copies of a delay line.
    """

    strength: float = 0.0
    target: float = 14.0
    lift: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        for name, value in vars(self).items():
            require(0 <= value < math.inf, "regulariser", name, value, "0 or more, and finite")

    def push(self, counts: NDArray[np.integer], examples: int) -> NDArray[np.float32]:
        """Return what is added to the voltage's adjoint at every spike of each neuron, shape (neurons,).

        ``counts`` are the neurons' spikes over a batch of so many examples.
        """
        return (self.strength / examples * (counts / examples - self.target)).astype(np.float32)

    def lift_silent(self, weights: NDArray[np.float32], silent: NDArray[np.bool_], copies: int, density: float) -> None:
        """Raise the weights onto silent neurons, shape (sources, neurons), in place; absent synapses stay absent.

        ``copies`` are those of the delay line below, 1 where there is none.
        """
        present = (weights[:, silent] != 0) if density < 1 else np.float32(1)
        weights[:, silent] += np.float32(self.lift / copies) * present

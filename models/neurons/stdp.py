"""A synapse with spike-timing-dependent plasticity, by traces of its input's and its neuron's spikes.

dx/dt = -x / tau_plus,  x += 1 at an input spike;   dy/dt = -y / tau_minus,  y += 1 at an output spike
w += a_plus x at an output spike;  w -= a_minus y at an input spike      (Song, Miller and Abbott 2000)

Of spikes at the same time the input's comes first. The time constants are of the size that Bi and Poo (2001, "Synaptic
modification by correlated activity", Annu. Rev. Neurosci. 24) fitted to pairing experiments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PairSynapse:
    """A synapse.

    Attributes
    ----------
    a_plus, a_minus : float
        What a pair of spikes at the same time would add and take.
    tau_plus, tau_minus : float
        How fast that fades with the time between them, ms.
    start : float
        Weight to begin with; it stays within 0 and twice that.
    """

    a_plus: float = 0.005
    a_minus: float = 0.0045
    tau_plus: float = 17.0
    tau_minus: float = 34.0
    start: float = 0.5

    def run(self, inputs: Iterable[float], outputs: Iterable[float]) -> float:
        """Return the weight after spikes at these times (ms), integrated from event to event."""
        weight, x, y, last = self.start, 0.0, 0.0, 0.0
        for time, is_output in sorted([(t, False) for t in inputs] + [(t, True) for t in outputs]):
            x *= float(np.exp((last - time) / self.tau_plus))
            y *= float(np.exp((last - time) / self.tau_minus))
            last = time
            if is_output:
                weight, y = weight + self.a_plus * x, y + 1
            else:
                weight, x = weight - self.a_minus * y, x + 1
            weight = min(max(weight, 0.0), 2 * self.start)
        return weight

    def pair(self, distance: float, pairings: int, period: float) -> float:
        """Return the weight after pairs of spikes, the output's ``distance`` ms after the input's, every ``period``."""
        begins = period * (1 + np.arange(pairings))
        return self.run(begins.tolist(), (begins + distance).tolist())

    def rule(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a single pair changes, by the time from the input's spike to the output's (ms)."""
        later = self.a_plus * np.exp(-np.abs(distance) / self.tau_plus)
        return np.where(distance >= 0, later, -self.a_minus * np.exp(-np.abs(distance) / self.tau_minus))

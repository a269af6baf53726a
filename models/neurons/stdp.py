"""A synapse with pair-based spike-timing-dependent plasticity (STDP), from traces of input and output spikes.

dx/dt = -x / tau_plus,  x += 1 at an input spike;   dy/dt = -y / tau_minus,  y += 1 at an output spike
w += a_plus x at an output spike;  w -= a_minus y at an input spike      (Song, Miller and Abbott 2000)

Where both spike at the same time, the input spike comes first. The time constants are close to those that Bi and Poo
(2001, "Synaptic modification by correlated activity", Annu. Rev. Neurosci. 24) fitted to pairing experiments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PairSynapse:
    """A synapse with STDP.

    Attributes
    ----------
    a_plus, a_minus : float
        Change of the weight by a pair of spikes at the same time: potentiation and depression.
    tau_plus, tau_minus : float
        Time constants in ms with which the change decays with the time between the two spikes.
    start : float
        Initial weight; the weight is kept between 0 and twice this.
    """

    a_plus: float = 0.005
    a_minus: float = 0.0045
    tau_plus: float = 17.0
    tau_minus: float = 34.0
    start: float = 0.5

    def run(self, inputs: Iterable[float], outputs: Iterable[float]) -> float:
        """Return the weight after input and output spikes at these times (ms), integrated from event to event."""
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
        """Return the weight after pairs of spikes every ``period`` ms, ``distance`` ms from input to output spike."""
        begins = period * (1 + np.arange(pairings))
        return self.run(begins.tolist(), (begins + distance).tolist())

    def rule(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the change of the weight by a single pair, for times from input spike to output spike in ms."""
        later = self.a_plus * np.exp(-np.abs(distance) / self.tau_plus)
        return np.where(distance >= 0, later, -self.a_minus * np.exp(-np.abs(distance) / self.tau_minus))

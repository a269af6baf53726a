"""The leaky integrate-and-fire neuron in time steps (thesis, equations 6 to 8), and its firing rate in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LeakyIntegrateAndFire:
    """A leaky integrate-and-fire neuron.

        H[t] = V[t - 1] + (X[t] - (V[t - 1] - V_reset)) / tau           (6)
        S[t] = 1 where H[t] >= V_th                                     (7)
        V[t] = H[t] (1 - S[t]) + V_reset S[t]                           (8)

    Attributes
    ----------
    tau : float
        Membrane time constant in steps; above 1.
    threshold, reset : float
        V_th and V_reset.
    """

    tau: float = 20.0
    threshold: float = 1.0
    reset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a neuron whose voltage overshoots its input, or that spikes at every step."""
        if not self.tau > 1:
            raise InputError(f"tau is {self.tau} steps; it must be above 1")
        if not self.threshold > self.reset:
            raise InputError(f"the threshold is {self.threshold}; it must be above the reset, {self.reset}")

    def simulate(self, current: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return V and S after each step, from V = V_reset on; ``current`` is X, shape (steps,) like both."""
        voltage, spikes = np.empty(len(current)), np.zeros(len(current), dtype=bool)
        v = self.reset
        for t, x in enumerate(current):
            h = v + (x - (v - self.reset)) / self.tau
            spikes[t] = h >= self.threshold
            v = self.reset if spikes[t] else h
            voltage[t] = v
        return voltage, spikes

    @property
    def rheobase(self) -> float:
        """The constant current up to which the neuron never spikes."""
        return self.threshold - self.reset

    def interval(self, current: float) -> float:
        """Return the number of steps between two spikes at a constant current; infinite up to the rheobase.

        It is the smallest n with X (1 - (1 - 1 / tau)^n) >= V_th - V_reset.
        """
        if current <= self.rheobase:
            return float("inf")
        return float(np.ceil(np.log1p(-self.rheobase / current) / np.log1p(-1 / self.tau) - 1e-9))

    def rate(self, current: float) -> float:
        """Return the spikes per step of the neuron in continuous time, 1 / (tau ln(X / (X - (V_th - V_reset))))."""
        if current <= self.rheobase:
            return 0.0
        return float(1 / (-self.tau * np.log1p(-self.rheobase / current)))

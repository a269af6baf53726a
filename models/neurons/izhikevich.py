"""Izhikevich's neuron ("Simple model of spiking neurons", IEEE Trans. Neural Networks 14, 2003).

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I          (9)
    du/dt = a (b v - u)                           (10)
    v >= 30 mV:  v <- c, u <- u + d               (11)

The thesis prints (9) as dt/dv with "140u", and (10) as a(bvu): its minus signs were lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Current = Callable[[float], float]
"""The input current as a function of time in ms."""

PEAK = 30.0
"""Voltage in mV at which a spike ends."""


@dataclass(frozen=True)
class Izhikevich:
    """Izhikevich's neuron.

    Attributes
    ----------
    a, b, c, d : float
        Rate and sensitivity of the recovery variable u; a spike sets v to c (mV) and adds d to u.
    linear, constant : float
        Constants of equation 9: 5 and 140, except for class 1 excitability and the integrator.
    pull, decay : float
        Constants of du/dt = a (b (v + pull) - decay u): 0 mV and 1, except for accommodation.
    """

    a: float
    b: float
    c: float
    d: float
    linear: float = 5.0
    constant: float = 140.0
    pull: float = 0.0
    decay: float = 1.0

    def simulate(
        self, current: Current, duration: float, dt: float, v: float, u: float | None = None
    ) -> tuple[Array, Array, Array]:
        """Integrate by Euler's method, u with the new v, as the program of the 2004 paper does.

        Parameters
        ----------
        duration, dt : float
            In ms.
        v, u : float
            Initial voltage in mV, and initial recovery; b v if left out.

        Returns
        -------
        times, v, u : ndarray of float64, shape (steps,)
            v is 30 mV at a spike.
        """
        times = np.arange(0, duration + dt / 2, dt)
        u = self.b * v if u is None else u
        voltages, recoveries = np.empty(len(times)), np.empty(len(times))
        for step, t in enumerate(times):
            v = v + dt * (0.04 * v * v + self.linear * v + self.constant - u + current(float(t)))
            u = u + dt * self.a * (self.b * (v + self.pull) - self.decay * u)
            voltages[step] = min(v, PEAK)
            if v > PEAK:
                v, u = self.c, u + self.d
            recoveries[step] = u
        return times, voltages, recoveries

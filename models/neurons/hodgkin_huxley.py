"""Hodgkin and Huxley's neuron (J. Physiol. 117, 1952; thesis, equations 1 to 5).

The parameters are the squid axon's, with today's sign of V: inside minus outside, near -65 mV at rest.

    C dV/dt = I - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L)
    dx/dt = alpha_x(V) (1 - x) - beta_x(V) x            for the gates x = m, h, n
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

Array = NDArray[np.float64]
Current = Callable[[float], float]
"""The input current in uA / cm^2, as a function of time in ms."""

CROSSING = 0.0
"""mV: a spike is a rise of V through this voltage."""


@dataclass(frozen=True)
class HodgkinHuxley:
    """A patch of membrane.

    Attributes
    ----------
    capacitance : float
        uF / cm^2.
    g_na, g_k, g_l : float
        Conductances of the open sodium and potassium channels, and of the leak, in mS / cm^2.
    e_na, e_k, e_l : float
        Their equilibrium potentials in mV.
    """

    capacitance: float = 1.0
    g_na: float = 120.0
    g_k: float = 36.0
    g_l: float = 0.3
    e_na: float = 50.0
    e_k: float = -77.0
    e_l: float = -54.387

    def ionic_current(self, v: float, m: float, h: float, n: float) -> float:
        """Return the ionic current out of the cell in uA / cm^2 (equations 2 to 4)."""
        sodium = self.g_na * m**3 * h * (v - self.e_na)
        potassium = self.g_k * n**4 * (v - self.e_k)
        return sodium + potassium + self.g_l * (v - self.e_l)

    def rest(self) -> tuple[float, float, float, float]:
        """Return V (mV), m, h and n at rest, where nothing changes without input."""
        v = float(brentq(lambda v: self.ionic_current(v, *steady_gates(v)), -80.0, -50.0))
        return (v, *steady_gates(v))

    def simulate(self, current: Current, duration: float, dt: float = 0.01) -> Trace:
        """Integrate the equations from rest over ``duration`` ms, for a trace with a point every ``dt`` ms.

        The solver (Runge-Kutta of order 5) takes steps of at most 0.05 ms, or of ``dt`` if that is longer, so that it
        steps over no input pulse.
        """

        def slope(t: float, state: Array) -> list[float]:
            v, m, h, n = state
            gates = [a * (1 - x) - b * x for x, (a, b) in zip((m, h, n), rates(v), strict=True)]
            return [(current(t) - self.ionic_current(v, m, h, n)) / self.capacitance, *gates]

        times = np.arange(0, duration + dt / 2, dt)
        solved = solve_ivp(
            slope, (0, times[-1]), self.rest(), t_eval=times, max_step=max(dt, 0.05), rtol=1e-6, atol=1e-8
        )
        v, m, h, n = solved.y
        return Trace(times, np.array([current(t) for t in times]), v, m, h, n)


@dataclass(frozen=True)
class Trace:
    """The result of a simulation: times (ms), current (uA / cm^2), voltage (mV) and gates (0..1), each (points,)."""

    times: Array
    current: Array
    voltage: Array
    m: Array
    h: Array
    n: Array

    @property
    def spikes(self) -> Array:
        """Times in ms at which V rises through 0 mV."""
        rises = np.flatnonzero((self.voltage[:-1] < CROSSING) & (self.voltage[1:] >= CROSSING))
        return self.times[rises + 1]


def rates(v: float) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Return alpha and beta of m, h and n at a voltage in mV, in 1 / ms."""
    m = (_ratio(v + 40, 10.0), 4.0 * np.exp(-(v + 65) / 18))
    h = (0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10)))
    n = (0.1 * _ratio(v + 55, 10.0), 0.125 * np.exp(-(v + 65) / 80))
    return m, h, n


def steady_gates(v: float) -> tuple[float, float, float]:
    """Return the steady states of m, h and n at a voltage in mV, alpha / (alpha + beta)."""
    m, h, n = (float(a / (a + b)) for a, b in rates(v))
    return m, h, n


def pulse(amplitude: float, begin: float, length: float) -> Current:
    """Return a current of ``amplitude`` (uA / cm^2) that begins at ``begin`` (ms) and lasts ``length`` ms."""
    return lambda t: amplitude if begin <= t < begin + length else 0.0


def _ratio(x: float, scale: float) -> float:
    """Return (x / scale) / (1 - exp(-x / scale)), which is 1 + x / (2 scale) near 0."""
    y = x / scale
    return float(1 + y / 2) if abs(y) < 1e-6 else float(y / -np.expm1(-y))

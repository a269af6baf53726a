"""Izhikevich's neuron (IEEE Trans. Neural Networks 14, 2003) and the twenty patterns of his paper of 2004.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I          (9)
    du/dt = a (b v - u)                           (10)
    v >= 30 mV:  v <- c, u <- u + d               (11)

The thesis prints (9) as dt/dv with "140u", and (10) as a(bvu): minus signs were lost. The patterns' parameters and
inputs are those of figure 1 of "Which model to use for cortical spiking neurons?" (IEEE Trans. Neural Networks 15,
2004), integrated as there by Euler's method; two of them have other constants in (9), and one its own (10).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Current = Callable[[float], float]
"""Of time in ms."""

PEAK = 30.0
"""mV."""


@dataclass(frozen=True)
class Izhikevich:
    """A neuron.

    Attributes
    ----------
    a, b, c, d : float
        Rate and sensitivity of the recovery u, and what a spike sets v to (mV) and adds to u.
    linear, constant : float
        Of equation 9: 5 and 140, but for class 1 excitability and the integrator.
    pull, decay : float
        Of du/dt = a (b (v + pull) - decay u): 0 (mV) and 1, but for accommodation.
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
        """Integrate by Euler's method, u with the new v, as the paper's program does.

        Parameters
        ----------
        current : callable
            See `Current`.
        duration, dt : float
            ms.
        v : float
            To begin with, mV.
        u : float, optional
            To begin with; b v unless given.

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


@dataclass(frozen=True)
class Pattern:
    """A firing pattern: a neuron, its input and its beginning.

    Attributes
    ----------
    name : str
    neuron : Izhikevich
    current : callable
    duration, dt : float
        ms.
    v : float
        mV, to begin with.
    u : float, optional
    """

    name: str
    neuron: Izhikevich
    current: Current = field(repr=False)
    duration: float
    dt: float
    v: float
    u: float | None = None

    def simulate(self) -> tuple[Array, Array, Array]:
        """Return times, v and u."""
        return self.neuron.simulate(self.current, self.duration, self.dt, self.v, self.u)

    def spikes(self) -> Array:
        """Return the times of spikes, ms."""
        times, v, _ = self.simulate()
        return times[v >= PEAK]


def _from(begin: float, value: float, before: float = 0.0) -> Current:
    return lambda t: value if t > begin else before


def _pulses(*edges: tuple[float, float, float], base: float = 0.0) -> Current:
    """Return a current of the last of (begin, end, value) that holds."""

    def current(t: float) -> float:
        found = base
        for begin, end, value in edges:
            if begin < t < end:
                found = value
        return found

    return current


def _ramp(begin: float, slope: float, base: float = 0.0) -> Current:
    return lambda t: base + slope * max(t - begin, 0.0)


def _accommodation(t: float) -> float:
    if t < 200:
        return t / 25
    if t < 300:
        return 0.0
    return (t - 300) / 12.5 * 4 if t < 312.5 else 0.0


def _inhibited(t: float) -> float:
    return 80.0 if t < 50 or t > 250 else 75.0


_SLOW = {"linear": 4.1, "constant": 108.0}

PATTERNS: tuple[Pattern, ...] = (
    Pattern("tonic spiking", Izhikevich(0.02, 0.2, -65, 6), _from(10, 14), 100, 0.25, -70),
    Pattern("phasic spiking", Izhikevich(0.02, 0.25, -65, 6), _from(20, 0.5), 200, 0.25, -64),
    Pattern("tonic bursting", Izhikevich(0.02, 0.2, -50, 2), _from(22, 15), 220, 0.25, -70),
    Pattern("phasic bursting", Izhikevich(0.02, 0.25, -55, 0.05), _from(20, 0.6), 200, 0.2, -64),
    Pattern("mixed mode", Izhikevich(0.02, 0.2, -55, 4), _from(16, 10), 160, 0.25, -70),
    Pattern("spike frequency adaptation", Izhikevich(0.01, 0.2, -65, 8), _from(8.5, 30), 85, 0.25, -70),
    Pattern("class 1 excitable", Izhikevich(0.02, -0.1, -55, 6, **_SLOW), _ramp(30, 0.075), 300, 0.25, -60),
    Pattern("class 2 excitable", Izhikevich(0.2, 0.26, -65, 0), _ramp(30, 0.015, -0.5), 300, 0.25, -64),
    Pattern("spike latency", Izhikevich(0.02, 0.2, -65, 6), _pulses((10, 13, 7.04)), 100, 0.2, -70),
    Pattern("subthreshold oscillations", Izhikevich(0.05, 0.26, -60, 0), _pulses((20, 25, 2)), 200, 0.25, -62),
    Pattern(
        "resonator",
        Izhikevich(0.1, 0.26, -60, -1),
        _pulses((40, 44, 0.65), (60, 64, 0.65), (280, 284, 0.65), (320, 324, 0.65)),
        400,
        0.25,
        -62,
    ),
    Pattern(
        "integrator",
        Izhikevich(0.02, -0.1, -55, 6, **_SLOW),
        _pulses((100 / 11, 100 / 11 + 2, 9), (100 / 11 + 5, 100 / 11 + 7, 9), (70, 72, 9), (80, 82, 9)),
        100,
        0.25,
        -60,
    ),
    Pattern("rebound spike", Izhikevich(0.03, 0.25, -60, 4), _pulses((20, 25, -15)), 200, 0.2, -64),
    Pattern("rebound burst", Izhikevich(0.03, 0.25, -52, 0), _pulses((20, 25, -15)), 200, 0.2, -64),
    Pattern(
        "threshold variability",
        Izhikevich(0.03, 0.25, -60, 4),
        _pulses((10, 15, 1), (80, 85, 1), (70, 75, -6)),
        100,
        0.25,
        -64,
    ),
    Pattern(
        "bistability",
        Izhikevich(0.1, 0.26, -60, 0),
        _pulses((37.5, 42.5, 1.24), (216, 221, 1.24), base=0.24),
        300,
        0.25,
        -61,
    ),
    Pattern("depolarising after-potential", Izhikevich(1, 0.2, -60, -21), _pulses((9, 11, 20)), 50, 0.1, -70),
    Pattern("accommodation", Izhikevich(0.02, 1, -55, 4, pull=65, decay=0), _accommodation, 400, 0.5, -65, -16),
    Pattern("inhibition-induced spiking", Izhikevich(-0.02, -1, -60, 8), _inhibited, 350, 0.5, -63.8),
    Pattern("inhibition-induced bursting", Izhikevich(-0.026, -1, -45, -2), _inhibited, 350, 0.5, -63.8),
)
"""All twenty, in the order of the paper's figure."""

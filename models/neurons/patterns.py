"""The twenty firing patterns of Izhikevich's neuron.

Parameters and inputs are those of figure 1 of "Which model to use for cortical spiking neurons?" (IEEE Trans. Neural
Networks 15, 2004), integrated by Euler's method as there. Two patterns have other constants in equation 9, one in
equation 10.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from models.neurons.izhikevich import PEAK, Array, Current, Izhikevich


@dataclass(frozen=True)
class Pattern:
    """A firing pattern: a neuron, its input and its initial state; see `Izhikevich.simulate`."""

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
        """Return the times of spikes in ms."""
        times, v, _ = self.simulate()
        return times[v >= PEAK]


def _from(begin: float, value: float, before: float = 0.0) -> Current:
    return lambda t: value if t > begin else before


def _pulses(*edges: tuple[float, float, float], base: float = 0.0) -> Current:
    """Return a current with the value of the last (begin, end, value) that covers the time, else ``base``."""
    return lambda t: next((value for begin, end, value in reversed(edges) if begin < t < end), base)


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
_DOUBLETS = _pulses((40, 44, 0.65), (60, 64, 0.65), (280, 284, 0.65), (320, 324, 0.65))
_COINCIDENCES = _pulses((100 / 11, 100 / 11 + 2, 9), (100 / 11 + 5, 100 / 11 + 7, 9), (70, 72, 9), (80, 82, 9))
_EXCITED_AFTER_INHIBITION = _pulses((10, 15, 1), (80, 85, 1), (70, 75, -6))
_SWITCHES = _pulses((37.5, 42.5, 1.24), (216, 221, 1.24), base=0.24)

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
    Pattern("resonator", Izhikevich(0.1, 0.26, -60, -1), _DOUBLETS, 400, 0.25, -62),
    Pattern("integrator", Izhikevich(0.02, -0.1, -55, 6, **_SLOW), _COINCIDENCES, 100, 0.25, -60),
    Pattern("rebound spike", Izhikevich(0.03, 0.25, -60, 4), _pulses((20, 25, -15)), 200, 0.2, -64),
    Pattern("rebound burst", Izhikevich(0.03, 0.25, -52, 0), _pulses((20, 25, -15)), 200, 0.2, -64),
    Pattern("threshold variability", Izhikevich(0.03, 0.25, -60, 4), _EXCITED_AFTER_INHIBITION, 100, 0.25, -64),
    Pattern("bistability", Izhikevich(0.1, 0.26, -60, 0), _SWITCHES, 300, 0.25, -61),
    Pattern("depolarising after-potential", Izhikevich(1, 0.2, -60, -21), _pulses((9, 11, 20)), 50, 0.1, -70),
    Pattern("accommodation", Izhikevich(0.02, 1, -55, 4, pull=65, decay=0), _accommodation, 400, 0.5, -65, -16),
    Pattern("inhibition-induced spiking", Izhikevich(-0.02, -1, -60, 8), _inhibited, 350, 0.5, -63.8),
    Pattern("inhibition-induced bursting", Izhikevich(-0.026, -1, -45, -2), _inhibited, 350, 0.5, -63.8),
)
"""All twenty patterns, in the order of the paper's figure."""

"""What a spike has left of its current and voltage at an age of less than a step, to the third order.

x = dt / tau_mem, y = dt / tau_syn; ages are in steps.
"""

from __future__ import annotations

from numba import njit

from models.engines.cpu.vectors import HALF, ONE, THIRD


@njit(inline="always")
def current_left(y, a):  # type: ignore[no-untyped-def]
    """Return exp(-y a)."""
    z = y * a
    return ONE - z * (ONE - z * HALF * (ONE - z * THIRD))


@njit(inline="always")
def voltage_left(x, y, a):  # type: ignore[no-untyped-def]
    """Return kappa(a), the voltage after a current of 1 has decayed for ``a`` steps."""
    return x * a * (ONE - a * HALF * (x + y - a * THIRD * (x * x + x * y + y * y)))

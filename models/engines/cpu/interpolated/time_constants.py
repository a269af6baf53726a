"""What steps with interpolated spikes add to the sums of `models.engines.time_constants`."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.engines.cpu.interpolated.response import current_left, voltage_left
from models.engines.cpu.vectors import FAST
from models.kernels import kernel


@kernel(fastmath=FAST)
def add_arrivals(sums, p_v, p_i, first, second):  # type: ignore[no-untyped-def]
    """Add to rows 5 to 8: a step's arrivals, by age and by its square, times the adjoints at its beginning."""
    for j in range(p_v.shape[0]):
        sums[5, j] += p_v[j] * first[j]
        sums[6, j] += p_v[j] * second[j]
        sums[7, j] += p_i[j] * first[j]
        sums[8, j] += p_i[j] * second[j]


@njit(inline="always")
def _kappa_by_rates(x, y, t):  # type: ignore[no-untyped-def]
    """Return dkappa/dx and dkappa/dy after ``t`` steps, of `response.voltage_left`."""
    half, sixth = t * t * np.float32(1 / 2), t * t * t * np.float32(1 / 6)
    two, three = np.float32(2.0), np.float32(3.0)
    by_x = t - half * (two * x + y) + sixth * (three * x * x + two * x * y + y * y)
    return by_x, x * (sixth * (x + two * y) - half)


@njit(inline="always")
def add_crossing(sums, q, p, jump, v, current, bias, x, y, f):  # type: ignore[no-untyped-def]
    """Replace, for neuron ``q`` in a step in which it spiked, what `add_step` added with the terms of that step.

    Parameters
    ----------
    sums : ndarray of float32, shape (SUMS, size)
        Changed.
    q : int
    p, jump : float32
        p_V at the step's end, and just before the spike.
    v, current, bias : float32
        At the step's beginning.
    x, y : float32
        dt / tau_mem and dt / tau_syn.
    f : float32
        Fraction of the step at which the neuron spiked.
    """
    sums[1, q] -= jump
    sums[2, q] -= jump * v
    sums[3, q] -= jump * current
    a = np.float32(1.0) - f
    # Up to the crossing the voltage goes on from v, from there it starts anew on what is left of the current.
    left = current * current_left(y, f)
    crossed_by_x, crossed_by_y = _kappa_by_rates(x, y, f)
    restarted_by_x, restarted_by_y = _kappa_by_rates(x, y, a)
    by_x = jump * (current * crossed_by_x - (v - bias) * f * current_left(x, f))
    by_x += p * (left * restarted_by_x + bias * a * current_left(x, a))
    by_y = jump * current * crossed_by_y + p * left * (restarted_by_y - f * voltage_left(x, y, a))
    sums[9, q] -= by_x * x * x
    sums[10, q] -= by_y * y * y

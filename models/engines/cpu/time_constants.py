"""Gradients of biases and time constants (Nowotny, Turner and Knight 2025).

A step's coefficients are functions of its neuron's time constants, so their gradients are sums over steps of adjoints
times states. The sums, by row:

    0  p_V                     of all steps: bias
    1  p_V                     of steps without a spike between the grid's points, like 2 and 3
    2  p_V V                   V, I at the step's beginning; p_V, p_I at its end
    3  p_V I
    4  p_I I
    5  p_V, 6  p_V             at the step's beginning, times what arrives then by age, and by its square
    7  p_I, 8  p_I             likewise
    9  dL/dtau_mem, 10  dL/dtau_syn     of steps with a spike between the grid's points; the time constants in steps
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.engines.cpu.forward import current_left, voltage_left

SUMS = 11

NUDGE = 1e-4
"""Relative change of a time constant for the central differences of closed forms, which are smooth in float64."""


@njit(cache=True)
def add_step(sums, p_v, p_i, voltage, current):  # type: ignore[no-untyped-def]
    """Add a step to rows 1 to 4."""
    for j in range(p_v.shape[0]):
        sums[1, j] += p_v[j]
        sums[2, j] += p_v[j] * voltage[j]
        sums[3, j] += p_v[j] * current[j]
        sums[4, j] += p_i[j] * current[j]


@njit(inline="always")
def _kappa_by_rates(x, y, t):  # type: ignore[no-untyped-def]
    """Return dkappa/dx and dkappa/dy after ``t`` steps, of `forward.voltage_left`."""
    half, sixth = t * t * np.float32(1 / 2), t * t * t * np.float32(1 / 6)
    two, three = np.float32(2.0), np.float32(3.0)
    by_x = t - half * (two * x + y) + sixth * (three * x * x + two * x * y + y * y)
    return by_x, x * (sixth * (x + two * y) - half)


@njit(inline="always")
def add_crossing(sums, q, p, jump, v, current, bias, x, y, f):  # type: ignore[no-untyped-def]
    """Replace, for neuron ``q`` in a step in which it spiked, what `add_step` added with what is true of the step.

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


def time_constant_gradients(
    sums: NDArray[np.floating],
    tau_mem: NDArray[np.floating],
    tau_syn: NDArray[np.floating],
    bias: NDArray[np.floating],
    dt: float,
    between: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return dL/dtau_mem and dL/dtau_syn, in 1 / ms, each (size,).

    Parameters
    ----------
    sums : ndarray, shape (SUMS, size)
    tau_mem, tau_syn : ndarray, shape (size,)
        In ms.
    bias : ndarray, shape (size,)
    dt : float
        Step in ms.
    between : bool
        Whether spikes fall between the grid's points.
    """
    rows = np.asarray(sums, dtype=np.float64)
    taus = [np.asarray(tau_mem, dtype=np.float64), np.asarray(tau_syn, dtype=np.float64)]
    gradients = []
    for which in range(2):
        h = taus[which] * NUDGE
        sides = []
        for sign in (1, -1):
            moved = [tau + sign * h * (i == which) for i, tau in enumerate(taus)]
            c = Coefficients.of(moved[0], moved[1], dt, between)
            x, y = dt / moved[0], dt / moved[1]
            sides.append((c.alpha, c.gain, c.beta, x, x * (x + y) / 2, -y, y * y / 2))
        alpha, gain, beta, kappa_1, kappa_2, epsilon_1, epsilon_2 = (
            (up - down) / (2 * h) for up, down in zip(*sides, strict=True)
        )
        # Where a gradient has overflowed, it is for the trainer to say so.
        with np.errstate(invalid="ignore"):
            total = (rows[2] - bias * rows[1]) * alpha + rows[3] * gain + rows[4] * beta
            total += rows[5] * kappa_1 - rows[6] * kappa_2 + rows[7] * epsilon_1 + rows[8] * epsilon_2
        # A step's length is 1 where spikes fall between the grid's points.
        gradients.append((total + rows[9 + which] / dt).astype(np.float32))
    return gradients[0], gradients[1]

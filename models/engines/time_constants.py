"""Gradients with respect to time constants, from sums over steps of adjoints times states.

The coefficients of a step are functions of its neuron's time constants (Nowotny, Turner and Knight 2025). Engines add
up the sums below for every neuron, and `time_constant_gradients` turns them into gradients. The sums, by row:

    0  p_V                     of all steps: bias
    1  p_V                     of steps without an interpolated spike, like 2 and 3
    2  p_V V                   V, I at the step's beginning; p_V, p_I at its end
    3  p_V I
    4  p_I I
    5  p_V, 6  p_V             at the step's beginning, times what arrives then by age, and by its square
    7  p_I, 8  p_I             likewise
    9  dL/dtau_mem, 10  dL/dtau_syn     of steps with an interpolated spike; the time constants in steps
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients

SUMS = 11
"""Number of rows."""

NUDGE = 1e-4
"""Relative change of a time constant for the central differences of closed forms, which are smooth in float64."""


def time_constant_gradients(
    sums: NDArray[np.floating],
    tau_mem: NDArray[np.floating],
    tau_syn: NDArray[np.floating],
    bias: NDArray[np.floating],
    dt: float,
    interpolated: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return dL/dtau_mem and dL/dtau_syn, in 1 / ms, each (size,).

    Parameters
    ----------
    sums : ndarray, shape (SUMS, size)
    tau_mem, tau_syn, bias : ndarray, shape (size,)
        Time constants in ms.
    dt : float
        Step in ms.
    """
    rows = np.asarray(sums, dtype=np.float64)
    taus = [np.asarray(tau_mem, dtype=np.float64), np.asarray(tau_syn, dtype=np.float64)]
    gradients = []
    for which in range(2):
        h = taus[which] * NUDGE
        sides = []
        for sign in (1, -1):
            shifted = [tau + sign * h * (i == which) for i, tau in enumerate(taus)]
            c = Coefficients.of(shifted[0], shifted[1], dt, interpolated)
            x, y = dt / shifted[0], dt / shifted[1]
            sides.append((c.alpha, c.gain, c.beta, x, x * (x + y) / 2, -y, y * y / 2))
        alpha, gain, beta, kappa_1, kappa_2, epsilon_1, epsilon_2 = (
            (up - down) / (2 * h) for up, down in zip(*sides, strict=True)
        )
        # Where a gradient has overflowed, it is for the trainer to say so.
        with np.errstate(invalid="ignore"):
            total = (rows[2] - bias * rows[1]) * alpha + rows[3] * gain + rows[4] * beta
            total += rows[5] * kappa_1 - rows[6] * kappa_2 + rows[7] * epsilon_1 + rows[8] * epsilon_2
        # Rows 9 and 10 are in units of a step.
        gradients.append((total + rows[9 + which] / dt).astype(np.float32))
    return gradients[0], gradients[1]

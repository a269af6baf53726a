"""Coefficients of every neuron for the kernels, one row per quantity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.engines.cpu.memory import LINE, aligned

(
    ALPHA,
    BETA,
    GAIN,
    PUSH,
    TIME_CURRENT,
    TIME_VOLTAGE,
    TIME_DRIVE,
    RATE_MEM,
    RATE_SYN,
    KAPPA_1,
    KAPPA_2,
    EPSILON_2,
    BIAS,
    MEAN,
    DRIVE_VOLTAGE,
    DRIVE_CURRENT,
) = range(16)
"""Rows. PUSH is (1 - alpha) bias; MEAN times the current at a step's end is its mean over the step; DRIVE_VOLTAGE and
DRIVE_CURRENT are p_V and p_I at the beginning of a step throughout which dL/dV is 1; RATE_MEM is x = dt / tau_mem,
RATE_SYN y = dt / tau_syn. A spike of age a, in steps, has left a current of epsilon(a) = 1 - y a + EPSILON_2 a^2 and a
voltage of kappa(a) = KAPPA_1 a - KAPPA_2 a^2, the first terms of the exponential and of `coefficients.response`. So the
ages of all spikes of a step enter through three sums of weights, times 1, a and a^2, whatever the time constants."""

ROWS = 16


def neuron_table(
    tau_mem: NDArray[np.floating],
    tau_syn: NDArray[np.floating],
    bias: NDArray[np.floating],
    dt: float,
    interpolated: bool,
) -> NDArray[np.float32]:
    """Return the table of a population.

    Parameters
    ----------
    tau_mem, tau_syn, bias : ndarray, shape (size,)
        Time constants in ms, and the constant current.
    dt : float
        Step in ms.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.

    Returns
    -------
    ndarray of float32, shape (ROWS, size rounded up to a whole cache line)
    """
    membrane, synapse = np.asarray(tau_mem, dtype=np.float64), np.asarray(tau_syn, dtype=np.float64)
    made = Coefficients.of(membrane, synapse, dt, interpolated)
    x, y = dt / membrane, dt / synapse
    rows = (
        made.alpha,
        made.beta,
        made.gain,
        (1 - made.alpha) * bias,
        made.time_current,
        made.time_voltage,
        made.time_drive,
        x,
        y,
        x,
        x * (x + y) / 2,
        y * y / 2,
        bias,
        made.gain / ((1 - made.alpha) * made.beta),
        made.drive_voltage,
        made.drive_current,
    )
    lane = LINE // 4
    table = aligned((ROWS, -(-len(x) // lane) * lane))
    table[:, : len(x)] = np.array(rows)
    return table

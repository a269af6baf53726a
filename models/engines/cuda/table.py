"""Coefficients of every neuron for the kernels, one row per quantity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients

ALPHA, BETA, GAIN, PUSH, MEAN, BIAS, TIME_CURRENT, TIME_VOLTAGE, TIME_DRIVE, RATE_MEM = range(10)
"""Rows: those of `Coefficients`; PUSH is (1 - alpha) bias; MEAN times the current at a step's end is its mean over the
step; RATE_MEM is dt / tau_mem."""

ROWS = 10


def neuron_table(
    tau_mem: NDArray[np.floating], tau_syn: NDArray[np.floating], bias: NDArray[np.floating], dt: float, width: int
) -> NDArray[np.float32]:
    """Return the table of a population, shape (ROWS, width).

    Parameters
    ----------
    tau_mem, tau_syn, bias : ndarray, shape (size,)
        Time constants in ms, and the constant current.
    dt : float
        Step in ms.
    width : int
        Columns; neurons that are not there have the last one's time constants and no bias.
    """
    missing = width - len(tau_mem)
    membrane, synapse = (np.pad(np.asarray(tau, np.float64), (0, missing), mode="edge") for tau in (tau_mem, tau_syn))
    constant = np.pad(np.asarray(bias, np.float64), (0, missing))
    made = Coefficients.of(membrane, synapse, dt, interpolated=False)
    rows = (
        made.alpha,
        made.beta,
        made.gain,
        (1 - made.alpha) * constant,
        made.gain / ((1 - made.alpha) * made.beta),
        constant,
        made.time_current,
        made.time_voltage,
        made.time_drive,
        dt / membrane,
    )
    return np.array(rows, dtype=np.float32)

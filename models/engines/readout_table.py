"""Table of the windowed readout, which is linear in the output weights, so that no output neuron is simulated.

A spike of hidden neuron n that arrives at time t adds w_nk K_k(t) to the trial's mean of window times voltage of output
k. K is the adjoint current of an output that the window drives; it depends on the window and on the output's time
constants alone, and is tabulated once. The forward pass sums K over spikes; the backward pass reads K for gradients
with respect to weights, and the derivative of K for those with respect to spike times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.engines.time_constants import NUDGE
from models.kernels import kernel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ReadoutTable:
    """The readout of a unit arrival and of a constant current of 1.

    Attributes
    ----------
    gain : ndarray of float64, shape (steps + 1, columns)
        K of an arrival at the beginning of each step; one column where all outputs share their time constants.
    slope : ndarray of float64, shape (steps + 1, columns)
        Its derivative by time, in 1 / step.
    bias : ndarray of float64, shape (columns,)
    """

    gain: Array
    slope: Array
    bias: Array

    @classmethod
    def of(
        cls, window: NDArray[np.floating], tau_mem: Array, tau_syn: Array, dt: float, interpolated: bool
    ) -> ReadoutTable:
        """Return the table of outputs with time constants in ms, each (columns,).

        With spikes on the grid, the window weighs the voltages at the ends of steps, as in a simulated output. With
        interpolated spike times, the integral over each step is exact.
        """
        c = Coefficients.of(tau_mem, tau_syn, dt, interpolated)
        drive = np.asarray(window, dtype=np.float64) / len(window)
        gain, adjoint = np.zeros((2, len(drive) + 1, len(c.alpha)))
        if interpolated:
            x, y = dt / tau_mem, dt / tau_syn
            _recur(drive, c.alpha, c.beta, c.gain, c.drive_voltage, c.drive_current, gain, adjoint)
            slope = y * gain - x * adjoint
            bias = ((1 - c.alpha) * adjoint[1:] + (1 - c.drive_voltage) * drive[:, None]).sum(axis=0)
        else:
            _recur(drive, c.alpha, c.beta, c.gain, c.alpha, c.gain, gain, adjoint)
            slope = np.zeros_like(gain)
            slope[1:-1] = (gain[2:] - gain[:-2]) / 2
            bias = ((1 - c.alpha) / c.alpha * adjoint[:-1]).sum(axis=0)
        return cls(gain, slope, bias)

    @classmethod
    def by_time_constants(
        cls, window: NDArray[np.floating], tau_mem: Array, tau_syn: Array, dt: float, interpolated: bool
    ) -> tuple[ReadoutTable, ReadoutTable]:
        """Return the derivatives of gain and bias by tau_mem and by tau_syn, in 1 / ms; ``slope`` has none."""
        found = []
        for which in range(2):
            h = (tau_mem, tau_syn)[which] * NUDGE
            up, down = (
                cls.of(window, tau_mem + s * h * (which == 0), tau_syn + s * h * (which == 1), dt, interpolated)
                for s in (1, -1)
            )
            found.append(cls((up.gain - down.gain) / (2 * h), up.slope, (up.bias - down.bias) / (2 * h)))
        return found[0], found[1]


@kernel()
def _recur(drive, alpha, beta, gain, drive_voltage, drive_current, adjoint_current, adjoint_voltage):  # type: ignore[no-untyped-def]
    """Go backward through the adjoint of readouts that are driven by the window."""
    for step in range(drive.shape[0] - 1, -1, -1):
        for k in range(alpha.shape[0]):
            p_i, p_v = adjoint_current[step + 1, k], adjoint_voltage[step + 1, k]
            adjoint_current[step, k] = beta[k] * p_i + gain[k] * p_v + drive_current[k] * drive[step]
            adjoint_voltage[step, k] = alpha[k] * p_v + drive_voltage[k] * drive[step]

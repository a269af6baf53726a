"""Coefficients of one step of exact exponential integration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def response(time: Array | float, tau_mem: Array, tau_syn: Array) -> Array:
    """Return kappa(t) = tau_syn / (tau_syn - tau_mem) * (exp(-t / tau_syn) - exp(-t / tau_mem)).

    The voltage at ``time`` (ms) after a current of 1 began to decay. The form used here also holds for equal time
    constants, where it is t / tau * exp(-t / tau).
    """
    difference = time * (1 / tau_syn - 1 / tau_mem)
    small = np.abs(difference) < 1e-8
    ratio = np.where(small, 1.0, -np.expm1(-difference) / np.where(small, 1.0, difference))
    return np.asarray(time / tau_mem * np.exp(-time / tau_mem) * ratio)


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of one step for each neuron of a population.

    Attributes
    ----------
    alpha, beta, gain : ndarray of float64, shape (size,)
        ``V <- alpha V + gain I + (1 - alpha) bias`` and ``I <- beta I``.
    time_current, time_voltage, time_drive : ndarray of float64, shape (size,)
        dp_I/dt, in 1 / step, is the sum of these times p_I, minus p_V, and minus dL/dV of the step before; see
        `cpu.backward`.
    drive_voltage, drive_current : ndarray of float64, shape (size,)
        p_V and p_I at the beginning of a step throughout which dL/dV is 1 per step.
    """

    alpha: Array
    beta: Array
    gain: Array
    time_current: Array
    time_voltage: Array
    time_drive: Array
    drive_voltage: Array
    drive_current: Array

    @classmethod
    def of(cls, tau_mem: Array, tau_syn: Array, dt: float, interpolated: bool) -> Coefficients:
        """Return the coefficients of neurons with time constants in ms.

        With spikes on the grid the membrane sees the step's mean current, gain = (1 - alpha) (tau_syn / dt) (1 - beta);
        with interpolated spike times, the current as it decays, gain = kappa(dt).
        """
        tau_mem, tau_syn = np.asarray(tau_mem, dtype=np.float64), np.asarray(tau_syn, dtype=np.float64)
        alpha, beta = np.exp(-dt / tau_mem), np.exp(-dt / tau_syn)
        gain = response(dt, tau_mem, tau_syn) if interpolated else (1 - alpha) * (tau_syn / dt) * (1 - beta)
        time_current, time_voltage = (1 / beta - beta) / 2, gain * (1 / (alpha * beta) + 1) / 2
        drive_voltage, drive_current = -np.expm1(-dt / tau_mem) * tau_mem / dt, np.zeros_like(gain)
        for u, w in zip(_NODES, _WEIGHTS, strict=True):
            drive_current = drive_current + w / 2 * response((u + 1) / 2 * dt, tau_mem, tau_syn)
        return cls(alpha, beta, gain, time_current, time_voltage, gain / 2, drive_voltage, drive_current)


def whole_steps(spacing: float, dt: float) -> int:
    """Return the delay line's spacing in steps of ``dt`` ms; it must be a whole number of them."""
    steps = round(spacing / dt)
    if abs(steps * dt - spacing) > 1e-9:
        raise InputError(f"delay_line.spacing is {spacing} ms; it must be a whole number of steps of {dt} ms")
    return steps

"""The windowed readout, which is linear: no output neuron is ever stepped through time.

A spike of hidden neuron n that arrives at time t adds w_nk K_k(t) to the trial's mean of window times voltage of output
k. K, the adjoint current of a unit drive, depends on the window and on the output's time constants alone. So it is
tabulated once; the forward pass adds K up over spikes, and the backward pass reads K for the weights and its derivative
for the spikes' times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.engines.cpu.delays import arrival
from models.engines.time_constants import NUDGE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ReadoutTable:
    """What arrivals, and a constant current of 1, mean to the readout.

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

        On the grid, the window weighs the voltages at the ends of steps, as the stepped network has them. Between its
        points, the integral over each step is exact.
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
        """Return the derivatives of gain and bias by tau_mem and by tau_syn, in 1 / ms; of slope there is no need."""
        found = []
        for which in range(2):
            h = (tau_mem, tau_syn)[which] * NUDGE
            up, down = (
                cls.of(window, tau_mem + s * h * (which == 0), tau_syn + s * h * (which == 1), dt, interpolated)
                for s in (1, -1)
            )
            found.append(cls((up.gain - down.gain) / (2 * h), up.slope, (up.bias - down.bias) / (2 * h)))
        return found[0], found[1]


@njit(cache=True)
def _recur(drive, alpha, beta, gain, drive_voltage, drive_current, adjoint_current, adjoint_voltage):  # type: ignore[no-untyped-def]
    """Go backward through the adjoint of readouts that are driven by the window."""
    for step in range(drive.shape[0] - 1, -1, -1):
        for k in range(alpha.shape[0]):
            p_i, p_v = adjoint_current[step + 1, k], adjoint_voltage[step + 1, k]
            adjoint_current[step, k] = beta[k] * p_i + gain[k] * p_v + drive_current[k] * drive[step]
            adjoint_voltage[step, k] = alpha[k] * p_v + drive_voltage[k] * drive[step]


@njit(inline="always")
def _at_age(table, step, age, column):  # type: ignore[no-untyped-def]
    """Return the table's value ``age`` before the beginning of ``step``."""
    if age == 0:
        return table[step, column]
    return (1 - age) * table[step, column] + age * table[step - 1, column]


@njit(parallel=True, cache=True)
def read_shared(steps, neurons, fractions, counts, gain, weights, bias, drawn, mean_voltage):  # type: ignore[no-untyped-def]
    """Read outputs that share their time constants and have no delays.

    Parameters
    ----------
    steps, neurons : ndarray of int32, shape (examples, capacity)
        Hidden spikes.
    fractions : ndarray of float32, shape (examples, capacity) or (examples, 0)
    counts : ndarray of int64, shape (examples,)
    gain : ndarray of float64, shape (steps + 1, 1)
    weights : ndarray of float32, shape (hidden, classes)
    bias : ndarray of float64, shape (classes,)
        What biases add.
    drawn : ndarray of float64, shape (examples, hidden)
        Written: K, summed over each neuron's spikes.
    mean_voltage : ndarray of float64, shape (examples, classes)
        Written.
    """
    n_steps, aged = gain.shape[0] - 1, fractions.shape[1] > 0
    for b in prange(counts.shape[0]):
        sums, means = drawn[b], mean_voltage[b]
        sums[:] = 0.0
        means[:] = bias
        for i in range(counts[b]):
            step = steps[b, i] + 1
            if step < n_steps:
                sums[neurons[b, i]] += _at_age(gain, step, 1.0 - fractions[b, i] if aged else 0.0, 0)
        for q in range(sums.shape[0]):
            if sums[q] != 0:
                for k in range(means.shape[0]):
                    means[k] += sums[q] * weights[q, k]


@njit(parallel=True, cache=True)
def time_shared(steps, neurons, fractions, counts, slope, weights, error, spike_time_gradient):  # type: ignore[no-untyped-def]
    """Write what each hidden spike's time means to the loss; see `read_shared`.

    Parameters
    ----------
    slope : ndarray of float64, shape (steps + 1, 1)
    error : ndarray of float64, shape (examples, classes)
        dL/d(mean voltage).
    spike_time_gradient : ndarray of float32, shape (examples, capacity)
        Written: dL/dt, in 1 / step.
    """
    n_steps, aged = slope.shape[0] - 1, fractions.shape[1] > 0
    for b in prange(counts.shape[0]):
        pull = np.zeros(weights.shape[0])
        for q in range(weights.shape[0]):
            for k in range(weights.shape[1]):
                pull[q] += error[b, k] * weights[q, k]
        for i in range(counts[b]):
            step = steps[b, i] + 1
            value = 0.0
            if step < n_steps:
                value = pull[neurons[b, i]] * _at_age(slope, step, 1.0 - fractions[b, i] if aged else 0.0, 0)
            spike_time_gradient[b, i] = value


@njit(parallel=True, cache=True)
def learn_shared(drawn, error, gradient):  # type: ignore[no-untyped-def]
    """Write dL/dw, shape (hidden, classes); examples are summed first to last; see `read_shared`."""
    for q in prange(gradient.shape[0]):
        row = np.zeros(gradient.shape[1])
        for b in range(drawn.shape[0]):
            if drawn[b, q] != 0:
                for k in range(row.shape[0]):
                    row[k] += drawn[b, q] * error[b, k]
        gradient[q] = row


@njit(parallel=True, cache=True)
def read_each(steps, neurons, fractions, counts, gain, weights, delays, bias, mean_voltage):  # type: ignore[no-untyped-def]
    """Read outputs with time constants or delays of their own.

    Parameters
    ----------
    steps, neurons, fractions, counts, weights, bias, mean_voltage
        As for `read_shared`.
    gain : ndarray of float64, shape (steps + 1, classes)
    delays : ndarray of float32, shape (hidden, classes) or (0, classes)
        In steps.
    """
    n_steps, aged = gain.shape[0] - 1, fractions.shape[1] > 0
    for b in prange(counts.shape[0]):
        means = mean_voltage[b]
        means[:] = bias
        for i in range(counts[b]):
            q = neurons[b, i]
            age = np.float32(1.0) - fractions[b, i] if aged else np.float32(0.0)
            for k in range(means.shape[0]):
                at, a = steps[b, i] + 1, age
                if delays.shape[0] > 0:
                    at, a = arrival(at, age, delays[q, k], aged)
                if at < n_steps:
                    means[k] += weights[q, k] * _at_age(gain, at, a, k)


@njit(parallel=True, cache=True)
def learn_each(  # type: ignore[no-untyped-def]
    steps, neurons, fractions, counts, gain, slope, by_tau, weights, delays, error, first_of_group, spike_time_gradient,
    gradients, delay_gradients, tau_gradients,
):  # fmt: skip
    """Accumulate gradients of outputs with time constants or delays of their own, in groups of examples.

    Parameters
    ----------
    steps, neurons, fractions, counts, gain, weights, delays
        As for `read_each`.
    slope : ndarray of float64, shape (steps + 1, classes)
    by_tau : ndarray of float64, shape (2 or 0, steps + 1, classes)
        Derivatives of ``gain`` by tau_mem and tau_syn.
    error : ndarray of float64, shape (examples, classes)
        dL/d(mean voltage).
    first_of_group : ndarray of int64, shape (groups + 1,)
        As in `backward.backward_layer`.
    spike_time_gradient : ndarray of float32, shape (examples, capacity)
        Written: dL/dt of each spike, in 1 / step.
    gradients, delay_gradients : ndarray of float32, shape (groups, hidden, classes)
        Written; the second, in 1 / step, may have 0 rows.
    tau_gradients : ndarray of float64, shape (groups, 2 or 0, classes)
        Written.
    """
    n_steps, aged = gain.shape[0] - 1, fractions.shape[1] > 0
    delayed = delays.shape[0] > 0
    for group in prange(first_of_group.shape[0] - 1):
        gradients[group] = 0.0
        delay_gradients[group] = 0.0
        tau_gradients[group] = 0.0
        for b in range(first_of_group[group], first_of_group[group + 1]):
            for i in range(counts[b]):
                q = neurons[b, i]
                age = np.float32(1.0) - fractions[b, i] if aged else np.float32(0.0)
                total = 0.0
                for k in range(error.shape[1]):
                    at, a = steps[b, i] + 1, age
                    if delayed:
                        at, a = arrival(at, age, delays[q, k], aged)
                    if at >= n_steps:
                        continue
                    gradients[group, q, k] += error[b, k] * _at_age(gain, at, a, k)
                    pull = error[b, k] * weights[q, k]
                    later = pull * _at_age(slope, at, a, k)
                    total += later
                    if delayed:
                        delay_gradients[group, q, k] += later
                    for which in range(by_tau.shape[0]):
                        tau_gradients[group, which, k] += pull * _at_age(by_tau[which], at, a, k)
                spike_time_gradient[b, i] = total

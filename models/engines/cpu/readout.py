"""Kernels of the windowed readout; see `models.engines.readout_table`."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from models.engines.cpu.delays import arrival
from models.engines.cpu.interpolated import delays as interpolated
from models.engines.cpu.vectors import clear, copy, fill
from models.kernels import kernel


@njit(inline="always")
def arrival_at_output(step, age, delay, aged):  # type: ignore[no-untyped-def]
    """Return the step at whose beginning a delayed spike arrives, and its age then: 0 unless spikes are ``aged``."""
    if aged:
        return interpolated.arrival(step, age, delay)
    return arrival(step, delay), np.float32(0.0)


@njit(inline="always")
def _at_age(table, step, age, column):  # type: ignore[no-untyped-def]
    """Return the table's value ``age`` before the beginning of ``step``."""
    if age == 0:
        return table[step, column]
    return (1 - age) * table[step, column] + age * table[step - 1, column]


@kernel(parallel=True)
def read_shared(tape, gain, weights, bias, drawn, mean_voltage):  # type: ignore[no-untyped-def]
    """Read outputs that share their time constants and have no delays.

    Parameters
    ----------
    tape : ForwardTape
        Of the hidden layer.
    gain : ndarray of float64, shape (steps + 1, 1)
    weights : ndarray of float32, shape (hidden, classes)
    bias : ndarray of float64, shape (classes,)
        What biases add.
    drawn : ndarray of float64, shape (examples, hidden)
        Written: K, summed over each neuron's spikes.
    mean_voltage : ndarray of float64, shape (examples, classes)
        Written.
    """
    steps, neurons, fractions, counts = tape.steps, tape.neurons, tape.fractions, tape.counts
    n_steps, aged = gain.shape[0] - 1, fractions.shape[1] > 0
    for b in prange(counts.shape[0]):
        sums, means = drawn[b], mean_voltage[b]
        fill(sums, 0.0)
        copy(means, bias)
        for i in range(counts[b]):
            step = steps[b, i] + 1
            if step < n_steps:
                sums[neurons[b, i]] += _at_age(gain, step, 1.0 - fractions[b, i] if aged else 0.0, 0)
        for q in range(sums.shape[0]):
            if sums[q] != 0:
                for k in range(means.shape[0]):
                    means[k] += sums[q] * weights[q, k]


@kernel(parallel=True)
def spike_times_shared(tape, slope, weights, error, spike_time_gradient):  # type: ignore[no-untyped-def]
    """Write dL/dt of each hidden spike; see `read_shared`.

    Parameters
    ----------
    slope : ndarray of float64, shape (steps + 1, 1)
    error : ndarray of float64, shape (examples, classes)
        dL/d(mean voltage).
    spike_time_gradient : ndarray of float32, shape (examples, capacity)
        Written: dL/dt, in 1 / step.
    """
    steps, neurons, fractions, counts = tape.steps, tape.neurons, tape.fractions, tape.counts
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


@kernel(parallel=True)
def weights_shared(drawn, error, gradient):  # type: ignore[no-untyped-def]
    """Write dL/dw, shape (hidden, classes); examples are summed first to last; see `read_shared`."""
    for q in prange(gradient.shape[0]):
        row = np.zeros(gradient.shape[1])
        for b in range(drawn.shape[0]):
            if drawn[b, q] != 0:
                for k in range(row.shape[0]):
                    row[k] += drawn[b, q] * error[b, k]
        copy(gradient[q], row)


@kernel(parallel=True)
def read_each(tape, gain, weights, delays, bias, mean_voltage):  # type: ignore[no-untyped-def]
    """Read outputs with time constants or delays of their own.

    Parameters
    ----------
    tape, weights, bias, mean_voltage
        As for `read_shared`.
    gain : ndarray of float64, shape (steps + 1, classes)
    delays : ndarray of float32, shape (hidden, classes) or (0, classes)
        In steps.
    """
    steps, neurons, fractions, counts = tape.steps, tape.neurons, tape.fractions, tape.counts
    n_steps, aged = gain.shape[0] - 1, fractions.shape[1] > 0
    for b in prange(counts.shape[0]):
        means = mean_voltage[b]
        copy(means, bias)
        for i in range(counts[b]):
            q = neurons[b, i]
            age = np.float32(1.0) - fractions[b, i] if aged else np.float32(0.0)
            for k in range(means.shape[0]):
                at, a = steps[b, i] + 1, age
                if delays.shape[0] > 0:
                    at, a = arrival_at_output(at, age, delays[q, k], aged)
                if at < n_steps:
                    means[k] += weights[q, k] * _at_age(gain, at, a, k)


@kernel(parallel=True)
def gradients_each(  # type: ignore[no-untyped-def]
    tape, gain, slope, by_tau, weights, delays, error, first_of_group, spike_time_gradient,
    gradients, delay_gradients, tau_gradients,
):  # fmt: skip
    """Accumulate gradients of outputs with time constants or delays of their own, in groups of examples.

    Parameters
    ----------
    tape, gain, weights, delays
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
    steps, neurons, fractions, counts = tape.steps, tape.neurons, tape.fractions, tape.counts
    n_steps, aged = gain.shape[0] - 1, fractions.shape[1] > 0
    delayed = delays.shape[0] > 0
    for group in prange(first_of_group.shape[0] - 1):
        clear(gradients[group])
        clear(delay_gradients[group])
        clear(tau_gradients[group])
        for b in range(first_of_group[group], first_of_group[group + 1]):
            for i in range(counts[b]):
                q = neurons[b, i]
                age = np.float32(1.0) - fractions[b, i] if aged else np.float32(0.0)
                total = 0.0
                for k in range(error.shape[1]):
                    at, a = steps[b, i] + 1, age
                    if delayed:
                        at, a = arrival_at_output(at, age, delays[q, k], aged)
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

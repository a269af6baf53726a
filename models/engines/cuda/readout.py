"""Kernels of the windowed readout, which is a table (`models.engines.readout_table`): no output neuron is simulated.

All sums are in float64 and in a fixed order. Tables have one column where all outputs share their time constants, and
otherwise one for each.
"""

from __future__ import annotations

from numba import cuda


@cuda.jit
def read_shared(drawn, weights, means):  # type: ignore[no-untyped-def]
    """Write the means of window times voltage, shape (examples, classes); a block has an example.

    Parameters
    ----------
    drawn : device array of float64, shape (examples, at least hidden)
        The table's value of each neuron's spikes, added up.
    weights : device array of float32, shape (hidden, classes)
    """
    b = cuda.blockIdx.x
    for k in range(cuda.threadIdx.x, weights.shape[1], cuda.blockDim.x):
        total = 0.0
        for q in range(weights.shape[0]):
            total += drawn[b, q] * weights[q, k]
        means[b, k] = total


@cuda.jit
def read_each(steps, neurons, pointers, gain, weights, means):  # type: ignore[no-untyped-def]
    """Write the same for outputs with time constants of their own.

    Parameters
    ----------
    steps, neurons : device array of int32, shape (examples, capacity)
        Spikes.
    pointers : device array of int32, shape (examples, steps + 1)
    gain : device array of float64, shape (steps + 1, classes)
    """
    b, n_steps = cuda.blockIdx.x, pointers.shape[1] - 1
    for k in range(cuda.threadIdx.x, weights.shape[1], cuda.blockDim.x):
        total = 0.0
        for i in range(pointers[b, n_steps - 1]):
            total += gain[steps[b, i] + 1, k] * weights[neurons[b, i], k]
        means[b, k] = total


@cuda.jit
def time_spikes(steps, neurons, pointers, slope, weights, error, spike_times):  # type: ignore[no-untyped-def]
    """Write dL/dt of each spike in 1 / step, shape (examples, capacity); a block has an example.

    Parameters
    ----------
    slope : device array of float64, shape (steps + 1, 1 or classes)
        The table's derivative.
    error : device array of float64, shape (examples, classes)
        dL/d(mean).
    """
    b, n_steps = cuda.blockIdx.x, pointers.shape[1] - 1
    for i in range(cuda.threadIdx.x, pointers[b, n_steps], cuda.blockDim.x):
        at, q, total = steps[b, i] + 1, neurons[b, i], 0.0
        if at < n_steps:
            for k in range(weights.shape[1]):
                total += error[b, k] * weights[q, k] * slope[at, k if slope.shape[1] > 1 else 0]
        spike_times[b, i] = total


@cuda.jit
def learn_shared(drawn, error, examples, gradient):  # type: ignore[no-untyped-def]
    """Write dL/dw, shape (1, hidden, classes); a block has a hidden neuron."""
    q = cuda.blockIdx.x
    for k in range(cuda.threadIdx.x, gradient.shape[2], cuda.blockDim.x):
        total = 0.0
        for b in range(examples):
            total += drawn[b, q] * error[b, k]
        gradient[0, q, k] = total


@cuda.jit
def learn_each(starts, ordered, begins, n_steps, gain, error, examples, gradient):  # type: ignore[no-untyped-def]
    """Write the same for outputs with time constants of their own; for spikes see `sort_by_source`."""
    q = cuda.blockIdx.x
    for k in range(cuda.threadIdx.x, gradient.shape[2], cuda.blockDim.x):
        total = 0.0
        for b in range(examples):
            for i in range(begins[b] + starts[b, q], begins[b] + starts[b, q + 1]):
                if ordered[i] + 1 < n_steps:
                    total += error[b, k] * gain[ordered[i] + 1, k]
        gradient[0, q, k] = total


@cuda.jit
def learn_constants(steps, neurons, pointers, by_tau, weights, error, sums):  # type: ignore[no-untyped-def]
    """Write dL/dtau_mem and dL/dtau_syn of each example and output, shape (examples, 2, classes).

    Parameters
    ----------
    by_tau : device array of float64, shape (2, steps + 1, classes)
        Derivatives of the table.
    """
    b, n_steps = cuda.blockIdx.x, pointers.shape[1] - 1
    classes = weights.shape[1]
    for n in range(cuda.threadIdx.x, 2 * classes, cuda.blockDim.x):
        which, k = n // classes, n % classes
        total = 0.0
        for i in range(pointers[b, n_steps - 1]):
            total += error[b, k] * weights[neurons[b, i], k] * by_tau[which, steps[b, i] + 1, k]
        sums[b, which, k] = total

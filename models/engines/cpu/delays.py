"""Delays of single synapses: a spike reaches each target at a time of its own.

A spike that would arrive at the beginning of step n arrives d later; on the grid, d is rounded to whole steps. With
interpolated spike times see `interpolated.delays`.

The gradient with respect to a delay is the weight times the derivative of the adjoint current at the arrival (Meszaros,
Knight and Nowotny 2025). The spike's own time has the same gradient, summed over its synapses.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels import kernel


@njit(inline="always")
def arrival(step, delay):  # type: ignore[no-untyped-def]
    """Return the step of arrival of a spike that would arrive at ``step`` without delay."""
    return step + int(delay + np.float32(0.5))


@kernel()
def scatter(ring, weights, delays, step):  # type: ignore[no-untyped-def]
    """Add a spike's weights to the steps of their arrivals.

    Parameters
    ----------
    ring : ndarray of float32, shape (ring_size, size)
        Sums of weights that arrive in each of the next steps, by step modulo the length.
    weights, delays : ndarray of float32, shape (size,)
        Of the spike's synapses; delays in steps.
    step : int
        The step at whose beginning the spike would arrive without delay.
    """
    length = ring.shape[0]
    for j in range(weights.shape[0]):
        w = weights[j]
        if w == 0:
            continue
        ring[arrival(step, delays[j]) % length, j] += w


@kernel()
def collect(adjoint_currents, derivatives, weights, delays, step, n_steps, gradient, delay_gradient):  # type: ignore[no-untyped-def]
    """Return dL/dt of a spike, the sum over its synapses of w dp_I/dt at the arrivals, and add to the gradients.

    Parameters
    ----------
    adjoint_currents, derivatives : ndarray of float32, shape (ring_size, size)
        p_I at each step's beginning, and dp_I/dt in 1 / step, by step modulo the length.
    weights, delays, step
        As for `scatter`.
    n_steps : int
        Of a trial: what would arrive later does not arrive.
    gradient, delay_gradient : ndarray of float32, shape (size,)
        Added to: dL/dw, and dL/d(delay) in 1 / step.
    """
    length = adjoint_currents.shape[0]
    total = np.float32(0.0)
    for j in range(weights.shape[0]):
        at = arrival(step, delays[j])
        if at >= n_steps:
            continue
        gradient[j] += adjoint_currents[at % length, j]
        time_gradient = weights[j] * derivatives[at % length, j]
        delay_gradient[j] += time_gradient
        total += time_gradient
    return total

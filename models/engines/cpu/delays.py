"""Delays of single synapses: spikes that reach each target at a time of its own.

A spike of age a at the beginning of step n arrives d later, in steps at n - a + d. On the grid d is rounded to whole
steps; between the grid's points the arrival is taken up at the next beginning of a step, by when it has an age again.

The delay's gradient is the weight times the derivative of the adjoint current at the arrival (Meszaros, Knight and
Nowotny 2025): the same that moves the spike itself, summed over its synapses.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(inline="always")
def arrival(step, age, delay, interpolated):  # type: ignore[no-untyped-def]
    """Return the step at whose beginning a synapse takes the spike up, and the spike's age then."""
    if not interpolated:
        return step + int(delay + np.float32(0.5)), np.float32(0.0)
    after = delay - age
    whole = max(math.ceil(after), 0)
    return step + whole, np.float32(whole) - after


@njit(cache=True)
def scatter(ring, weights, delays, step, age, interpolated):  # type: ignore[no-untyped-def]
    """Put a spike's weights where their targets will find them.

    Parameters
    ----------
    ring : ndarray of float32, shape (3 or 1, steps, size)
        Sums of weights that arrive in each of the next steps; times age and its square in the others.
    weights, delays : ndarray of float32, shape (size,)
        Of the spike's synapses; delays in steps.
    step : int
        The step at whose beginning the spike would arrive without delay.
    age : float32
        Of the spike at that time, in steps.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.
    """
    length = ring.shape[1]
    for j in range(weights.shape[0]):
        w = weights[j]
        if w == 0:
            continue
        at, a = arrival(step, age, delays[j], interpolated)
        slot = at % length
        ring[0, slot, j] += w
        if interpolated:
            ring[1, slot, j] += a * w
            ring[2, slot, j] += a * a * w


@njit(cache=True)
def collect(kept, weights, delays, step, age, interpolated, n_steps, table_rows, gradient, delay_gradient):  # type: ignore[no-untyped-def]
    """Return a spike's sum over synapses of w dp_I/dt at the arrivals, in 1 / step, and add to its gradients.

    Parameters
    ----------
    kept : ndarray of float32, shape (3 or 2, steps, size)
        By step modulo the length: p_I at each step's beginning, and dp_I/dt, or p_V where ``interpolated``; then also
        what a drive throughout the step before adds to the square of the age, if there is one.
    weights, delays, step, age, interpolated
        As for `scatter`.
    n_steps : int
        Of a trial: what would arrive later does not.
    table_rows : tuple of ndarray of float32, shape (size,)
        RATE_SYN, EPSILON_2, KAPPA_1 and KAPPA_2.
    gradient, delay_gradient : ndarray of float32, shape (size,)
        Added to; the second in 1 / step.
    """
    length = kept.shape[1]
    rate, epsilon_2, kappa_1, kappa_2 = table_rows
    total = np.float32(0.0)
    for j in range(weights.shape[0]):
        at, a = arrival(step, age, delays[j], interpolated)
        if at >= n_steps:
            continue
        slot = at % length
        p_i, other = kept[0, slot, j], kept[1, slot, j]
        if interpolated:
            once = kappa_1[j] * other - rate[j] * p_i
            twice = epsilon_2[j] * p_i - kappa_2[j] * other
            if kept.shape[0] > 2:
                twice += kept[2, slot, j]
            gradient[j] += p_i + a * (once + a * twice)
            time_gradient = -weights[j] * (once + np.float32(2.0) * a * twice)
        else:
            gradient[j] += p_i
            time_gradient = weights[j] * other
        delay_gradient[j] += time_gradient
        total += time_gradient
    return total

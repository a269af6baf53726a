"""Delays of single synapses with interpolated spike times.

A spike of age a at the beginning of step n arrives d later, in steps at n - a + d. The arrival is taken up at the next
beginning of a step, where it has an age again. See `models.engines.cpu.delays`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from models.kernels import kernel


@njit(inline="always")
def arrival(step, age, delay):  # type: ignore[no-untyped-def]
    """Return the step at whose beginning a synapse takes the spike up, and the spike's age then."""
    after = delay - age
    whole = max(math.ceil(after), 0)
    return step + whole, np.float32(whole) - after


@kernel()
def scatter(ring, weights, delays, step, age):  # type: ignore[no-untyped-def]
    """Add a spike's weights to the steps of their arrivals.

    Parameters
    ----------
    ring : ndarray of float32, shape (3, ring_size, size)
        Sums of weights that arrive in each of the next steps, of weights times ages, and times squared ages.
    weights, delays : ndarray of float32, shape (size,)
        Of the spike's synapses; delays in steps.
    step : int
        The step at whose beginning the spike would arrive without delay.
    age : float32
        Of the spike at that time, in steps.
    """
    length = ring.shape[1]
    for j in range(weights.shape[0]):
        w = weights[j]
        if w == 0:
            continue
        at, a = arrival(step, age, delays[j])
        slot = at % length
        ring[0, slot, j] += w
        ring[1, slot, j] += a * w
        ring[2, slot, j] += a * a * w


@kernel()
def collect(kept, weights, delays, step, age, n_steps, polynomials, gradient, delay_gradient):  # type: ignore[no-untyped-def]
    """Return dL/dt of a spike, the sum over its synapses of w dp_I/dt at the arrivals, and add to the gradients.

    Parameters
    ----------
    kept : ndarray of float32, shape (3 or 2, ring_size, size)
        By step modulo the length: p_I and p_V at each step's beginning; then, where dL/dV acts throughout the step
        before, what it adds to the coefficient of the squared age.
    weights, delays, step, age
        As for `scatter`.
    n_steps : int
        Of a trial: what would arrive later does not arrive.
    polynomials : tuple of ndarray of float32, shape (size,)
        RATE_SYN, EPSILON_2, KAPPA_1 and KAPPA_2.
    gradient, delay_gradient : ndarray of float32, shape (size,)
        Added to: dL/dw, and dL/d(delay) in 1 / step.
    """
    length = kept.shape[1]
    rate, epsilon_2, kappa_1, kappa_2 = polynomials
    total = np.float32(0.0)
    for j in range(weights.shape[0]):
        at, a = arrival(step, age, delays[j])
        if at >= n_steps:
            continue
        slot = at % length
        p_i, p_v = kept[0, slot, j], kept[1, slot, j]
        once = kappa_1[j] * p_v - rate[j] * p_i
        twice = epsilon_2[j] * p_i - kappa_2[j] * p_v
        if kept.shape[0] > 2:
            twice += kept[2, slot, j]
        gradient[j] += p_i + a * (once + a * twice)
        time_gradient = -weights[j] * (once + np.float32(2.0) * a * twice)
        delay_gradient[j] += time_gradient
        total += time_gradient
    return total

"""Where in its step a voltage crosses the threshold, and how spikes of one step move each other."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.engines.cpu.interpolated.response import current_left, voltage_left
from models.engines.cpu.table import BIAS, RATE_MEM, RATE_SYN
from models.engines.cpu.vectors import FAST, HALF, NIL, ONE, THIRD
from models.kernels import kernel

LEAST_SLOPE = np.float32(1e-3)
"""Of a crossing, in thresholds: where V only just reaches the threshold, rounding must not change the slope's sign."""


@njit(inline="always", fastmath=FAST)
def crossing(before, after, current, beta, bias, x, threshold):  # type: ignore[no-untyped-def]
    """Return the fraction of the step at which V, on its way from ``before`` to ``after``, reaches the threshold.

    A step of Newton's method on the cubic Hermite polynomial, from the crossing of a parabola or of the chord.
    """
    slope_0 = x * (current + bias - before)
    if before >= threshold:
        # A spike of the last step lifted V there, unseen: back along the slope.
        return max((threshold - before) / slope_0, -ONE) if slope_0 > 0 else NIL
    rise = after - before
    slope_1 = x * (beta * current + bias - after)
    c = slope_0 - rise
    d = rise - slope_1
    # From the parabola through both voltages and the first slope.
    missing = threshold - before
    root = slope_0 * slope_0 - np.float32(4.0) * c * missing
    f = np.float32(2.0) * missing / (slope_0 + np.sqrt(max(root, NIL))) if root > 0 and slope_0 > 0 else missing / rise
    f = min(max(f, NIL), ONE)
    g = ONE - f
    bend = c * g + d * f
    slope = rise + (g - f) * bend + f * g * (d - c)
    value = f * rise + f * g * bend - missing
    return min(max(f - value / max(slope, np.float32(0.1) * rise), NIL), ONE)


@kernel(fastmath=FAST)
def settle(fired, ages, slopes, taken, count, weights, n_below, table, threshold):  # type: ignore[no-untyped-def]
    """Let each spike of a step move those that follow it in the step.

    Parameters
    ----------
    fired : ndarray of int32
        Neurons that cross the threshold in the step. Sorted here, the earliest first; those that no longer cross it are
        left out.
    ages, slopes : ndarray of float32
        Their spikes' ages at the step's end, and tau_mem dV/dt; changed.
    taken : ndarray of float32
        Written: the voltage that each neuron would be given at the next step's beginning by spikes before its own,
        although it has been reset since.
    count : int
        Neurons in ``fired``.
    weights, n_below, table, threshold
        As in `arguments`.

    Returns
    -------
    int
        Spikes that are left.
    """
    left = 0
    for k in range(count):
        place = k
        j, age, slope = fired[k], ages[k], slopes[k]
        while place > 0 and ages[place - 1] < age:
            fired[place], ages[place], slopes[place] = fired[place - 1], ages[place - 1], slopes[place - 1]
            place -= 1
        fired[place], ages[place], slopes[place] = j, age, slope
    for k in range(count):
        j, age, slope = fired[k], ages[k], slopes[k]
        if k == 0:
            # No spike comes before the first one, which is where it was found.
            left = 1
            continue
        x, y, bias = table[RATE_MEM, j], table[RATE_SYN, j], table[BIAS, j]
        # `current_left` and `voltage_left` are polynomials of the lead: sums of weights times its powers serve both.
        sum_0, sum_1, sum_2, sum_3 = NIL, NIL, NIL, NIL
        for i in range(left):
            lead = max(ages[i] - age, NIL)
            term = weights[n_below + fired[i], j]
            sum_0 += term
            term *= lead
            sum_1 += term
            term *= lead
            sum_2 += term
            sum_3 += term * lead
        current = sum_0 - y * (sum_1 - y * HALF * (sum_2 - y * THIRD * sum_3))
        lift = x * (sum_1 - HALF * ((x + y) * sum_2 - THIRD * (x * x + x * y + y * y) * sum_3))
        # The voltage is off the threshold by ``lift`` where it was to cross it.
        steep = max(slope + current - lift, LEAST_SLOPE * threshold)
        new_age = min(age + lift / (x * steep), ages[left - 1])
        if new_age < 0:
            continue
        given = lift * current_left(x, age) + current * voltage_left(x, y, age)
        current = (slope + threshold - bias + current) * current_left(y, age - new_age)
        fired[left], ages[left], taken[left] = j, new_age, given
        slopes[left] = max(current + bias - threshold, LEAST_SLOPE * threshold)
        left += 1
    return left

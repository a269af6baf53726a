"""Gradients with respect to weights where arrivals lie between the grid's points.

p_I at an arrival is taken from the line through its values at both ends of the step; see `models.engines.cpu.gather`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.engines.cpu.gather import first_after
from models.engines.cpu.rows import add_scaled_rows
from models.engines.cpu.vectors import fill


@njit(cache=True)
def gather_interpolated(  # type: ignore[no-untyped-def]
    adjoint_currents, lo, steps, units, fractions, begin, ends, lag, latest_first, gradient, starts, order, scales
):
    """Add one connection's arrivals in a block of steps to its gradient; parameters as of `gather.gather`.

    Parameters
    ----------
    fractions : ndarray of float32
        Of the step, at which each event happened.
    scales : ndarray of float32
        Scratch.
    """
    rows, after = gradient.shape[0], lo if lo > 0 else -1
    end = ends[0]
    first = first_after(steps, begin, end, after - lag)
    fill(starts, 0)
    for i in range(first, end):
        starts[units[i] + 1] += 2
    for row in range(rows):
        starts[row + 1] += starts[row]
    i, stride = (end - 1, -1) if latest_first else (first, 1)
    for _ in range(end - first):
        place, age = starts[units[i]], np.float32(1.0) - fractions[i]
        order[place], scales[place] = steps[i] + lag - lo, np.float32(1.0) - age
        order[place + 1], scales[place + 1] = steps[i] + lag - 1 - lo, age
        starts[units[i]] = place + 2
        i += stride
    ends[0] = first
    done = 0
    for row in range(rows):
        if starts[row] > done:
            add_scaled_rows(adjoint_currents, order, scales, done, starts[row], gradient[row])
            done = starts[row]

"""Gradients with respect to weights where arrivals lie between the grid's points.

p_I at an arrival is taken from the line through its values at both ends of the step; see `models.engines.cpu.gather`.
"""

from __future__ import annotations

import numpy as np

from models.engines.cpu.gather import count_arrivals, first_after, place_arrivals
from models.engines.cpu.rows import add_rows, add_scaled_rows
from models.engines.cpu.vectors import fill
from models.kernels import kernel


@kernel()
def _place_interpolated(arrivals, lo, after, starts, order, scales):  # type: ignore[no-untyped-def]
    """Write the two steps around each arrival, sorted by row, and their weights in the line through them."""
    steps, units, fractions, begin, ends, _, lag, _, first_row, latest_first = arrivals
    if ends.shape[0] == 0:
        return
    first, end = first_after(steps, begin, ends[0], after - lag), ends[0]
    i, stride = (end - 1, -1) if latest_first else (first, 1)
    for _ in range(end - first):
        row = first_row + units[i]
        place, age = starts[row], np.float32(1.0) - fractions[i]
        order[place], scales[place] = steps[i] + lag - lo, np.float32(1.0) - age
        order[place + 1], scales[place + 1] = steps[i] + lag - 1 - lo, age
        starts[row] = place + 2
        i += stride
    ends[0] = first


@kernel()
def gather_interpolated(adjoint_currents, lo, below, itself, gradient, starts, order, scales):  # type: ignore[no-untyped-def]
    """Add a block of steps to the gradient; parameters as of `models.engines.cpu.gather.gather`."""
    after = lo if lo > 0 else -1
    below_aged = below.fractions.shape[0] > 0
    fill(starts, 0)
    count_arrivals(below, after, 2 if below_aged else 1, starts)
    count_arrivals(itself, after, 2, starts)
    for row in range(gradient.shape[0]):
        starts[row + 1] += starts[row]
    if below_aged:
        _place_interpolated(below, lo, after, starts, order, scales)
    else:
        place_arrivals(below, lo, after, starts, order)
    _place_interpolated(itself, lo, after, starts, order, scales)
    done = 0
    for row in range(gradient.shape[0]):
        if starts[row] > done:
            if below_aged or row >= itself.first_row:
                add_scaled_rows(adjoint_currents, order, scales, done, starts[row], gradient[row])
            else:
                add_rows(adjoint_currents, order, done, starts[row], gradient[row])
            done = starts[row]

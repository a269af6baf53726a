"""Gradients with respect to weights: every event adds the adjoint current of its arrival to the row of its source.

Events of a block of steps are sorted by source first: a row of the gradient is loaded once for all of them, and stays
in registers while they are added.
"""

from __future__ import annotations

from numba import prange

from models.engines.cpu.rows import add_rows
from models.engines.cpu.vectors import copy, fill
from models.kernels import kernel


@kernel()
def first_after(steps, begin, end, limit):  # type: ignore[no-untyped-def]
    """Return the first of the events ``begin`` to ``end - 1`` whose step is above ``limit``, ``end`` if none is."""
    while begin < end:
        middle = (begin + end) // 2
        if steps[middle] > limit:
            end = middle
        else:
            begin = middle + 1
    return begin


@kernel()
def count_arrivals(arrivals, after, share, starts):  # type: ignore[no-untyped-def]
    """Count ``share`` for each arrival after a step, in the entry behind that of its row."""
    steps, units, _, begin, ends, channels, lag, spacing, first_row, _ = arrivals
    for line in range(ends.shape[0]):
        for i in range(first_after(steps, begin, ends[line], after - line * spacing - lag), ends[line]):
            starts[first_row + line * channels + units[i] + 1] += share


@kernel()
def place_arrivals(arrivals, lo, after, starts, order):  # type: ignore[no-untyped-def]
    """Write the steps of arrivals since ``lo``, sorted by row, and count them as gathered."""
    steps, units, _, begin, ends, channels, lag, spacing, first_row, latest_first = arrivals
    for line in range(ends.shape[0]):
        shift = line * spacing + lag
        first, end = first_after(steps, begin, ends[line], after - shift), ends[line]
        i, stride = (end - 1, -1) if latest_first else (first, 1)
        for _ in range(end - first):
            row = first_row + line * channels + units[i]
            place = starts[row]
            order[place] = steps[i] + shift - lo
            starts[row] = place + 1
            i += stride
        ends[line] = first


@kernel()
def gather(adjoint_currents, lo, below, itself, gradient, starts, order):  # type: ignore[no-untyped-def]
    """Add a block of steps to the gradient.

    Parameters
    ----------
    adjoint_currents : ndarray of float32, shape (steps of the block + 1, size)
        p_I at the beginning of each step; the first is step ``lo``.
    lo : int
        Arrivals after this step count; those in it, too, if it is 0.
    below, itself : Arrivals
        From the layer below, and of the layer's own spikes.
    gradient : ndarray of float32, shape (rows, size)
        Added to.
    starts, order : ndarray of int32
        Scratch.
    """
    after = lo if lo > 0 else -1
    fill(starts, 0)
    count_arrivals(below, after, 1, starts)
    count_arrivals(itself, after, 1, starts)
    for row in range(gradient.shape[0]):
        starts[row + 1] += starts[row]
    place_arrivals(below, lo, after, starts, order)
    place_arrivals(itself, lo, after, starts, order)
    done = 0
    for row in range(gradient.shape[0]):
        if starts[row] > done:
            add_rows(adjoint_currents, order, done, starts[row], gradient[row])
            done = starts[row]


@kernel(parallel=True)
def sum_groups(groups, total):  # type: ignore[no-untyped-def]
    """Sum gradients over groups, first to last.

    Parameters
    ----------
    groups : ndarray of float32, shape (groups, rows, size)
    total : ndarray of float32, shape (rows, size)
        Written.
    """
    for row in prange(total.shape[0]):
        into = total[row]
        copy(into, groups[0, row])
        for g in range(1, groups.shape[0]):
            part = groups[g, row]
            for j in range(into.shape[0]):
                into[j] += part[j]

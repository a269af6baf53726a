"""Gradients with respect to weights: every event adds the adjoint current of its arrival to the row of its source.

Events of a block of steps are sorted by source first: a row of the gradient is loaded once for all of them, and stays
in registers while they are added.
"""

from __future__ import annotations

from numba import njit, prange

from models.engines.cpu.rows import add_rows
from models.engines.cpu.vectors import copy, fill


@njit(cache=True)
def first_after(steps, begin, end, limit):  # type: ignore[no-untyped-def]
    """Return the first of the events ``begin`` to ``end - 1`` whose step is above ``limit``, ``end`` if none is."""
    while begin < end:
        middle = (begin + end) // 2
        if steps[middle] > limit:
            end = middle
        else:
            begin = middle + 1
    return begin


@njit(cache=True)
def gather(  # type: ignore[no-untyped-def]
    adjoint_currents, lo, steps, units, begin, ends, channels, lag, spacing, latest_first, gradient, starts, order
):
    """Add one connection's arrivals in a block of steps to its gradient.

    Parameters
    ----------
    adjoint_currents : ndarray of float32, shape (steps of the block + 1, size)
        p_I at the beginning of each step; the first is step ``lo``.
    lo : int
        Arrivals after this step count; those in it, too, if it is 0.
    steps, units : ndarray of int32
        Of events, the example's first being ``begin``.
    ends : ndarray of int64, shape (copies,)
        Changed: by copy of the delay line, one behind the last event that has not been gathered yet.
    channels, lag, spacing : int
        See `arguments`.
    latest_first : bool
        Whether events of a source are added in descending order.
    gradient : ndarray of float32, shape (rows, size)
        Added to.
    starts, order : ndarray of int32
        Scratch.
    """
    rows, after = gradient.shape[0], lo if lo > 0 else -1
    fill(starts, 0)
    for line in range(ends.shape[0]):
        for i in range(first_after(steps, begin, ends[line], after - line * spacing - lag), ends[line]):
            starts[line * channels + units[i] + 1] += 1
    for row in range(rows):
        starts[row + 1] += starts[row]
    for line in range(ends.shape[0]):
        shift = line * spacing + lag
        first, end = first_after(steps, begin, ends[line], after - shift), ends[line]
        i, stride = (end - 1, -1) if latest_first else (first, 1)
        for _ in range(end - first):
            row = line * channels + units[i]
            place = starts[row]
            order[place] = steps[i] + shift - lo
            starts[row] = place + 1
            i += stride
        ends[line] = first
    done = 0
    for row in range(rows):
        if starts[row] > done:
            add_rows(adjoint_currents, order, done, starts[row], gradient[row])
            done = starts[row]


@njit(parallel=True, cache=True)
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

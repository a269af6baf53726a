"""Weights' gradients: every event adds the adjoint current of its arrival to its source's row.

Events of a block of steps are sorted by source first: a row of the gradient is loaded once for all of them, and stays
in registers while they pass by.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from models.engines.cpu.simd import add_rows, add_scaled_rows


@njit(cache=True)
def gather(  # type: ignore[no-untyped-def]
    adjoint_currents,
    lo,
    steps,
    units,
    fractions,
    begin,
    lag,
    channels,
    spacing,
    tails,
    below,
    spike_steps,
    spike_neurons,
    spike_fractions,
    last_spike,
    n_below,
    itself,
    interpolated,
    gradient,
    starts,
    order,
    scales,
):
    """Add a block of steps to the gradient.

    Parameters
    ----------
    adjoint_currents : ndarray of float32, shape (steps of the block + 1, size)
        p_I at the beginning of each step; the first is step ``lo``.
    lo : int
        Arrivals after this step count; in it too if it is 0.
    steps, units, fractions, begin, lag, channels, spacing
        Events from below, as in `forward.forward_layer`.
    tails : ndarray of int64, shape (copies,)
        By copy of the delay line, one behind the last event that has not been gathered yet; moved down.
    below, itself : bool
        Whether events from below, and the layer's own spikes, are gathered.
    spike_steps, spike_neurons, spike_fractions : ndarray
        The layer's own spikes.
    last_spike : int
        The last one that has not been gathered yet.
    n_below : int
        The first row of the recurrent connection.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.
    gradient : ndarray of float32, shape (rows, size)
        Added to.
    starts, order, scales : ndarray
        Scratch.
    """
    n_rows = gradient.shape[0]
    aged_below = fractions.shape[0] > 0
    starts[: n_rows + 1] = 0
    first_spike = last_spike
    if itself:
        share = 2 if interpolated else 1
        while first_spike >= 0 and (lo == 0 or spike_steps[first_spike] + 1 > lo):
            starts[n_below + spike_neurons[first_spike] + 1] += share
            first_spike -= 1
    if below:
        share = 2 if aged_below else 1
        for copy in range(tails.shape[0]):
            i = tails[copy]
            shift = copy * spacing + lag
            while i > begin and (lo == 0 or steps[i - 1] + shift > lo):
                i -= 1
                starts[copy * channels + units[i] + 1] += share
    for row in range(n_rows):
        starts[row + 1] += starts[row]
    if itself:
        for i in range(first_spike + 1, last_spike + 1):
            row = n_below + spike_neurons[i]
            place = starts[row]
            order[place] = spike_steps[i] + 1 - lo
            if interpolated:
                age = np.float32(1.0) - spike_fractions[i]
                scales[place] = np.float32(1.0) - age
                order[place + 1] = spike_steps[i] - lo
                scales[place + 1] = age
                starts[row] = place + 2
            else:
                starts[row] = place + 1
    if below:
        for copy in range(tails.shape[0]):
            shift = copy * spacing + lag
            i = tails[copy]
            while i > begin and (lo == 0 or steps[i - 1] + shift > lo):
                i -= 1
                row = copy * channels + units[i]
                place = starts[row]
                order[place] = steps[i] + shift - lo
                if aged_below:
                    age = np.float32(1.0) - fractions[i]
                    scales[place] = np.float32(1.0) - age
                    order[place + 1] = steps[i] + shift - 1 - lo
                    scales[place + 1] = age
                    starts[row] = place + 2
                else:
                    starts[row] = place + 1
            tails[copy] = i
    done = 0
    for row in range(n_rows):
        if starts[row] > done:
            if aged_below if row < n_below else interpolated:
                add_scaled_rows(adjoint_currents, order, scales, done, starts[row], gradient[row])
            else:
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
        into[:] = groups[0, row]
        for g in range(1, groups.shape[0]):
            part = groups[g, row]
            for j in range(into.shape[0]):
                into[j] += part[j]

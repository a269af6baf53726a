"""Gradients of weights on a GPU: arrivals are sorted by source, and each source's adjoint currents are added up.

Every sum has a fixed order, examples first to last and each one's arrivals early to late, and is made by one thread, so
that results are the same bits from run to run.
"""

from __future__ import annotations

import numpy as np
from numba import cuda, int32

GROUP = 32
"""Examples whose gradients are added to one sum. A constant, since the order of the sums, and so their rounding, must
depend on nothing else. With 256 neurons and 1,000 steps their adjoint currents are 33 MB, which stay in a large GPU's
second-level cache."""

TILE = 1024
"""Events that a block sorts at a time."""


@cuda.jit
def index_steps(steps, begins, ends, pointers):  # type: ignore[no-untyped-def]
    """Write how many events each example has before each step, shape (examples, steps + 1)."""
    b = cuda.blockIdx.x
    for step in range(cuda.threadIdx.x, pointers.shape[1], cuda.blockDim.x):
        begin, end = begins[b], ends[b]
        while begin < end:
            middle = (begin + end) // 2
            if steps[middle] >= step:
                end = middle
            else:
                begin = middle + 1
        pointers[b, step] = begin - begins[b]


@cuda.jit
def sort_by_source(units, steps, begins, pointers, starts, ordered):  # type: ignore[no-untyped-def]
    """Sort each example's events by source, earlier ones first.

    Parameters
    ----------
    units, steps : device array of int32, shape (events,)
    begins : device array of int64, shape (examples,)
    pointers : device array of int32, shape (examples, steps + 1)
        See `index_steps`; the last one is the number of events.
    starts : device array of int32, shape (examples, sources + 1)
        Written: the place of each source's first event within the example.
    ordered : device array of int32, shape (events,)
        Written: steps.
    """
    places = cuda.shared.array(0, int32)
    tile = cuda.shared.array(TILE, int32)
    b, thread, threads = cuda.blockIdx.x, cuda.threadIdx.x, cuda.blockDim.x
    n, begin, n_sources = pointers[b, pointers.shape[1] - 1], begins[b], starts.shape[1] - 1
    for s in range(thread, n_sources + 1, threads):
        places[s] = 0
    cuda.syncthreads()
    for i in range(thread, n, threads):
        cuda.atomic.add(places, units[begin + i] + 1, 1)
    cuda.syncthreads()
    if thread == 0:
        for s in range(n_sources):
            places[s + 1] += places[s]
    cuda.syncthreads()
    for s in range(thread, n_sources + 1, threads):
        starts[b, s] = places[s]
    cuda.syncthreads()
    for low in range(0, n, TILE):
        count = min(TILE, n - low)
        for i in range(thread, count, threads):
            tile[i] = units[begin + low + i]
        cuda.syncthreads()
        for s in range(thread, n_sources, threads):
            place = places[s]
            for i in range(count):
                if tile[i] == s:
                    ordered[begin + place] = steps[begin + low + i]
                    place += 1
            places[s] = place
        cuda.syncthreads()


@cuda.jit
def gather(starts, ordered, begins, history, first, end, sources, spacing, lag, row, gradients):  # type: ignore[no-untyped-def]
    """Add the adjoint currents of the examples from ``first`` to before ``end``; a block has a source and a group.

    Parameters
    ----------
    starts, ordered, begins
        See `sort_by_source`.
    history : device array of float32, shape (at least end - first, steps, width)
        p_I at the beginning of each step.
    sources, spacing, lag : int
        Neurons below, the steps from one copy of the delay line to the next, and those from an event to its arrival.
    row : int
        The connection's first row of the gradient.
    gradients : device array of float32, shape (groups, rows, width)
        Written; a group that an earlier part of the batch began is added to.
    """
    group = first // GROUP + cuda.blockIdx.y
    line = cuda.blockIdx.x // sources
    source = cuda.blockIdx.x - line * sources
    shift, n_steps = line * spacing + lag, history.shape[1]
    begin, stop = max(first, group * GROUP), min(end, (group + 1) * GROUP)
    for j in range(cuda.threadIdx.x, history.shape[2], cuda.blockDim.x):
        total = np.float32(0.0)
        if begin > group * GROUP:
            total = gradients[group, row + cuda.blockIdx.x, j]
        for b in range(begin, stop):
            i, last = begins[b] + starts[b, source], begins[b] + starts[b, source + 1]
            while i + 3 < last and ordered[i + 3] + shift < n_steps:
                a = history[b - first, ordered[i] + shift, j]
                c = history[b - first, ordered[i + 1] + shift, j]
                d = history[b - first, ordered[i + 2] + shift, j]
                e = history[b - first, ordered[i + 3] + shift, j]
                total = (((total + a) + c) + d) + e
                i += 4
            while i < last and ordered[i] + shift < n_steps:
                total += history[b - first, ordered[i] + shift, j]
                i += 1
        gradients[group, row + cuda.blockIdx.x, j] = total


@cuda.jit
def count_spikes(spikes, total):  # type: ignore[no-untyped-def]
    """Add up the spikes of each neuron over examples."""
    j = cuda.grid(1)
    if j < total.shape[0]:
        count = 0
        for b in range(spikes.shape[0]):
            count += spikes[b, j]
        total[j] = count

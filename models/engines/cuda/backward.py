"""The adjoint pass of one layer on a GPU, one launch a pass: a block of threads an example, the loop over time inside.

The equations are those of `models.engines.cpu.backward`. Adjoints stay in registers. In steps in which something
arrives whose time matters, the derivative dp_I/dt goes to shared memory, and one warp for each such arrival multiplies
it with the arrival's row of weights; steps without have no barrier. The adjoint current of every step goes to global
memory, from which `models.engines.cuda.sources` gathers the gradients of weights.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import cuda, float32

from models.engines.cuda.forward import WARP
from models.engines.cuda.table import ALPHA, BETA, GAIN, RATE_MEM, TIME_CURRENT, TIME_DRIVE, TIME_VOLTAGE

SUMS = 5
"""The first rows of the sums of `models.engines.time_constants`, which spikes on the time grid need."""

EVERYONE = 0xFFFFFFFF
"""All threads of a warp."""


@cache
def backward_kernel(
    per_thread: int, own: bool, recurrent: bool, below: bool, driven: bool, sums_rows: int, traced: bool
) -> Any:
    """Return the kernel for a kind of layer.

    Parameters
    ----------
    per_thread, own, recurrent
        See `forward_kernel`.
    below : bool
        Whether dL/dt of the spikes of the layer below is wanted.
    driven : bool
        Whether the loss drives the voltages.
    sums_rows : int
        Of the sums of `models.engines.time_constants`, how many are wanted: none, the first for biases, `SUMS` for
        time constants.
    traced : bool
        Whether to keep the adjoint voltages.
    """
    kinds = per_thread if own else 1
    room = max(sums_rows, 1)
    sums_room = room * per_thread
    nil = np.float32(0.0)

    @cuda.jit(device=True)
    def dot(weights, row, derivative, lane, width):  # type: ignore[no-untyped-def]
        """Return the sum of products over a row, in the warp's first thread."""
        total = nil
        j = lane
        while j + 3 * WARP < width:
            a, b, c, d = weights[row, j], weights[row, j + 32], weights[row, j + 64], weights[row, j + 96]
            total += a * derivative[j]
            total += b * derivative[j + 32]
            total += c * derivative[j + 64]
            total += d * derivative[j + 96]
            j += 4 * WARP
        while j < width:
            total += weights[row, j] * derivative[j]
            j += WARP
        total += cuda.shfl_down_sync(EVERYONE, total, 16)
        total += cuda.shfl_down_sync(EVERYONE, total, 8)
        total += cuda.shfl_down_sync(EVERYONE, total, 4)
        total += cuda.shfl_down_sync(EVERYONE, total, 2)
        total += cuda.shfl_down_sync(EVERYONE, total, 1)
        return total

    @cuda.jit
    def backward(  # type: ignore[no-untyped-def]
        units, begins, pointers, first, n_below, weights, table, threshold, least_slope,
        tape_neurons, tape_slopes, tape_pointers, spike_times, push, drives, states,
        history, voltage_trace, event_times, sums,
    ):  # fmt: skip
        shared = cuda.shared.array(0, float32)
        place = cuda.blockIdx.x
        b = first + place
        thread, threads = cuda.threadIdx.x, cuda.blockDim.x
        width, n_steps = per_thread * threads, tape_pointers.shape[1] - 1
        derivative, jumping = shared[:width], shared[width : 2 * width]
        lane, warp, warps = thread % WARP, thread // WARP, threads // WARP
        p_v = cuda.local.array(per_thread, float32)
        p_i = cuda.local.array(per_thread, float32)
        alpha = cuda.local.array(kinds, float32)
        beta = cuda.local.array(kinds, float32)
        gain = cuda.local.array(kinds, float32)
        by_current = cuda.local.array(kinds, float32)
        by_voltage = cuda.local.array(kinds, float32)
        by_drive = cuda.local.array(kinds, float32)
        added = cuda.local.array(sums_room, float32)
        for k in range(per_thread):
            p_v[k] = nil
            p_i[k] = nil
        for i in range(sums_room):
            added[i] = nil
        for k in range(kinds):
            j = thread + k * threads
            alpha[k], beta[k], gain[k] = table[ALPHA, j], table[BETA, j], table[GAIN, j]
            by_current[k], by_voltage[k] = table[TIME_CURRENT, j], table[TIME_VOLTAGE, j]
            by_drive[k] = table[TIME_DRIVE, j]
        if below:
            # Spikes of the last step arrive nowhere.
            for at in range(pointers[b, n_steps - 1] + thread, pointers[b, n_steps], threads):
                event_times[b, at] = nil
        for back in range(n_steps):
            step = n_steps - back
            inner = step < n_steps
            if inner:
                for k in range(per_thread):
                    j = thread + k * threads
                    history[place, step, j] = p_i[k]
                    if traced:
                        voltage_trace[place, step, j] = p_v[k]
            spike = tape_pointers[b, step - 1]
            n_self = tape_pointers[b, step] - spike
            event, n_events = 0, 0
            if below and inner:
                event = pointers[b, step - 1]
                n_events = pointers[b, step] - event
            if n_self + n_events > 0:
                if inner and (recurrent or below):
                    for k in range(per_thread):
                        j = thread + k * threads
                        c = k if own else 0
                        slope = by_current[c] * p_i[k] - by_voltage[c] * p_v[k]
                        if driven:
                            slope -= by_drive[c] * drives[place, step - 1, j]
                        derivative[j] = slope
                for k in range(per_thread):
                    jumping[thread + k * threads] = p_v[k]
                cuda.syncthreads()
                for i in range(warp, n_self + n_events, warps):
                    if i < n_self:
                        q = tape_neurons[b, spike + i]
                        moved = nil
                        if recurrent and inner:
                            moved = dot(weights, n_below + q, derivative, lane, width)
                        if lane == 0:
                            # p (I + bias) / (I + bias - V) = p (1 + threshold / slope).
                            p, slope = jumping[q], max(tape_slopes[b, spike + i], least_slope)
                            moved += spike_times[b, spike + i]
                            jumping[q] = p + (threshold * p - moved / table[RATE_MEM, q]) / slope + push[q]
                    elif below:
                        at = event + i - n_self
                        moved = dot(weights, units[begins[b] + at], derivative, lane, width)
                        if lane == 0:
                            event_times[b, at] = moved
                cuda.syncthreads()
                for k in range(per_thread):
                    p_v[k] = jumping[thread + k * threads]
            for k in range(per_thread):
                j = thread + k * threads
                c = k if own else 0
                p = p_v[k]
                if driven:
                    p += drives[place, step - 1, j]
                if sums_rows > 0:
                    added[room * k] += p
                if sums_rows > 1:
                    voltage, current = states[place, 0, step - 1, j], states[place, 1, step - 1, j]
                    added[room * k + 1] += p
                    added[room * k + 2] += p * voltage
                    added[room * k + 3] += p * current
                    added[room * k + 4] += p_i[k] * current
                p_i[k] = beta[c] * p_i[k] + gain[c] * p
                p_v[k] = alpha[c] * p
        for k in range(per_thread):
            j = thread + k * threads
            history[place, 0, j] = p_i[k]
            if traced:
                voltage_trace[place, 0, j] = p_v[k]
            for row in range(sums_rows):
                sums[b, row, j] = added[room * k + row]

    return backward

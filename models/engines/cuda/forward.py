"""The forward pass of one layer on a GPU, one launch a pass: a block of threads an example, the loop over time inside.

The step is the CPU engine's (`models.engines.cpu.forward`), and so is the order in which weights are added, which
makes the sums the same. A thread has ``per_thread`` neurons, whose states stay in its registers. What fires in a step
is a bit in shared memory; the bits of three steps take turns, so that one barrier a step is enough: while a step writes
its own, the step before is read and the step after is cleared. Bits are read in ascending order, which orders the
spikes on the tape and the sums of their weights, whatever the order in which threads came.

Rows of weights are collected by `DEPTH` before they are added, so that their loads are under way together: a thread
stalls where it needs the first of them, and a load from the second-level cache takes 200 to 300 cycles.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import cuda, float32, uint32

from models.engines.cuda.table import ALPHA, BETA, BIAS, GAIN, MEAN, PUSH

WARP = 32
"""Threads that run together, and bits of a word of `fired`."""

MOST_THREADS = 1024
"""Of a block, by CUDA's own limit."""

DEPTH = 8
"""Rows of weights that are loaded together."""


@cache
def forward_kernel(per_thread: int, own: bool, recurrent: bool, states: bool, voltages: bool) -> Any:
    """Return the kernel for a kind of layer.

    Parameters
    ----------
    per_thread : int
        Neurons of a thread.
    own : bool
        Whether neurons have biases or time constants of their own, which then take registers.
    recurrent : bool
        Whether the layer's own spikes act on it.
    states, voltages : bool
        Whether to keep voltage and current at each step's beginning, and the voltage at its end.
    """
    # Numba takes the sizes of arrays from constants, not from expressions.
    fired_room, summary_room = 3 * per_thread * MOST_THREADS // WARP, 3 * per_thread
    kinds = per_thread if own else 1
    one = np.uint32(1)

    @cuda.jit(device=True)
    def add_rows(weights, rows, thread, threads, current):  # type: ignore[no-untyped-def]
        for k in range(per_thread):
            j = thread + k * threads
            a, b, c, d = weights[rows[0], j], weights[rows[1], j], weights[rows[2], j], weights[rows[3], j]
            e, f, g, h = weights[rows[4], j], weights[rows[5], j], weights[rows[6], j], weights[rows[7], j]
            current[k] = (((((((current[k] + a) + b) + c) + d) + e) + f) + g) + h

    @cuda.jit
    def forward(  # type: ignore[no-untyped-def]
        units, begins, pointers, first, channels, copies, spacing, lag, n_below, weights, table, threshold, gain,
        tape_steps, tape_neurons, tape_slopes, tape_pointers, counts, spikes, drawn, voltage_trace, state_trace,
    ):  # fmt: skip
        fired = cuda.shared.array(fired_room, uint32)
        summary = cuda.shared.array(summary_room, uint32)
        place = cuda.blockIdx.x
        b = first + place
        thread, threads = cuda.threadIdx.x, cuda.blockDim.x
        n_steps, capacity, begin = pointers.shape[1] - 1, tape_steps.shape[1], begins[b]
        n_words = per_thread * threads // WARP
        # Of zeros: a place in `rows` that is not taken.
        none = weights.shape[0] - 1
        voltage = cuda.local.array(per_thread, float32)
        current = cuda.local.array(per_thread, float32)
        slope = cuda.local.array(per_thread, float32)
        total = cuda.local.array(per_thread, np.float64)
        n_spikes = cuda.local.array(per_thread, np.int32)
        alpha = cuda.local.array(kinds, float32)
        beta = cuda.local.array(kinds, float32)
        gains = cuda.local.array(kinds, float32)
        push = cuda.local.array(kinds, float32)
        mean = cuda.local.array(kinds, float32)
        bias = cuda.local.array(kinds, float32)
        for k in range(per_thread):
            voltage[k] = np.float32(0.0)
            current[k] = np.float32(0.0)
            slope[k] = np.float32(0.0)
            total[k] = 0.0
            n_spikes[k] = 0
        for k in range(kinds):
            j = thread + k * threads
            alpha[k], beta[k], gains[k] = table[ALPHA, j], table[BETA, j], table[GAIN, j]
            push[k], mean[k], bias[k] = table[PUSH, j], table[MEAN, j], table[BIAS, j]
        for i in range(thread, 3 * n_words, threads):
            fired[i] = np.uint32(0)
        if thread < summary_room:
            summary[thread] = np.uint32(0)
        cuda.syncthreads()
        count = 0
        rows = (none, none, none, none, none, none, none, none)
        # One more than there are steps, which takes down the last step's spikes.
        for step in range(n_steps + 1):
            own_bits, last_bits, next_bits = step % 3, (step + 2) % 3, (step + 1) % 3
            taken = 0
            if step < n_steps:
                for line in range(copies):
                    at = step - line * spacing - lag
                    if at >= 0:
                        for i in range(begin + pointers[b, at], begin + pointers[b, at + 1]):
                            row = line * channels + units[i]
                            rows = (rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], row)
                            taken += 1
                            if taken == DEPTH:
                                add_rows(weights, rows, thread, threads, current)
                                rows = (none, none, none, none, none, none, none, none)
                                taken = 0
            for part in range(per_thread):
                mask = np.int64(summary[last_bits * per_thread + part])
                while mask != 0:
                    word = part * WARP + cuda.ffs(mask) - 1
                    mask &= mask - 1
                    bits = np.int64(fired[last_bits * n_words + word])
                    while bits != 0:
                        q = word * WARP + cuda.ffs(bits) - 1
                        bits &= bits - 1
                        for k in range(per_thread):
                            if q == thread + k * threads and count < capacity:
                                tape_steps[b, count] = step - 1
                                tape_neurons[b, count] = q
                                tape_slopes[b, count] = slope[k]
                        count += 1
                        if recurrent and step < n_steps:
                            rows = (rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], n_below + q)
                            taken += 1
                            if taken == DEPTH:
                                add_rows(weights, rows, thread, threads, current)
                                rows = (none, none, none, none, none, none, none, none)
                                taken = 0
            if thread == 0:
                tape_pointers[b, step] = min(count, capacity)
            if step < n_steps:
                if taken > 0:
                    add_rows(weights, rows, thread, threads, current)
                    rows = (none, none, none, none, none, none, none, none)
                for k in range(per_thread):
                    j = thread + k * threads
                    c = k if own else 0
                    if states:
                        state_trace[place, 0, step, j] = voltage[k]
                        state_trace[place, 1, step, j] = current[k]
                    v = alpha[c] * voltage[k] + gains[c] * current[k] + push[c]
                    current[k] = beta[c] * current[k]
                    if v >= threshold:
                        word = j // WARP
                        cuda.atomic.or_(fired, own_bits * n_words + word, one << np.uint32(j % WARP))
                        cuda.atomic.or_(summary, own_bits * per_thread + word // WARP, one << np.uint32(word % WARP))
                        slope[k] = mean[c] * current[k] + bias[c] - v
                        n_spikes[k] += 1
                        if step + 1 < n_steps:
                            total[k] += gain[step + 1]
                        v = np.float32(0.0)
                    voltage[k] = v
                    if voltages:
                        voltage_trace[place, step, j] = v
            if thread < n_words:
                fired[next_bits * n_words + thread] = np.uint32(0)
            if thread < per_thread:
                summary[next_bits * per_thread + thread] = np.uint32(0)
            cuda.syncthreads()
        finite = True
        for k in range(per_thread):
            # A neuron whose voltage is NaN never spikes and would look like a silent one.
            finite = finite and math.isfinite(voltage[k])
        diverged = cuda.syncthreads_or(0 if finite else 1) != 0
        if diverged:
            for step in range(thread, n_steps + 1, threads):
                tape_pointers[b, step] = 0
        for k in range(per_thread):
            j = thread + k * threads
            spikes[b, j] = 0 if diverged else n_spikes[k]
            drawn[b, j] = 0.0 if diverged else total[k]
        if thread == 0:
            counts[b] = -1 if diverged else count

    return forward

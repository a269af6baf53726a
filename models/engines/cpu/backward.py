"""The backward pass: Eventprop's adjoint, in Numba.

With p_V = dL/dV and p_I = dL/dI (p_V = -tau_mem lambda_V and p_I = -tau_syn lambda_I in the notation of Wunderlich and
Pehle 2021), one step backward, for every population, is the transpose of the forward step:

    p_V <- p_V + dL/dV(step)                        readout only: drive times window
    p_I <- beta p_I + gain p_V;  p_V <- alpha p_V   now at the step's beginning
    dL/dw += p_I of the target                      for every event that arrived in this step

and at a hidden spike of neuron n, whose time t_n moves by -dV / Vdot when its voltage does:

    dL/dt_n = -p_V,n I_n / tau_mem + sum_m w_nm dp_I,m/dt
    p_V,n <- -dL/dt_n / Vdot + regulariser,   Vdot = (I_n - V_n) / tau_mem

which is the jump of Wunderlich and Pehle 2021 (table 1); I_n - V_n is the step's mean current less the voltage before
reset: never 0 or negative, since a voltage below threshold was driven above it.

In continuous time dp_I/dt = p_I / tau_syn - p_V / tau_mem. Both terms are large and nearly cancel: under a uniform
window the time of an output's input does not matter at all. On the grid they must cancel too, so dp_I/dt is the central
difference (p_I(n + 1) - p_I(n - 1)) / (2 dt) about the step n of the spike's arrival, written in terms of that step's
values: ``time[0] * p_I - time[1] * p_V - time[2] * dL/dV(n - 1)``. With the continuous coefficients the error, of order
dt / tau_mem, would exceed the gradient itself, of order tau_syn / T, and turn its sign.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from models.engines.cpu.forward import FAST, add_rows, flush

BLOCK = 512
"""Steps of p_I that are kept before they are gathered into gradients: fixed, so that memory does not grow with the
trial, and small enough for a core's cache."""


@njit(fastmath=FAST, cache=True)
def _dot(a, b):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for j in range(a.shape[0]):
        total += a[j] * b[j]
    return total


@njit(cache=True)
def _gather(kept, begin, events, sources, first, end, delay, gradient, starts, order):  # type: ignore[no-untyped-def]
    """Add to each source's row of the gradient the p_I of the steps at which its events arrived.

    Event ``i`` of source ``sources[i]`` arrived in step ``events[i] + delay``; ``kept`` begins with step ``begin``.
    Sorting the events by source first lets a row of the gradient be loaded once for four of them.
    """
    n_sources = gradient.shape[0]
    starts[: n_sources + 1] = 0
    for i in range(first, end):
        starts[sources[i] + 1] += 1
    for source in range(n_sources):
        starts[source + 1] += starts[source]
    for i in range(first, end):
        order[starts[sources[i]]] = events[i] + delay - begin
        starts[sources[i]] += 1
    done = 0
    for source in range(n_sources):
        count = starts[source] - done
        if count > 0:
            add_rows(kept, order[done : done + count], count, gradient[source])
            done += count


@njit(parallel=True, fastmath=FAST, cache=True)
def backward_batch(  # type: ignore[no-untyped-def]
    steps,
    units,
    offsets,
    channels,
    copies,
    delay,
    w_rec,
    w_out,
    hidden,
    output,
    tau_mem,
    time_hidden,
    time_output,
    table,
    drive,
    regulariser,
    spike_steps,
    spike_neurons,
    spike_slopes,
    spike_counts,
    first_of_group,
    g_in,
    g_rec,
    g_out,
):
    """Accumulate the gradients of a batch, in groups of examples.

    Groups are fixed by the batch, not by the threads: each has gradients of its own, summed later in a fixed order, so
    that the result is the same to the bit for any number of threads.

    Parameters
    ----------
    steps, units, offsets, channels, copies, delay, w_rec, w_out, hidden, output, table
        As in `forward_batch`.
    tau_mem : float32
        Of the hidden population, in ms.
    time_hidden, time_output : ndarray of float32, shape (3,)
        What makes dp_I/dt of each population's p_I, p_V and drive, in 1/ms.
    drive : ndarray of float32, shape (examples, output)
        dL/dV of an output at a step, before the window: dL/d(mean_voltage) / steps.
    regulariser : ndarray of float32, shape (hidden,)
        Added to p_V at every spike.
    spike_steps, spike_neurons, spike_slopes, spike_counts
        What the forward pass recorded.
    first_of_group : ndarray of int64, shape (groups + 1,)
        Group ``g`` has the examples ``first_of_group[g]`` to ``first_of_group[g + 1] - 1``.
    g_in, g_rec, g_out : ndarray of float32, shape (groups, pre, post)
        Written: gradients of each group.
    """
    n_steps = table.shape[0]
    n_hidden, n_out = w_out.shape
    recurrent = w_rec.shape[0] > 0
    alpha, beta, gain, threshold = hidden[0], hidden[1], hidden[2], hidden[3]
    alpha_out, beta_out, gain_out = output[0], output[1], output[2]
    most = 0
    for b in range(offsets.shape[0] - 1):
        most = max(most, offsets[b + 1] - offsets[b], spike_counts[b])
    for group in prange(first_of_group.shape[0] - 1):
        g_in[group] = np.float32(0.0)
        g_rec[group] = np.float32(0.0)
        g_out[group] = np.float32(0.0)
        kept = np.empty((min(BLOCK, n_steps), n_hidden), np.float32)
        p_v = np.empty(n_hidden, np.float32)
        p_i = np.empty(n_hidden, np.float32)
        p_v_out = np.empty(n_out, np.float32)
        p_i_out = np.empty(n_out, np.float32)
        time_term = np.empty(n_hidden, np.float32)
        time_term_out = np.empty(n_out, np.float32)
        jumped = np.empty(n_hidden, np.float32)
        starts = np.empty(max(channels, n_hidden) + 1, np.int64)
        order = np.empty(most, np.int64)
        ends = np.empty(copies, np.int64)
        for b in range(first_of_group[group], first_of_group[group + 1]):
            p_v[:] = np.float32(0.0)
            p_i[:] = np.float32(0.0)
            p_v_out[:] = np.float32(0.0)
            p_i_out[:] = np.float32(0.0)
            ends[:] = offsets[b + 1]
            for copy in range(copies):
                while ends[copy] > offsets[b] and steps[ends[copy] - 1] + copy * delay >= n_steps:
                    ends[copy] -= 1
            last = spike_counts[b] - 1
            # A spike of the last step reaches nothing.
            while last >= 0 and spike_steps[b, last] == n_steps - 1:
                last -= 1
            spikes_end = last + 1
            begin = (n_steps - 1) // BLOCK * BLOCK
            for step in range(n_steps - 1, -1, -1):
                weight = table[step]
                for k in range(n_out):
                    v = p_v_out[k] + drive[b, k] * weight
                    p_i_out[k] = flush(beta_out * p_i_out[k] + gain_out * v)
                    p_v_out[k] = flush(alpha_out * v)
                row = kept[step - begin]
                for j in range(n_hidden):
                    p_i[j] = flush(beta * p_i[j] + gain * p_v[j])
                    p_v[j] = flush(alpha * p_v[j])
                    row[j] = p_i[j]
                if last >= 0 and spike_steps[b, last] == step - 1:
                    for k in range(n_out):
                        before = drive[b, k] * table[step - 1]
                        time_term_out[k] = (
                            time_output[0] * p_i_out[k] - time_output[1] * p_v_out[k] - time_output[2] * before
                        )
                    if recurrent:
                        for j in range(n_hidden):
                            time_term[j] = time_hidden[0] * p_i[j] - time_hidden[1] * p_v[j]
                    end = last
                    while last >= 0 and spike_steps[b, last] == step - 1:
                        n = spike_neurons[b, last]
                        later = _dot(w_out[n], time_term_out)
                        if recurrent:
                            later += _dot(w_rec[n], time_term)
                        for k in range(n_out):
                            g_out[group, n, k] += p_i_out[k]
                        slope = spike_slopes[b, last]
                        # p_V I / (I - V) = p_V (1 + threshold / slope).
                        jumped[end - last] = p_v[n] + (threshold * p_v[n] - tau_mem * later) / slope + regulariser[n]
                        last -= 1
                    # Neurons that spike in one step see each other's adjoints from before any of their jumps.
                    for i in range(end, last, -1):
                        p_v[spike_neurons[b, i]] = jumped[end - i]
                if step == begin:
                    for copy in range(copies):
                        first = ends[copy]
                        while first > offsets[b] and steps[first - 1] + copy * delay >= begin:
                            first -= 1
                        rows = g_in[group, copy * channels : (copy + 1) * channels]
                        _gather(kept, begin, steps, units, first, ends[copy], copy * delay, rows, starts, order)
                        ends[copy] = first
                    if recurrent:
                        _gather(
                            kept,
                            begin,
                            spike_steps[b],
                            spike_neurons[b],
                            last + 1,
                            spikes_end,
                            1,
                            g_rec[group],
                            starts,
                            order,
                        )
                    spikes_end = last + 1
                    begin -= BLOCK


@njit(parallel=True, cache=True)
def sum_groups(groups, total):  # type: ignore[no-untyped-def]
    """Sum gradients over groups, first to last.

    Parameters
    ----------
    groups : ndarray of float32, shape (groups, pre, post)
    total : ndarray of float32, shape (pre, post)
        Written.
    """
    for row in prange(total.shape[0]):
        into = total[row]
        into[:] = groups[0, row]
        for g in range(1, groups.shape[0]):
            part = groups[g, row]
            for j in range(into.shape[0]):
                into[j] += part[j]

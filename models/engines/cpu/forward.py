"""The forward pass of one layer with spikes on the time grid, in Numba.

One step of dt (exact exponential integration), for every neuron:

    I <- I + w                     for every event that arrives at the step's beginning
    V <- alpha V + gain I + (1 - alpha) bias;  I <- beta I
    if V >= threshold: spike, V <- 0

The membrane sees the mean current of the step, Ibar: gain = (1 - alpha) (tau_syn / dt) (1 - beta). A spike belongs to
the end of its step and arrives at the beginning of the next. Its slope tau_mem dV/dt is Ibar + bias - V.

Only spikes are recorded, so memory grows with spikes, not steps. With interpolated spike times see
`interpolated.forward`.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from models.engines.cpu.delays import scatter
from models.engines.cpu.memory import zeros
from models.engines.cpu.rows import add_rows, find_reaching
from models.engines.cpu.table import ALPHA, BETA, BIAS, GAIN, MEAN, PUSH
from models.engines.cpu.vectors import FAST, FLUSH, NIL, add, advance, all_finite, copy, fill, flush
from models.kernels import kernel


@kernel(fastmath=FAST)
def _run_example(b, events, connections, neurons, n_steps, tape):  # type: ignore[no-untyped-def]
    """Run example ``b``; return the number of its spikes, or -1 where a voltage is not finite."""
    steps, units, begin, end = events.steps, events.units, events.begins[b], events.ends[b]
    channels, copies, spacing, n_below, weights, delays, delayed_below, recurrent, delayed_self, ring_size = connections
    table, threshold = neurons.table, neurons.threshold
    spike_steps, spike_neurons, spike_slopes = tape.steps[b], tape.neurons[b], tape.slopes[b]
    voltages, states = tape.voltages[b], tape.states[b]
    n, capacity = weights.shape[1], spike_steps.shape[0]
    alpha, beta, gain, push = table[ALPHA, :n], table[BETA, :n], table[GAIN, :n], table[PUSH, :n]
    padded = zeros((n + 63) // 64 * 64)
    fill(padded[n:], np.float32(-np.inf))
    voltage, current = padded[:n], zeros(n)
    delayed = delayed_below or delayed_self
    ring = np.zeros((ring_size if delayed else 0, n), np.float32)
    rows, fired = np.empty(weights.shape[0], np.int32), np.empty(n, np.int32)
    cursors = np.empty(copies, np.int64)
    fill(cursors, begin)
    n_fired, n_spikes = 0, 0
    for step in range(n_steps):
        count = 0
        for line in range(copies):
            i, due = cursors[line], step - line * spacing - events.lag
            while i < end and steps[i] == due:
                row = line * channels + units[i]
                if delayed_below:
                    scatter(ring, weights[row], delays[row], step)
                else:
                    rows[count] = row
                    count += 1
                i += 1
            cursors[line] = i
        if recurrent:
            for i in range(n_fired):
                row = n_below + fired[i]
                if delayed_self:
                    scatter(ring, weights[row], delays[row], step)
                else:
                    rows[count] = row
                    count += 1
        add_rows(weights, rows, 0, count, current)
        if delayed:
            add(current, ring[step % ring_size])
            fill(ring[step % ring_size], NIL)
        if states.shape[0] > 0:
            copy(states[0, step], voltage)
            copy(states[1, step], current)
        advance(voltage, current, alpha, beta, gain, push)
        if step % FLUSH == 0:
            flush(voltage)
            flush(current)
        n_fired = find_reaching(padded, threshold, fired)
        for i in range(n_fired):
            j = fired[i]
            if n_spikes < capacity:
                spike_steps[n_spikes] = step
                spike_neurons[n_spikes] = j
                # Ibar from I after its decay, which the update has left in cache.
                spike_slopes[n_spikes] = table[MEAN, j] * current[j] + table[BIAS, j] - voltage[j]
            n_spikes += 1
            voltage[j] = NIL
        if voltages.shape[0] > 0:
            copy(voltages[step], voltage)
    # A neuron whose voltage is NaN never spikes and would look like a silent one.
    return n_spikes if all_finite(voltage) else -1


@kernel(parallel=True, fastmath=FAST, nogil=True)
def forward_layer(events, connections, neurons, n_steps, tape):  # type: ignore[no-untyped-def]
    """Run every example of a batch through one layer.

    Parameters
    ----------
    events : Events
    connections : Connections
    neurons : Neurons
    n_steps : int
        Of a trial.
    tape : ForwardTape
        Written.
    """
    counts = tape.counts
    for b in prange(counts.shape[0]):
        counts[b] = _run_example(np.int64(b), events, connections, neurons, n_steps, tape)

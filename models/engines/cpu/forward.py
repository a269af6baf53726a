"""The forward pass: hidden spikes and readout of a batch, in Numba.

One step of dt, for every population (exact exponential integration):

    I <- I + w                     for every event that arrives in this step
    Ibar = I * (tau_syn / dt) * (1 - beta)          mean current of the step
    V <- alpha V + (1 - alpha) Ibar;  I <- beta I
    if V >= threshold: spike, V <- 0                hidden neurons only

with alpha = exp(-dt / tau_mem) and beta = exp(-dt / tau_syn). A hidden spike arrives in the next step. For the backward
pass each spike leaves (step, neuron, Ibar - V) behind; nothing else is kept, so memory grows with spikes, not steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

# No "nnan"/"ninf": a diverged network must stay visible as NaN.
FAST = {"reassoc", "contract", "nsz", "arcp"}

# Numba caches machine code by the file of its entry point: after a change to a function here that `backward` inlines,
# remove __pycache__.
TINY = np.float32(1e-30)
"""States below this are set to 0: denormal numbers cost up to a hundred times a normal one's arithmetic."""


@njit(inline="always", fastmath=FAST)
def flush(x):  # type: ignore[no-untyped-def]
    """Return x, or 0 where it is too small to matter (NaN stays)."""
    return np.float32(0.0) if abs(x) < TINY else x


@njit(fastmath=FAST, cache=True)
def add_rows(weights, rows, count, total):  # type: ignore[no-untyped-def]
    """Add ``count`` rows of ``weights`` to ``total``; four at a time, so that the total is loaded a fourth as often."""
    n = total.shape[0]
    i = 0
    while i + 4 <= count:
        a, b, c, d = weights[rows[i]], weights[rows[i + 1]], weights[rows[i + 2]], weights[rows[i + 3]]
        for j in range(n):
            total[j] += (a[j] + b[j]) + (c[j] + d[j])
        i += 4
    while i < count:
        a = weights[rows[i]]
        for j in range(n):
            total[j] += a[j]
        i += 1


@njit(inline="always")
def gather(steps, units, end, channels, delay, cursors, step, rows):  # type: ignore[no-untyped-def]
    """Collect the input rows whose events arrive in ``step``, going forward; return their number.

    ``cursors`` holds, for each copy of the delay line, the first event that has not arrived yet.
    """
    count = 0
    for copy in range(cursors.shape[0]):
        i = cursors[copy]
        due = step - copy * delay
        while i < end and steps[i] == due:
            rows[count] = copy * channels + units[i]
            count += 1
            i += 1
        cursors[copy] = i
    return count


@njit(parallel=True, fastmath=FAST, cache=True)
def forward_batch(  # type: ignore[no-untyped-def]
    steps,
    units,
    offsets,
    channels,
    copies,
    delay,
    w_in,
    w_rec,
    w_out,
    hidden,
    output,
    table,
    spike_steps,
    spike_neurons,
    spike_slopes,
    spike_counts,
    mean_voltage,
    voltages,
):
    """Run every example of a batch.

    Parameters
    ----------
    steps, units : ndarray of int32, shape (events,)
        Input events by step.
    offsets : ndarray of int64, shape (examples + 1,)
    channels, copies, delay : int
        Input channels; copies of the delay line and the steps between them.
    w_in : ndarray of float32, shape (channels * copies, hidden)
    w_rec : ndarray of float32, shape (hidden, hidden) or (0, hidden)
    w_out : ndarray of float32, shape (hidden, output)
    hidden, output : ndarray of float32, shape (4,)
        alpha, beta, gain (current to voltage in a step: (1 - alpha) (tau_syn / dt) (1 - beta)) and threshold.
    table : ndarray of float32, shape (steps of a trial,)
        The readout window.
    spike_steps, spike_neurons : ndarray of int32, shape (examples, capacity)
        Written: hidden spikes in order.
    spike_slopes : ndarray of float32, shape (examples, capacity)
        Written: Ibar - V of each.
    spike_counts : ndarray of int64, shape (examples,)
        Written: spikes an example; where above the capacity, the example must be run again with more room.
    mean_voltage : ndarray of float64, shape (examples, output)
        Written: mean over the trial of window times voltage.
    voltages : ndarray of float32, shape (examples or 0, steps, output)
        Written where not empty: output voltages.
    """
    n_steps = table.shape[0]
    n_hidden, n_out = w_out.shape
    recurrent = w_rec.shape[0] > 0
    capacity = spike_steps.shape[1]
    alpha, beta, gain, threshold = hidden[0], hidden[1], hidden[2], hidden[3]
    alpha_out, beta_out, gain_out = output[0], output[1], output[2]
    # Ibar - V is found from I after its decay, which the update leaves in cache.
    mean_of_decayed = gain / ((np.float32(1.0) - alpha) * beta)
    for b in prange(offsets.shape[0] - 1):
        current = np.zeros(n_hidden, np.float32)
        voltage = np.zeros(n_hidden, np.float32)
        current_out = np.zeros(n_out, np.float32)
        voltage_out = np.zeros(n_out, np.float32)
        total = np.zeros(n_out, np.float64)
        rows = np.empty(channels * copies, np.int64)
        fired = np.empty(n_hidden, np.int64)
        n_fired = 0
        cursors = np.full(copies, offsets[b])
        n_spikes = 0
        for step in range(n_steps):
            count = gather(steps, units, offsets[b + 1], channels, delay, cursors, step, rows)
            add_rows(w_in, rows, count, current)
            if n_fired > 0:
                if recurrent:
                    add_rows(w_rec, fired, n_fired, current)
                add_rows(w_out, fired, n_fired, current_out)
                n_fired = 0
            crossings = 0
            for j in range(n_hidden):
                v = flush(alpha * voltage[j] + gain * current[j])
                voltage[j] = v
                current[j] = flush(beta * current[j])
                crossings += 1 if v >= threshold else 0
            if crossings > 0:
                for j in range(n_hidden):
                    if voltage[j] >= threshold:
                        if n_spikes < capacity:
                            spike_steps[b, n_spikes] = step
                            spike_neurons[b, n_spikes] = j
                            spike_slopes[b, n_spikes] = mean_of_decayed * current[j] - voltage[j]
                        n_spikes += 1
                        voltage[j] = np.float32(0.0)
                        fired[n_fired] = j
                        n_fired += 1
            weight = table[step]
            for k in range(n_out):
                voltage_out[k] = flush(alpha_out * voltage_out[k] + gain_out * current_out[k])
                current_out[k] = flush(beta_out * current_out[k])
                total[k] += weight * voltage_out[k]
            if voltages.shape[0] > 0:
                voltages[b, step] = voltage_out
        # A neuron that is NaN never spikes and would pass for a silent one.
        for j in range(n_hidden):
            if not np.isfinite(voltage[j]):
                total[:] = np.nan
        spike_counts[b] = n_spikes
        mean_voltage[b] = total / n_steps

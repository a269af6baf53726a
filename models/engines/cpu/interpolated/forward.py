"""The forward pass of one layer with interpolated spike times, in Numba.

As in `models.engines.cpu.forward`, but the membrane sees the current as it decays, gain = kappa(dt), and a crossing
lies at the fraction f of its step where the cubic through the step's two voltages and slopes meets the threshold. V
starts from 0 there. At the beginning of the next step, the spike, of age a = 1 - f, has left the current epsilon(a) w
and the voltage kappa(a) w in its targets (see `table`). What is missing from the exact solution is what spikes of one
step do to each other within it, but for the order that `crossing.settle` keeps.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from models.engines.cpu.interpolated.crossing import LEAST_SLOPE, crossing, settle
from models.engines.cpu.interpolated.delays import scatter
from models.engines.cpu.interpolated.response import current_left, voltage_left
from models.engines.cpu.memory import zeros
from models.engines.cpu.rows import add_rows, add_scaled_rows, find_reaching
from models.engines.cpu.table import (
    ALPHA,
    BETA,
    BIAS,
    EPSILON_2,
    GAIN,
    KAPPA_1,
    KAPPA_2,
    PUSH,
    RATE_MEM,
    RATE_SYN,
)
from models.engines.cpu.vectors import FAST, FLUSH, NIL, ONE, add, advance, all_finite, copy, fill, flush
from models.kernels import kernel


@kernel(fastmath=FAST)
def _age(voltage, current, first, second, kappa_1, kappa_2, rate, epsilon_2):  # type: ignore[no-untyped-def]
    """Let arrivals, summed times their ages and times the squares of these, have aged by the step's beginning."""
    for j in range(current.shape[0]):
        current[j] += epsilon_2[j] * second[j] - rate[j] * first[j]
        voltage[j] += kappa_1[j] * first[j] - kappa_2[j] * second[j]


@kernel(fastmath=FAST)
def _run_example(b, events, connections, neurons, n_steps, tape):  # type: ignore[no-untyped-def]
    """Run example ``b``; return the number of its spikes, or -1 where a voltage is not finite."""
    steps, units, fractions, begin, end = (
        events.steps, events.units, events.fractions, events.begins[b], events.ends[b],
    )  # fmt: skip
    channels, copies, spacing, n_below, weights, delays, delayed_below, recurrent, delayed_self, ring_size = connections
    table, threshold = neurons.table, neurons.threshold
    spike_steps, spike_neurons, spike_fractions, spike_slopes = (
        tape.steps[b], tape.neurons[b], tape.fractions[b], tape.slopes[b],
    )  # fmt: skip
    voltages, states = tape.voltages[b], tape.states[b]
    n, capacity = weights.shape[1], spike_steps.shape[0]
    alpha, beta, gain, push = table[ALPHA, :n], table[BETA, :n], table[GAIN, :n], table[PUSH, :n]
    kappa_1, kappa_2, epsilon_2, rate = (
        table[KAPPA_1, :n],
        table[KAPPA_2, :n],
        table[EPSILON_2, :n],
        table[RATE_SYN, :n],
    )
    padded = zeros((n + 63) // 64 * 64)
    fill(padded[n:], np.float32(-np.inf))
    voltage, current, first, second = padded[:n], zeros(n), zeros(n), zeros(n)
    delayed, keeps_states, below_aged = delayed_below or delayed_self, states.shape[0] > 0, fractions.shape[0] > 0
    ring = np.zeros((3, ring_size if delayed else 0, n), np.float32)
    rows, aged_rows = np.empty(weights.shape[0], np.int32), np.empty(weights.shape[0], np.int32)
    ages, left = np.empty(weights.shape[0], np.float32), np.empty(weights.shape[0], np.float32)
    fired, fired_ages = np.empty(n, np.int32), np.zeros(n, np.float32)
    slopes, taken = np.empty(n, np.float32), np.empty(n, np.float32)
    cursors = np.empty(copies, np.int64)
    fill(cursors, begin)
    n_fired, n_spikes = 0, 0
    for step in range(n_steps):
        count, aged = 0, 0
        for line in range(copies):
            i, due = cursors[line], step - line * spacing - events.lag
            while i < end and steps[i] == due:
                row = line * channels + units[i]
                if delayed_below:
                    scatter(ring, weights[row], delays[row], step, ONE - fractions[i] if below_aged else NIL)
                elif below_aged:
                    aged_rows[aged], ages[aged] = row, ONE - fractions[i]
                    aged += 1
                else:
                    rows[count] = row
                    count += 1
                i += 1
            cursors[line] = i
        if recurrent:
            for i in range(n_fired):
                row = n_below + fired[i]
                if delayed_self:
                    scatter(ring, weights[row], delays[row], step, fired_ages[i])
                else:
                    aged_rows[aged], ages[aged] = row, fired_ages[i]
                    aged += 1
        add_rows(weights, rows, 0, count, current)
        if neurons.shared and not delayed and not keeps_states:
            for i in range(aged):
                a = ages[i]
                ages[i] = current_left(table[RATE_SYN, 0], a)
                left[i] = voltage_left(table[RATE_MEM, 0], table[RATE_SYN, 0], a)
            add_scaled_rows(weights, aged_rows, ages, 0, aged, current)
            add_scaled_rows(weights, aged_rows, left, 0, aged, voltage)
        elif aged > 0 or delayed:
            fill(first, NIL)
            fill(second, NIL)
            add_rows(weights, aged_rows, 0, aged, current)
            add_scaled_rows(weights, aged_rows, ages, 0, aged, first)
            for i in range(aged):
                ages[i] *= ages[i]
            add_scaled_rows(weights, aged_rows, ages, 0, aged, second)
            if delayed:
                slot = step % ring_size
                add(current, ring[0, slot])
                add(first, ring[1, slot])
                add(second, ring[2, slot])
                for power in range(3):
                    fill(ring[power, slot], NIL)
            _age(voltage, current, first, second, kappa_1, kappa_2, rate, epsilon_2)
        if keeps_states:
            copy(states[0, step], voltage)
            copy(states[1, step], current)
            copy(states[2, step], first)
            copy(states[3, step], second)
            fill(first, NIL)
            fill(second, NIL)
        advance(voltage, current, alpha, beta, gain, push)
        if step % FLUSH == 0:
            flush(voltage)
            flush(current)
        n_fired = find_reaching(padded, threshold, fired)
        for i in range(n_fired):
            j = fired[i]
            x, y, bias = table[RATE_MEM, j], table[RATE_SYN, j], table[BIAS, j]
            v, now = voltage[j], current[j] / beta[j]
            f = crossing((v - gain[j] * now - push[j]) / alpha[j], v, now, beta[j], bias, x, threshold)
            fired_ages[i], taken[i] = ONE - f, NIL
            slopes[i] = max(now * current_left(y, f) + bias - threshold, LEAST_SLOPE * threshold)
        if n_fired > 1 and recurrent and not delayed_self:
            n_fired = settle(fired, fired_ages, slopes, taken, n_fired, weights, n_below, table, threshold)
        for i in range(n_fired):
            j = fired[i]
            x, y, bias, a = table[RATE_MEM, j], table[RATE_SYN, j], table[BIAS, j], fired_ages[i]
            slope = slopes[i]
            again = (slope + threshold - bias) * voltage_left(x, y, a) + bias * (ONE - current_left(x, a))
            voltage[j] = again - taken[i]
            if n_spikes < capacity:
                spike_steps[n_spikes] = step
                spike_neurons[n_spikes] = j
                spike_slopes[n_spikes] = slope
                spike_fractions[n_spikes] = ONE - a
            n_spikes += 1
        if voltages.shape[0] > 0:
            copy(voltages[step], voltage)
    # A neuron whose voltage is NaN never spikes and would look like a silent one.
    return n_spikes if all_finite(voltage) else -1


@kernel(parallel=True, fastmath=FAST, nogil=True)
def forward_layer_interpolated(events, connections, neurons, n_steps, tape):  # type: ignore[no-untyped-def]
    """Run every example of a batch through one layer; parameters as of `models.engines.cpu.forward.forward_layer`."""
    counts = tape.counts
    for b in prange(counts.shape[0]):
        counts[b] = _run_example(np.int64(b), events, connections, neurons, n_steps, tape)

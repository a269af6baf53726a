"""The backward pass of one layer with interpolated spike times: Eventprop's adjoint, in Numba.

The equations are those of `models.engines.cpu.backward`, for a spike at the fraction f of its step, a = 1 - f before
the next: an arrival's derivative is that of epsilon(a) p_I + kappa(a) p_V, and the spiking neuron's own adjoint is
carried over the two parts of its step. For the gradient with respect to weights, p_I at the arrival is taken from the
line through its values at both ends of the step, which hold what other neurons' spikes within it do to it.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import prange

from models.engines.cpu.arguments import Arrivals
from models.engines.cpu.backward import BLOCK, add_step
from models.engines.cpu.gather import first_after
from models.engines.cpu.interpolated.delays import collect
from models.engines.cpu.interpolated.gather import gather_interpolated
from models.engines.cpu.interpolated.overtaking import overtake, overtaken, sort_latest_first
from models.engines.cpu.interpolated.response import current_left, voltage_left
from models.engines.cpu.interpolated.time_constants import add_arrivals, add_crossing
from models.engines.cpu.memory import zeros
from models.engines.cpu.table import (
    ALPHA,
    BETA,
    BIAS,
    DRIVE_CURRENT,
    DRIVE_VOLTAGE,
    EPSILON_2,
    GAIN,
    KAPPA_1,
    KAPPA_2,
    RATE_MEM,
    RATE_SYN,
)
from models.engines.cpu.vectors import (
    FAST,
    FLUSH,
    HALF,
    NIL,
    ONE,
    add,
    add_product,
    clear,
    copy,
    difference,
    fill,
    flush,
    recede,
)
from models.kernels import kernel


@kernel(fastmath=FAST)
def _time_gradient(row, once, twice, age):  # type: ignore[no-untyped-def]
    """Return -d/da of the row times epsilon(a) p_I + kappa(a) p_V, by the terms of its powers of a."""
    one, two = NIL, NIL
    for j in range(row.shape[0]):
        one += row[j] * once[j]
        two += row[j] * twice[j]
    return -(one + np.float32(2.0) * age * two)


@kernel(fastmath=FAST)
def _time_gradient_shared(row, p_i, p_v, age, x, y):  # type: ignore[no-untyped-def]
    """Return the same where all targets have the same dt / tau_mem ``x`` and dt / tau_syn ``y``."""
    current, voltage = NIL, NIL
    for j in range(row.shape[0]):
        current += row[j] * p_i[j]
        voltage += row[j] * p_v[j]
    then = current_left(y, age) * current + voltage_left(x, y, age) * voltage
    return y * then - x * current_left(x, age) * voltage


@kernel(fastmath=FAST)
def _run_example(b, group, thread, events, connections, neurons, n_steps, tape, loss, found, scratch):  # type: ignore[no-untyped-def]
    """Go back through example ``b`` and add to the gradients of its group."""
    steps, units, fractions, begin, end, lag = (
        events.steps, events.units, events.fractions, events.begins[b], events.ends[b], events.lag,
    )  # fmt: skip
    channels, copies, spacing, n_below, weights, delays, delayed_below, recurrent, delayed_self, ring_size = connections
    table, threshold, least_slope, biased = neurons.table, neurons.threshold, neurons.least_slope, neurons.biased
    spike_steps, spike_neurons, spike_fractions, spike_slopes, states = (
        tape.steps[b], tape.neurons[b], tape.fractions[b], tape.slopes[b], tape.states[b],
    )  # fmt: skip
    spike_times, push, drive, throughout = loss.spike_times[b], loss.push, loss.voltages[b], loss.throughout
    gradient, delay_gradient, sums = found.weights[group], found.delays[group], found.neurons[group]
    event_times, adjoints = found.event_times[b], found.adjoints[b]
    adjoint_currents = scratch.adjoint_currents[thread]
    starts, order, scales = scratch.starts[thread], scratch.order[thread], scratch.scales[thread]
    n = weights.shape[1]
    alpha, beta, gain = table[ALPHA, :n], table[BETA, :n], table[GAIN, :n]
    kappa_1, kappa_2, epsilon_2, rate = (
        table[KAPPA_1, :n],
        table[KAPPA_2, :n],
        table[EPSILON_2, :n],
        table[RATE_SYN, :n],
    )
    polynomials = (rate, epsilon_2, kappa_1, kappa_2)
    rate_mem, shared_mem, shared_syn = table[RATE_MEM, :n], table[RATE_MEM, 0], table[RATE_SYN, 0]
    drive_voltage, drive_current = table[DRIVE_VOLTAGE, :n], table[DRIVE_CURRENT, :n]
    delayed, below_aged = delayed_below or delayed_self, fractions.shape[0] > 0
    wants_below, driven, constants = event_times.shape[0] > 0, drive.shape[0] > 0, states.shape[0] > 0
    plain_sums = neurons.shared and not throughout
    ring = np.zeros((3 if throughout else 2, ring_size if delayed else 0, n), np.float32)
    p_v, once, twice = zeros(n), zeros(n), zeros(n)
    latest, overtaking = np.empty(n, np.int64), np.empty((n, 8), np.float32)
    jumped, before = np.empty(n, np.float32), np.empty(n, np.float32)
    fill(adjoint_currents[0], NIL)
    heads = np.empty(copies, np.int64)
    for line in range(copies):
        heads[line] = first_after(steps, begin, end, n_steps - 1 - line * spacing - lag)
    last = tape.counts[b] - 1
    spike_end = np.full(1 if recurrent and not delayed_self else 0, first_after(spike_steps, 0, last + 1, n_steps - 2))
    ends = heads[: 0 if delayed_below else copies].copy()
    below = Arrivals(steps, units, fractions, begin, ends, channels, lag, spacing, 0, True)
    itself = Arrivals(spike_steps, spike_neurons, spike_fractions, 0, spike_end, n, 1, 0, n_below, False)
    hi = n_steps
    while hi > 0:
        lo = max(0, hi - BLOCK)
        copy(adjoint_currents[hi - lo], adjoint_currents[0])
        for step in range(hi, lo if lo > 0 else -1, -1):
            p_i = adjoint_currents[step - lo]
            inner = step < n_steps
            if inner and adjoints.shape[0] > 0:
                copy(adjoints[0, step], p_v)
                copy(adjoints[1, step], p_i)
            latest_spike = last
            while last >= 0 and spike_steps[last] == step - 1:
                last -= 1
            count = latest_spike - last
            arrives = inner and recurrent and count > 0
            if inner and (delayed or wants_below or arrives):
                if not plain_sums:
                    difference(once, kappa_1, p_v, rate, p_i)
                    difference(twice, epsilon_2, p_i, kappa_2, p_v)
                    if throughout and step > 0:
                        add_product(twice, HALF, rate_mem, drive[step - 1])
                if delayed:
                    slot = step % ring_size
                    copy(ring[0, slot], p_i)
                    copy(ring[1, slot], p_v)
                    if throughout:
                        fill(ring[2, slot], NIL)
                        if step > 0:
                            add_product(ring[2, slot], HALF, rate_mem, drive[step - 1])
            for i in range(count):
                latest[i] = latest_spike - i
            sort_latest_first(latest, count, spike_fractions)
            for k in range(count):
                i = latest[k]
                q, age, time_gradient = spike_neurons[i], ONE - spike_fractions[i], spike_times[i]
                if arrives:
                    row = n_below + q
                    if delayed_self:
                        time_gradient += collect(
                            ring, weights[row], delays[row], step, age, n_steps, polynomials, gradient[row],
                            delay_gradient[row],
                        )  # fmt: skip
                    else:
                        if plain_sums:
                            time_gradient += _time_gradient_shared(weights[row], p_i, p_v, age, shared_mem, shared_syn)
                        else:
                            time_gradient += _time_gradient(weights[row], once, twice, age)
                        time_gradient += overtaken(
                            weights[row], age, latest, k, spike_neurons, spike_fractions, overtaking
                        )
                p = p_v[q] * current_left(table[RATE_MEM, q], age)
                # p (I + bias) / (I + bias - V) = p (1 + threshold / slope).
                slope = max(spike_slopes[i], least_slope)
                jumped[k] = p + (threshold * p - time_gradient / table[RATE_MEM, q]) / slope + push[q]
                if arrives or wants_below:
                    overtake(p_v[q], jumped[k], age, table[RATE_MEM, q], table[RATE_SYN, q], overtaking[k])
            if inner and (delayed_below or wants_below):
                for line in range(copies):
                    i = heads[line]
                    while i > begin and steps[i - 1] + line * spacing + lag == step:
                        i -= 1
                        row = line * channels + units[i]
                        age = ONE - fractions[i] if below_aged else NIL
                        if delayed_below:
                            time_gradient = collect(
                                ring, weights[row], delays[row], step, age, n_steps, polynomials, gradient[row],
                                delay_gradient[row],
                            )  # fmt: skip
                        else:
                            if plain_sums:
                                time_gradient = _time_gradient_shared(
                                    weights[row], p_i, p_v, age, shared_mem, shared_syn
                                )
                            else:
                                time_gradient = _time_gradient(weights[row], once, twice, age)
                            time_gradient += overtaken(
                                weights[row], age, latest, count, spike_neurons, spike_fractions, overtaking
                            )
                        if wants_below:
                            event_times[i - begin] = time_gradient
                    heads[line] = i
            if step == 0:
                break
            for k in range(count):
                q = spike_neurons[latest[k]]
                before[k] = p_v[q]
                p_v[q] = jumped[k]
            if driven and not throughout:
                add(p_v, drive[step - 1])
            if biased:
                add(sums[0], p_v)
            if constants:
                add_step(sums, p_v, p_i, states[0, step - 1], states[1, step - 1])
            p_before = adjoint_currents[step - 1 - lo]
            recede(p_i, p_before, p_v, alpha, beta, gain)
            if step % FLUSH == 0:
                flush(p_before)
                flush(p_v)
            if throughout:
                add_product(p_before, ONE, drive_current, drive[step - 1])
                add_product(p_v, ONE, drive_voltage, drive[step - 1])
            for k in range(count):
                q, f = spike_neurons[latest[k]], spike_fractions[latest[k]]
                a, jump, p = ONE - f, jumped[k], before[k]
                x, y = table[RATE_MEM, q], table[RATE_SYN, q]
                p_before[q] += p * voltage_left(x, y, a) * current_left(y, f) + jump * (voltage_left(x, y, f) - gain[q])
                p_v[q] = jump * current_left(x, f)
                if biased:
                    missing = p * (ONE - current_left(x, a)) - jump * (current_left(x, f) - alpha[q])
                    sums[0, q] += missing / (ONE - alpha[q])
                if constants:
                    v, current = states[0, step - 1, q], states[1, step - 1, q]
                    add_crossing(sums, q, p, jump, v, current, table[BIAS, q], x, y, f)
            if constants:
                add_arrivals(sums, p_v, p_before, states[2, step - 1], states[3, step - 1])
        gather_interpolated(adjoint_currents, lo, below, itself, gradient, starts, order, scales)
        hi = lo


@kernel(parallel=True, fastmath=FAST, nogil=True)
def backward_layer_interpolated(events, connections, neurons, n_steps, tape, loss, found, scratch):  # type: ignore[no-untyped-def]
    """Accumulate the gradients of a batch; parameters as of `models.engines.cpu.backward.backward_layer`."""
    for group in prange(found.first_of_group.shape[0] - 1):
        g, thread = np.int64(group), numba.get_thread_id()
        clear(found.weights[group])
        clear(found.delays[group])
        clear(found.neurons[group])
        for b in range(found.first_of_group[group], found.first_of_group[group + 1]):
            _run_example(b, g, thread, events, connections, neurons, n_steps, tape, loss, found, scratch)

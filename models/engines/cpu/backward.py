"""The backward pass of one layer with spikes on the time grid: Eventprop's adjoint, in Numba.

With p_V = dL/dV and p_I = dL/dI (p_V = -tau_mem lambda_V and p_I = -tau_syn lambda_I in the notation of Wunderlich and
Pehle 2021), one step backward, for every neuron, is the transpose of the forward step:

    p_V <- p_V + dL/dV(step)                        where the loss sees the voltage
    p_I <- beta p_I + gain p_V;  p_V <- alpha p_V   now at the step's beginning
    dL/dw += p_I of the target                      for every event that arrived in this step

and at a spike of neuron n, whose time t_n moves by -dV / Vdot when its voltage does:

    dL/dt_n = -p_V,n (I_n + bias_n) / tau_mem + sum over its targets of w dp_I/dt + dL/dt_n of the loss itself
    p_V,n <- -dL/dt_n / Vdot + regulariser,   Vdot = (I_n + bias_n - V_n) / tau_mem

which is the jump of Wunderlich and Pehle 2021 (table 1). I_n is the mean current of the step: Vdot is always positive
then, since this current has driven a voltage from below the threshold to above it.

In continuous time dp_I/dt = p_I / tau_syn - p_V / tau_mem. Both terms are large and nearly cancel: under a uniform
window the time of an output's input does not matter at all. On the grid they must cancel too, so dp_I/dt is the
central difference (p_I(n + 1) - p_I(n - 1)) / 2 about the step n of the spike's arrival, written in terms of that
step's values: TIME_CURRENT p_I - TIME_VOLTAGE p_V - TIME_DRIVE dL/dV(n - 1). With the continuous coefficients the
error, of order dt / tau_mem, would exceed the gradient itself, of order tau_syn / T, and turn its sign.

A layer hands dL/dt of each event down to the layer below; nothing else couples layers. With interpolated spike times
see `interpolated.backward`.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import prange

from models.engines.cpu.arguments import Arrivals
from models.engines.cpu.delays import collect
from models.engines.cpu.gather import first_after, gather
from models.engines.cpu.memory import zeros
from models.engines.cpu.table import ALPHA, BETA, GAIN, RATE_MEM, TIME_CURRENT, TIME_DRIVE, TIME_VOLTAGE
from models.engines.cpu.vectors import (
    FAST,
    FLUSH,
    NIL,
    ONE,
    add,
    add_product,
    clear,
    copy,
    difference,
    dot,
    fill,
    flush,
    recede,
)
from models.kernels import kernel

BLOCK = 512
"""Steps of p_I that are kept before they are gathered into gradients: fixed, so that memory does not grow with the
trial, and small enough for a core's cache."""


@kernel()
def add_step(sums, p_v, p_i, voltage, current):  # type: ignore[no-untyped-def]
    """Add a step to rows 1 to 4 of the sums of `models.engines.time_constants`."""
    for j in range(p_v.shape[0]):
        sums[1, j] += p_v[j]
        sums[2, j] += p_v[j] * voltage[j]
        sums[3, j] += p_v[j] * current[j]
        sums[4, j] += p_i[j] * current[j]


@kernel(fastmath=FAST)
def _run_example(b, group, thread, events, connections, neurons, n_steps, tape, loss, found, scratch):  # type: ignore[no-untyped-def]
    """Go back through example ``b`` and add to the gradients of its group."""
    steps, units, begin, end, lag = events.steps, events.units, events.begins[b], events.ends[b], events.lag
    channels, copies, spacing, n_below, weights, delays, delayed_below, recurrent, delayed_self, ring_size = connections
    table, threshold, least_slope, biased = neurons.table, neurons.threshold, neurons.least_slope, neurons.biased
    spike_steps, spike_neurons, spike_slopes, states = tape.steps[b], tape.neurons[b], tape.slopes[b], tape.states[b]
    spike_times, push, drive = loss.spike_times[b], loss.push, loss.voltages[b]
    gradient, delay_gradient, sums = found.weights[group], found.delays[group], found.neurons[group]
    event_times, adjoints = found.event_times[b], found.adjoints[b]
    adjoint_currents = scratch.adjoint_currents[thread]
    starts, order = scratch.starts[thread], scratch.order[thread]
    n = weights.shape[1]
    alpha, beta, gain = table[ALPHA, :n], table[BETA, :n], table[GAIN, :n]
    time_current, time_voltage, time_drive = table[TIME_CURRENT, :n], table[TIME_VOLTAGE, :n], table[TIME_DRIVE, :n]
    delayed = delayed_below or delayed_self
    ring = np.zeros((2, ring_size if delayed else 0, n), np.float32)
    wants_below, driven, constants = event_times.shape[0] > 0, drive.shape[0] > 0, states.shape[0] > 0
    p_v, derivative, jumped = zeros(n), zeros(n), np.empty(n, np.float32)
    fill(adjoint_currents[0], NIL)
    heads = np.empty(copies, np.int64)
    for line in range(copies):
        heads[line] = first_after(steps, begin, end, n_steps - 1 - line * spacing - lag)
    last = tape.counts[b] - 1
    spike_end = np.full(1 if recurrent and not delayed_self else 0, first_after(spike_steps, 0, last + 1, n_steps - 2))
    ends = heads[: 0 if delayed_below else copies].copy()
    below = Arrivals(steps, units, events.fractions, begin, ends, channels, lag, spacing, 0, True)
    itself = Arrivals(spike_steps, spike_neurons, tape.fractions[b], 0, spike_end, n, 1, 0, n_below, False)
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
            latest = last
            while last >= 0 and spike_steps[last] == step - 1:
                last -= 1
            count = latest - last
            arrives = inner and recurrent and count > 0
            if inner and (delayed or wants_below or arrives):
                difference(derivative, time_current, p_i, time_voltage, p_v)
                if driven and step > 0:
                    add_product(derivative, -ONE, time_drive, drive[step - 1])
                if delayed:
                    copy(ring[0, step % ring_size], p_i)
                    copy(ring[1, step % ring_size], derivative)
            for k in range(count):
                i = latest - k
                q, time_gradient = spike_neurons[i], spike_times[i]
                if arrives:
                    row = n_below + q
                    if delayed_self:
                        time_gradient += collect(
                            ring[0], ring[1], weights[row], delays[row], step, n_steps, gradient[row],
                            delay_gradient[row],
                        )  # fmt: skip
                    else:
                        time_gradient += dot(weights[row], derivative)
                # p (I + bias) / (I + bias - V) = p (1 + threshold / slope).
                p, slope = p_v[q], max(spike_slopes[i], least_slope)
                jumped[k] = p + (threshold * p - time_gradient / table[RATE_MEM, q]) / slope + push[q]
            if inner and (delayed_below or wants_below):
                for line in range(copies):
                    i = heads[line]
                    while i > begin and steps[i - 1] + line * spacing + lag == step:
                        i -= 1
                        row = line * channels + units[i]
                        if delayed_below:
                            time_gradient = collect(
                                ring[0], ring[1], weights[row], delays[row], step, n_steps, gradient[row],
                                delay_gradient[row],
                            )  # fmt: skip
                        else:
                            time_gradient = dot(weights[row], derivative)
                        if wants_below:
                            event_times[i - begin] = time_gradient
                    heads[line] = i
            if step == 0:
                break
            # Neurons that spike in one step see each other's adjoints from before any of their jumps.
            for k in range(count):
                p_v[spike_neurons[latest - k]] = jumped[k]
            if driven:
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
        gather(adjoint_currents, lo, below, itself, gradient, starts, order)
        hi = lo


@kernel(parallel=True, fastmath=FAST, nogil=True)
def backward_layer(events, connections, neurons, n_steps, tape, loss, found, scratch):  # type: ignore[no-untyped-def]
    """Accumulate the gradients of a batch, in groups of examples.

    Groups are fixed by the batch, not by the threads: each has gradients of its own, summed later in a fixed order, so
    that the result is the same to the bit for any number of threads.

    Parameters
    ----------
    events, connections, neurons, n_steps
        As in `forward.forward_layer`.
    tape : ForwardTape
        What the forward pass wrote.
    loss : LossGradient
    found : GradientSums
        Written.
    scratch : Scratch
    """
    for group in prange(found.first_of_group.shape[0] - 1):
        g, thread = np.int64(group), numba.get_thread_id()
        clear(found.weights[group])
        clear(found.delays[group])
        clear(found.neurons[group])
        for b in range(found.first_of_group[group], found.first_of_group[group + 1]):
            _run_example(b, g, thread, events, connections, neurons, n_steps, tape, loss, found, scratch)

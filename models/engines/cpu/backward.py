"""The backward pass of one layer: Eventprop's adjoint, in Numba.

With p_V = dL/dV and p_I = dL/dI (p_V = -tau_mem lambda_V and p_I = -tau_syn lambda_I in the notation of Wunderlich and
Pehle 2021), one step backward, for every neuron, is the transpose of the forward step:

    p_V <- p_V + dL/dV(step)                        where the loss sees the voltage
    p_I <- beta p_I + gain p_V;  p_V <- alpha p_V   now at the step's beginning
    dL/dw += p_I of the target                      for every event that arrived in this step

and at a spike of neuron n, whose time t_n moves by -dV / Vdot when its voltage does:

    dL/dt_n = -p_V,n (I_n + bias_n) / tau_mem + sum over its targets of w dp_I/dt + what the loss says of t_n itself
    p_V,n <- -dL/dt_n / Vdot + regulariser,   Vdot = (I_n + bias_n - V_n) / tau_mem

which is the jump of Wunderlich and Pehle 2021 (table 1). On the grid, I_n is the step's mean current: Vdot is never 0
or negative then, since a voltage below threshold was driven above it.

In continuous time dp_I/dt = p_I / tau_syn - p_V / tau_mem. Both terms are large and nearly cancel: under a uniform
window the time of an output's input does not matter at all. On the grid they must cancel too, so dp_I/dt is the
central difference (p_I(n + 1) - p_I(n - 1)) / 2 about the step n of the spike's arrival, written in terms of that
step's values: TIME_CURRENT p_I - TIME_VOLTAGE p_V - TIME_DRIVE dL/dV(n - 1). With the continuous coefficients the
error, of order dt / tau_mem, would exceed the gradient itself, of order tau_syn / T, and turn its sign.

With spikes between the grid's points the same is said of a spike at fraction f of its step, a = 1 - f before the next:
an arrival's derivative is that of epsilon(a) p_I + kappa(a) p_V, and the spiking neuron's own adjoint is carried over
its two parts of the step. For the weights' gradient, p_I at the arrival is taken from the line through its values at
both ends of the step, which hold what other neurons' spikes in between do to it.

What a layer hands down is dL/dt of each event of the layer below; nothing else couples layers.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import njit, prange

from models.engines.cpu.delays import collect
from models.engines.cpu.forward import FAST, FLUSH, HALF, NIL, ONE, THIRD, current_left, flush, voltage_left
from models.engines.cpu.gather import gather
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
    TIME_CURRENT,
    TIME_DRIVE,
    TIME_VOLTAGE,
)
from models.engines.cpu.time_constants import add_crossing, add_step

BLOCK = 512
"""Steps of p_I that are kept before they are gathered into gradients: fixed, so that memory does not grow with the
trial, and small enough for a core's cache."""


@njit(fastmath=FAST, cache=True)
def _recede(after, before, p_v, alpha, beta, gain):  # type: ignore[no-untyped-def]
    for j in range(p_v.shape[0]):
        p = p_v[j]
        before[j] = beta[j] * after[j] + gain[j] * p
        p_v[j] = alpha[j] * p


@njit(fastmath=FAST, cache=True)
def _difference(total, a, x, b, y):  # type: ignore[no-untyped-def]
    for j in range(total.shape[0]):
        total[j] = a[j] * x[j] - b[j] * y[j]


@njit(fastmath=FAST, cache=True)
def _add_scaled(total, factor, a, x):  # type: ignore[no-untyped-def]
    for j in range(total.shape[0]):
        total[j] += factor * a[j] * x[j]


@njit(fastmath=FAST, cache=True)
def _add(total, row):  # type: ignore[no-untyped-def]
    for j in range(total.shape[0]):
        total[j] += row[j]


@njit(fastmath=FAST, cache=True)
def dot(a, b):  # type: ignore[no-untyped-def]
    """Return the sum of products, float32."""
    total = np.float32(0.0)
    for j in range(a.shape[0]):
        total += a[j] * b[j]
    return total


@njit(fastmath=FAST, cache=True)
def _time_gradient(row, once, twice, age):  # type: ignore[no-untyped-def]
    """Return -d/da of the row times epsilon(a) p_I + kappa(a) p_V, by the terms of its powers of a."""
    one, two = NIL, NIL
    for j in range(row.shape[0]):
        one += row[j] * once[j]
        two += row[j] * twice[j]
    return -(one + np.float32(2.0) * age * two)


@njit(fastmath=FAST, cache=True)
def _time_gradient_shared(row, p_i, p_v, age, x, y):  # type: ignore[no-untyped-def]
    """Return the same where all targets have the same dt / tau_mem ``x`` and dt / tau_syn ``y``."""
    current, voltage = NIL, NIL
    for j in range(row.shape[0]):
        current += row[j] * p_i[j]
        voltage += row[j] * p_v[j]
    then = current_left(y, age) * current + voltage_left(x, y, age) * voltage
    return y * then - x * current_left(x, age) * voltage


@njit(fastmath=FAST, cache=True)
def overtaken(row, age, latest, count, neurons, fractions, late):  # type: ignore[no-untyped-def]
    """Return what is missing to a spike's dL/dt where targets spike later in the same step.

    The spike reaches them before their own, so that it moves that, too: their adjoint voltage is then the one before
    the jump, and what is left of the spike's current charges them anew.

    Parameters
    ----------
    row : ndarray of float32, shape (size,)
        Weights.
    age : float32
        Of the spike at the step's end.
    latest : ndarray of int64
        Spikes of the step, the latest first; the first ``count`` are looked at.
    neurons, fractions : ndarray
        Of all spikes.
    late : ndarray of float32, shape (size, 8)
        Of each of ``latest``, what `overtake` wrote.
    """
    total = NIL
    for k in range(count):
        lead = age - (ONE - fractions[latest[k]])
        if lead <= 0:
            break
        c = late[k]
        by_age = c[0] + age * (c[1] + age * (c[2] + age * c[3]))
        by_lead = c[4] + lead * (c[5] + lead * (c[6] + lead * c[7]))
        total += row[neurons[latest[k]]] * (by_age + by_lead)
    return total


@njit(fastmath=FAST, cache=True)
def overtake(p, jump, a, x, y, coefficients):  # type: ignore[no-untyped-def]
    """Write the polynomials of `overtaken` for a spike that others overtake.

    With charging = dkappa/da = x (1 - (x + y) a + (x^2 + x y + y^2) a^2 / 2 - ...), they are p charging(age of the
    other) and p y epsilon(lead) kappa(a) - jump charging(lead).

    Parameters
    ----------
    p, jump : float32
        p_V of the neuron at the step's end, and before the jump.
    a : float32
        Age of its spike at the step's end.
    x, y : float32
        dt / tau_mem and dt / tau_syn.
    coefficients : ndarray of float32, shape (8,)
        Written: four of powers of the age, four of the lead.
    """
    second = HALF * (x * x + x * y + y * y)
    third = HALF * THIRD * (x + y) * (x * x + y * y)
    anew = p * y * voltage_left(x, y, a)
    coefficients[0] = p * x
    coefficients[1] = -p * x * (x + y)
    coefficients[2] = p * x * second
    coefficients[3] = -p * x * third
    coefficients[4] = anew - jump * x
    coefficients[5] = jump * x * (x + y) - anew * y
    coefficients[6] = HALF * anew * y * y - jump * x * second
    coefficients[7] = jump * x * third - HALF * THIRD * anew * y * y * y


@njit(cache=True)
def sort_latest_first(spikes, count, fractions):  # type: ignore[no-untyped-def]
    """Sort the first ``count`` of ``spikes`` by their fractions, the greatest first; a step has few."""
    for k in range(1, count):
        spike = spikes[k]
        place = k
        while place > 0 and fractions[spikes[place - 1]] < fractions[spike]:
            spikes[place] = spikes[place - 1]
            place -= 1
        spikes[place] = spike


@njit(fastmath=FAST, cache=True)
def _example(  # type: ignore[no-untyped-def]
    steps,
    units,
    fractions,
    begin,
    end,
    lag,
    channels,
    copies,
    spacing,
    n_below,
    weights,
    delays,
    delayed_below,
    recurrent,
    delayed_self,
    ring_steps,
    shared,
    table,
    threshold,
    interpolated,
    n_steps,
    spike_steps,
    spike_neurons,
    spike_fractions,
    spike_slopes,
    n_spikes,
    least_slope,
    spike_time_gradient,
    push,
    drive,
    throughout,
    states,
    biased,
    event_time_gradient,
    traces,
    gradient,
    delay_gradient,
    sums,
    adjoint_currents,
    starts,
    order,
    scales,
):
    """Add one example to its group's gradients. Parameters as of `backward_layer`."""
    n = weights.shape[1]
    alpha, beta, gain = table[ALPHA, :n], table[BETA, :n], table[GAIN, :n]
    time_current, time_voltage, time_drive = table[TIME_CURRENT, :n], table[TIME_VOLTAGE, :n], table[TIME_DRIVE, :n]
    kappa_1, kappa_2, epsilon_2 = table[KAPPA_1, :n], table[KAPPA_2, :n], table[EPSILON_2, :n]
    rate = table[RATE_SYN, :n]
    polynomials = (rate, epsilon_2, kappa_1, kappa_2)
    delayed = delayed_below or delayed_self
    ring = np.zeros((3 if throughout else 2, ring_steps if delayed else 0, n), np.float32)
    wants_below = event_time_gradient.shape[0] > 0
    driven, constants = drive.shape[0] > 0, states.shape[0] > 0
    p_v = zeros(n)
    once, twice = zeros(n), zeros(n)
    plain_sums = shared and not throughout
    latest = np.empty(n, np.int64)
    jumped = np.empty(n, np.float32)
    late = np.empty((n, 8), np.float32)
    before = np.empty(n, np.float32)
    adjoint_currents[0] = NIL
    last = n_spikes - 1
    tails = np.full(copies, end)
    heads = np.full(copies, end)
    for copy in range(copies):
        while tails[copy] > begin and steps[tails[copy] - 1] + copy * spacing + lag >= n_steps:
            tails[copy] -= 1
        heads[copy] = tails[copy]
    block_spikes = last
    while block_spikes >= 0 and spike_steps[block_spikes] + 1 >= n_steps:
        block_spikes -= 1
    hi = n_steps
    while hi > 0:
        lo = max(0, hi - BLOCK)
        adjoint_currents[hi - lo] = adjoint_currents[0]
        for step in range(hi, lo if lo > 0 else -1, -1):
            p_i = adjoint_currents[step - lo]
            inner = step < n_steps
            if inner and traces.shape[0] > 0:
                traces[0, step] = p_v
                traces[1, step] = p_i
            first_spike = last
            while last >= 0 and spike_steps[last] == step - 1:
                last -= 1
            count = first_spike - last
            arrives = inner and recurrent and count > 0
            if inner and (delayed or wants_below or arrives):
                # What makes dp_I/dt of arrivals in this step.
                if not interpolated:
                    _difference(once, time_current, p_i, time_voltage, p_v)
                    if driven and step > 0:
                        _add_scaled(once, -ONE, time_drive, drive[step - 1])
                elif not plain_sums:
                    _difference(once, kappa_1, p_v, rate, p_i)
                    _difference(twice, epsilon_2, p_i, kappa_2, p_v)
                    if throughout and step > 0:
                        _add_scaled(twice, HALF, table[RATE_MEM, :n], drive[step - 1])
                if delayed:
                    ring[0, step % ring_steps] = p_i
                    ring[1, step % ring_steps] = p_v if interpolated else once
                    if throughout:
                        ring[2, step % ring_steps] = NIL
                        if step > 0:
                            _add_scaled(ring[2, step % ring_steps], HALF, table[RATE_MEM, :n], drive[step - 1])
            for i in range(count):
                latest[i] = first_spike - i
            if interpolated:
                sort_latest_first(latest, count, spike_fractions)
            for k in range(count):
                i = latest[k]
                q = spike_neurons[i]
                age = ONE - spike_fractions[i] if interpolated else NIL
                time_gradient = spike_time_gradient[i]
                if arrives:
                    row = n_below + q
                    if delayed_self:
                        time_gradient += collect(
                            ring, weights[row], delays[row], step, age, interpolated, n_steps, polynomials,
                            gradient[row], delay_gradient[row],
                        )  # fmt: skip
                    elif interpolated:
                        if plain_sums:
                            time_gradient += _time_gradient_shared(
                                weights[row], p_i, p_v, age, table[RATE_MEM, 0], table[RATE_SYN, 0]
                            )
                        else:
                            time_gradient += _time_gradient(weights[row], once, twice, age)
                        time_gradient += overtaken(weights[row], age, latest, k, spike_neurons, spike_fractions, late)
                    else:
                        time_gradient += dot(weights[row], once)
                p = p_v[q]
                if interpolated:
                    p *= current_left(table[RATE_MEM, q], age)
                # p (I + bias) / (I + bias - V) = p (1 + threshold / slope).
                slope = max(spike_slopes[i], least_slope)
                jumped[k] = p + (threshold * p - time_gradient / table[RATE_MEM, q]) / slope + push[q]
                if interpolated and (arrives or wants_below):
                    overtake(p_v[q], jumped[k], age, table[RATE_MEM, q], table[RATE_SYN, q], late[k])
            if inner and (delayed_below or wants_below):
                for copy in range(copies):
                    i = heads[copy]
                    while i > begin and steps[i - 1] + copy * spacing + lag == step:
                        i -= 1
                        row = copy * channels + units[i]
                        age = ONE - fractions[i] if fractions.shape[0] > 0 else NIL
                        if delayed_below:
                            time_gradient = collect(
                                ring, weights[row], delays[row], step, age, interpolated, n_steps, polynomials,
                                gradient[row], delay_gradient[row],
                            )  # fmt: skip
                        elif interpolated:
                            if plain_sums:
                                time_gradient = _time_gradient_shared(
                                    weights[row], p_i, p_v, age, table[RATE_MEM, 0], table[RATE_SYN, 0]
                                )
                            else:
                                time_gradient = _time_gradient(weights[row], once, twice, age)
                            time_gradient += overtaken(
                                weights[row], age, latest, count, spike_neurons, spike_fractions, late
                            )
                        else:
                            time_gradient = dot(weights[row], once)
                        if wants_below:
                            event_time_gradient[i - begin] = time_gradient
                    heads[copy] = i
            if step == 0:
                break
            # On the grid, neurons that spike in one step see each other's adjoints from before any of their jumps.
            for k in range(count):
                q = spike_neurons[latest[k]]
                before[k] = p_v[q]
                p_v[q] = jumped[k]
            if driven and not throughout:
                _add(p_v, drive[step - 1])
            if biased:
                _add(sums[0], p_v)
            if constants:
                add_step(sums, p_v, p_i, states[0, step - 1], states[1, step - 1])
            p_before = adjoint_currents[step - 1 - lo]
            _recede(p_i, p_before, p_v, alpha, beta, gain)
            if step % FLUSH == 0:
                flush(p_before)
                flush(p_v)
            if throughout:
                _add_scaled(p_before, ONE, table[DRIVE_CURRENT, :n], drive[step - 1])
                _add_scaled(p_v, ONE, table[DRIVE_VOLTAGE, :n], drive[step - 1])
            if interpolated:
                for k in range(count):
                    q, f = spike_neurons[latest[k]], spike_fractions[latest[k]]
                    a, jump, p = ONE - f, jumped[k], before[k]
                    x, y = table[RATE_MEM, q], table[RATE_SYN, q]
                    p_before[q] += p * voltage_left(x, y, a) * current_left(y, f) + jump * (
                        voltage_left(x, y, f) - gain[q]
                    )
                    p_v[q] = jump * current_left(x, f)
                    if biased:
                        missing = p * (ONE - current_left(x, a)) - jump * (current_left(x, f) - alpha[q])
                        sums[0, q] += missing / (ONE - alpha[q])
                    if constants:
                        v, current = states[0, step - 1, q], states[1, step - 1, q]
                        add_crossing(sums, q, p, jump, v, current, table[BIAS, q], x, y, f)
                if constants:
                    add_arrivals(sums, p_v, p_before, states[2, step - 1], states[3, step - 1])
        gather(
            adjoint_currents, lo, steps, units, fractions, begin, lag, channels, spacing, tails, not delayed_below,
            spike_steps, spike_neurons, spike_fractions, block_spikes, n_below, recurrent and not delayed_self,
            interpolated, gradient, starts, order, scales,
        )  # fmt: skip
        while block_spikes >= 0 and (lo == 0 or spike_steps[block_spikes] + 1 > lo):
            block_spikes -= 1
        hi = lo


@njit(fastmath=FAST, cache=True)
def add_arrivals(sums, p_v, p_i, first, second):  # type: ignore[no-untyped-def]
    """Add what a step's arrivals, by age and its square, mean to the adjoints at its beginning."""
    for j in range(p_v.shape[0]):
        sums[5, j] += p_v[j] * first[j]
        sums[6, j] += p_v[j] * second[j]
        sums[7, j] += p_i[j] * first[j]
        sums[8, j] += p_i[j] * second[j]


@njit(parallel=True, fastmath=FAST, cache=True, nogil=True)
def backward_layer(  # type: ignore[no-untyped-def]
    steps,
    units,
    fractions,
    begins,
    ends,
    lag,
    channels,
    copies,
    spacing,
    n_below,
    weights,
    delays,
    delayed_below,
    recurrent,
    delayed_self,
    ring_steps,
    shared,
    table,
    threshold,
    interpolated,
    n_steps,
    spike_steps,
    spike_neurons,
    spike_fractions,
    spike_slopes,
    spike_counts,
    least_slope,
    spike_time_gradient,
    push,
    drives,
    throughout,
    states,
    biased,
    event_time_gradient,
    traces,
    first_of_group,
    gradients,
    delay_gradients,
    sums,
    adjoint_currents,
    starts,
    order,
    scales,
):
    """Accumulate the gradients of a batch, in groups of examples.

    Groups are fixed by the batch, not by the threads: each has gradients of its own, summed later in a fixed order, so
    that the result is the same to the bit for any number of threads.

    Parameters
    ----------
    steps, units, fractions, begins, ends, lag, channels, copies, spacing, n_below, weights, delays, delayed_below,
    recurrent, delayed_self, ring_steps, shared, table, threshold, interpolated, n_steps
        As in `forward_layer`.
    spike_steps, spike_neurons, spike_fractions, spike_slopes, spike_counts, states
        What the forward pass wrote.
    least_slope : float32
        What a spike's slope counts as in its jump where it is smaller.
    spike_time_gradient : ndarray of float32, shape (examples, capacity)
        dL/dt of each spike, in 1 / step, as the layer above or the loss has it.
    push : ndarray of float32, shape (size,)
        The regulariser, added to p_V at every spike.
    drives : ndarray of float32, shape (examples, steps, size) or (examples, 0, size)
        dL/dV at the end of each step, where the loss sees voltages.
    biased : bool
        Whether gradients of biases are wanted.
    event_time_gradient : ndarray of float32, shape (examples, most events of an example) or (examples, 0)
        Written where not empty: dL/dt of each event from below, in 1 / step.
    traces : ndarray of float32, shape (examples, 2 or 0, steps, size)
        Written where not empty: p_V and p_I at the beginning of each step.
    first_of_group : ndarray of int64, shape (groups + 1,)
        Group ``g`` has the examples ``first_of_group[g]`` to ``first_of_group[g + 1] - 1``.
    gradients, delay_gradients : ndarray of float32, shape (groups, rows of weights, size); the second may have 0 rows
        Written: of weights, and of delays in 1 / step.
    sums : ndarray of float32, shape (groups, SUMS, size)
        Written: what the gradients of biases and time constants are made of, see `time_constants`.
    adjoint_currents : ndarray of float32, shape (threads, min(BLOCK, steps) + 1, size)
    starts, order : ndarray of int32, shapes (threads, rows of weights + 1), (threads, room)
    scales : ndarray of float32, shape (threads, room)
        Scratch: room for twice an example's events times copies, and its spikes.
    """
    for group in prange(first_of_group.shape[0] - 1):
        # Scratch belongs to a thread: it is still in its cache.
        thread = numba.get_thread_id()
        gradients[group] = NIL
        delay_gradients[group] = NIL
        sums[group] = NIL
        for b in range(first_of_group[group], first_of_group[group + 1]):
            _example(
                steps,
                units,
                fractions,
                begins[b],
                ends[b],
                lag,
                channels,
                copies,
                spacing,
                n_below,
                weights,
                delays,
                delayed_below,
                recurrent,
                delayed_self,
                ring_steps,
                shared,
                table,
                threshold,
                interpolated,
                n_steps,
                spike_steps[b],
                spike_neurons[b],
                spike_fractions[b],
                spike_slopes[b],
                spike_counts[b],
                least_slope,
                spike_time_gradient[b],
                push,
                drives[b],
                throughout,
                states[b],
                biased,
                event_time_gradient[b],
                traces[b],
                gradients[group],
                delay_gradients[group],
                sums[group],
                adjoint_currents[thread],
                starts[thread],
                order[thread],
                scales[thread],
            )

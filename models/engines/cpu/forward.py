"""The forward pass of one layer: its spikes, from those of the layer below, in Numba.

One step of dt (exact exponential integration), for every neuron:

    I <- I + w                     for every event that arrives at the step's beginning
    V <- alpha V + gain I + (1 - alpha) bias;  I <- beta I
    if V >= threshold: spike, V <- 0

With spikes on the grid, a spike belongs to the end of its step and arrives at the beginning of the next, and the
membrane sees the step's mean current Ibar: gain = (1 - alpha) (tau_syn / dt) (1 - beta). A spike leaves its neuron's
Ibar + bias - V (tau_mem dV/dt) behind.

With spikes between the grid's points, the membrane sees the current as it decays, and a crossing lies at the fraction f
of its step where the cubic through the step's two voltages and slopes meets the threshold. V starts from 0 there, and
at the beginning of the next step, of age a = 1 - f, the spike has left the current epsilon(a) w and the voltage
kappa(a) w in its targets (`table`). What is missing to the exact solution is what spikes of one step do to each other
within it.

Nothing is kept but spikes, so memory grows with spikes, not steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from models.engines.cpu.delays import scatter
from models.engines.cpu.memory import zeros
from models.engines.cpu.simd import add_rows, add_scaled_rows, lowest, reaching
from models.engines.cpu.table import (
    ALPHA,
    BETA,
    BIAS,
    EPSILON_2,
    GAIN,
    KAPPA_1,
    KAPPA_2,
    MEAN,
    PUSH,
    RATE_MEM,
    RATE_SYN,
)

# No "nnan"/"ninf": a diverged network must stay visible as NaN.
FAST = {"reassoc", "contract", "nsz", "arcp"}

TINY = np.float32(1e-30)
"""States below this are set to 0: denormal numbers cost up to a hundred times a normal one's arithmetic."""

FLUSH = 16
"""Steps between two such settings."""

LEAST_SLOPE = np.float32(1e-3)
"""Of a crossing between grid points, in thresholds: where V only just reaches it, rounding must not turn the sign."""

ONE, NIL = np.float32(1.0), np.float32(0.0)
HALF, THIRD = np.float32(1 / 2), np.float32(1 / 3)


# A function a vector loop, not inlined: LLVM then knows its arrays apart and keeps them in registers.
@njit(fastmath=FAST, cache=True)
def flush(values):  # type: ignore[no-untyped-def]
    """Set what is too small to matter to 0 (NaN stays)."""
    for j in range(values.shape[0]):
        values[j] = NIL if abs(values[j]) < TINY else values[j]


@njit(fastmath=FAST, cache=True)
def _advance(voltage, current, alpha, beta, gain, push):  # type: ignore[no-untyped-def]
    for j in range(current.shape[0]):
        voltage[j] = alpha[j] * voltage[j] + gain[j] * current[j] + push[j]
        current[j] = beta[j] * current[j]


@njit(fastmath=FAST, cache=True)
def _grow_old(voltage, current, first, second, kappa_1, kappa_2, rate, epsilon_2):  # type: ignore[no-untyped-def]
    """Let what has just arrived be as old as it is."""
    for j in range(current.shape[0]):
        current[j] += epsilon_2[j] * second[j] - rate[j] * first[j]
        voltage[j] += kappa_1[j] * first[j] - kappa_2[j] * second[j]


@njit(fastmath=FAST, cache=True)
def _add(total, row):  # type: ignore[no-untyped-def]
    for j in range(total.shape[0]):
        total[j] += row[j]


@njit(inline="always")
def current_left(y, a):  # type: ignore[no-untyped-def]
    """Return exp(-y a) for y = dt / tau and an age of ``a`` steps; to the third order, like `voltage_left`."""
    z = y * a
    return ONE - z * (ONE - z * HALF * (ONE - z * THIRD))


@njit(inline="always")
def voltage_left(x, y, a):  # type: ignore[no-untyped-def]
    """Return kappa for x = dt / tau_mem, y = dt / tau_syn and an age of ``a`` steps."""
    return x * a * (ONE - a * HALF * (x + y - a * THIRD * (x * x + x * y + y * y)))


@njit(inline="always", fastmath=FAST)
def _fraction(before, after, current, beta, bias, x, threshold):  # type: ignore[no-untyped-def]
    """Return the fraction of the step at which V, on its way from ``before`` to ``after``, reaches the threshold.

    A step of Newton's method on the cubic Hermite polynomial, from the chord's crossing.
    """
    slope_0 = x * (current + bias - before)
    if before >= threshold:
        # A spike of the last step lifted V there, unseen: back along the slope.
        return max((threshold - before) / slope_0, -ONE) if slope_0 > 0 else NIL
    rise = after - before
    slope_1 = x * (beta * current + bias - after)
    c = slope_0 - rise
    d = rise - slope_1
    # From the parabola through both voltages and the first slope.
    missing = threshold - before
    root = slope_0 * slope_0 - np.float32(4.0) * c * missing
    f = np.float32(2.0) * missing / (slope_0 + np.sqrt(max(root, NIL))) if root > 0 and slope_0 > 0 else missing / rise
    f = min(max(f, NIL), ONE)
    g = ONE - f
    bend = c * g + d * f
    slope = rise + (g - f) * bend + f * g * (d - c)
    value = f * rise + f * g * bend - missing
    return min(max(f - value / max(slope, np.float32(0.1) * rise), NIL), ONE)


@njit(fastmath=FAST, cache=True)
def _settle(fired, ages, slopes, taken, count, weights, n_below, table, threshold):  # type: ignore[no-untyped-def]
    """Let each spike of a step move those that follow it in the step.

    Parameters
    ----------
    fired : ndarray of int32
        Neurons that cross the threshold in the step; sorted, the earliest first, and those that no longer cross it left
        out.
    ages, slopes : ndarray of float32
        Their spikes' ages at the step's end, and tau_mem dV/dt; changed.
    taken : ndarray of float32
        Written: the voltage that each neuron would be given at the next step's beginning, though it has been reset
        since.
    count : int
        Neurons in ``fired``.
    weights, n_below, table, threshold
        As in `forward_layer`.

    Returns
    -------
    int
        Spikes that are left.
    """
    left = 0
    for k in range(count):
        place = k
        j, age, slope = fired[k], ages[k], slopes[k]
        while place > 0 and ages[place - 1] < age:
            fired[place], ages[place], slopes[place] = fired[place - 1], ages[place - 1], slopes[place - 1]
            place -= 1
        fired[place], ages[place], slopes[place] = j, age, slope
    for k in range(count):
        j, age, slope = fired[k], ages[k], slopes[k]
        if k == 0:
            # Nothing comes before the first one, which is where it was found.
            left = 1
            continue
        x, y, bias = table[RATE_MEM, j], table[RATE_SYN, j], table[BIAS, j]
        # `current_left` and `voltage_left` are polynomials of the lead: sums of weights times its powers serve both.
        sum_0, sum_1, sum_2, sum_3 = NIL, NIL, NIL, NIL
        for i in range(left):
            lead = max(ages[i] - age, NIL)
            term = weights[n_below + fired[i], j]
            sum_0 += term
            term *= lead
            sum_1 += term
            term *= lead
            sum_2 += term
            sum_3 += term * lead
        current = sum_0 - y * (sum_1 - y * HALF * (sum_2 - y * THIRD * sum_3))
        lift = x * (sum_1 - HALF * ((x + y) * sum_2 - THIRD * (x * x + x * y + y * y) * sum_3))
        # The voltage is off the threshold by ``lift`` where it was to cross it.
        steep = max(slope + current - lift, LEAST_SLOPE * threshold)
        moved = min(age + lift / (x * steep), ages[left - 1])
        if moved < 0:
            continue
        given = lift * current_left(x, age) + current * voltage_left(x, y, age)
        current = (slope + threshold - bias + current) * current_left(y, age - moved)
        fired[left], ages[left], taken[left] = j, moved, given
        slopes[left] = max(current + bias - threshold, LEAST_SLOPE * threshold)
        left += 1
    return left


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
    trace,
    states,
):
    """Run one example; return its spikes' number. Parameters as of `forward_layer`."""
    n = weights.shape[1]
    capacity = spike_steps.shape[0]
    alpha, beta, gain, push = table[ALPHA, :n], table[BETA, :n], table[GAIN, :n], table[PUSH, :n]
    words = (n + 63) // 64
    padded = zeros(64 * words)
    padded[n:] = -np.inf
    voltage, current = padded[:n], zeros(n)
    first, second = zeros(n), zeros(n)
    delayed = delayed_below or delayed_self
    ring = np.zeros((3 if interpolated else 1, ring_steps if delayed else 0, n), np.float32)
    rows = np.empty(weights.shape[0], np.int32)
    aged_rows = np.empty(weights.shape[0], np.int32)
    ages = np.empty(weights.shape[0], np.float32)
    left = np.empty(weights.shape[0], np.float32)
    fired = np.empty(n, np.int32)
    fired_ages = np.zeros(n, np.float32)
    slopes = np.empty(n, np.float32)
    taken = np.empty(n, np.float32)
    n_fired, n_spikes = 0, 0
    cursors = np.full(copies, begin)
    below_aged = fractions.shape[0] > 0
    for step in range(n_steps):
        count, aged = 0, 0
        for copy in range(copies):
            i = cursors[copy]
            due = step - copy * spacing - lag
            while i < end and steps[i] == due:
                row = copy * channels + units[i]
                if delayed_below:
                    age = ONE - fractions[i] if below_aged else NIL
                    scatter(ring, weights[row], delays[row], step, age, interpolated)
                elif below_aged:
                    aged_rows[aged] = row
                    ages[aged] = ONE - fractions[i]
                    aged += 1
                else:
                    rows[count] = row
                    count += 1
                i += 1
            cursors[copy] = i
        if recurrent:
            for i in range(n_fired):
                row = n_below + fired[i]
                if delayed_self:
                    scatter(ring, weights[row], delays[row], step, fired_ages[i], interpolated)
                elif interpolated:
                    aged_rows[aged] = row
                    ages[aged] = fired_ages[i]
                    aged += 1
                else:
                    rows[count] = row
                    count += 1
        add_rows(weights, rows, 0, count, current)
        if interpolated and shared and not delayed and states.shape[0] == 0:
            for i in range(aged):
                a = ages[i]
                ages[i] = current_left(table[RATE_SYN, 0], a)
                left[i] = voltage_left(table[RATE_MEM, 0], table[RATE_SYN, 0], a)
            add_scaled_rows(weights, aged_rows, ages, 0, aged, current)
            add_scaled_rows(weights, aged_rows, left, 0, aged, voltage)
        elif interpolated and (aged > 0 or delayed):
            first[:] = NIL
            second[:] = NIL
            add_rows(weights, aged_rows, 0, aged, current)
            add_scaled_rows(weights, aged_rows, ages, 0, aged, first)
            for i in range(aged):
                ages[i] *= ages[i]
            add_scaled_rows(weights, aged_rows, ages, 0, aged, second)
            if delayed:
                slot = step % ring_steps
                _add(current, ring[0, slot])
                _add(first, ring[1, slot])
                _add(second, ring[2, slot])
                ring[:, slot] = NIL
            _grow_old(
                voltage,
                current,
                first,
                second,
                table[KAPPA_1, :n],
                table[KAPPA_2, :n],
                table[RATE_SYN, :n],
                table[EPSILON_2, :n],
            )
        elif delayed:
            slot = step % ring_steps
            _add(current, ring[0, slot])
            ring[0, slot] = NIL
        if states.shape[0] > 0:
            states[0, step] = voltage
            states[1, step] = current
            if interpolated:
                states[2, step] = first
                states[3, step] = second
                first[:] = NIL
                second[:] = NIL
        _advance(voltage, current, alpha, beta, gain, push)
        if step % FLUSH == 0:
            flush(voltage)
            flush(current)
        n_fired = 0
        for word in range(words):
            bits = reaching(padded, 64 * word, threshold)
            while bits != 0:
                fired[n_fired] = 64 * word + lowest(bits)
                n_fired += 1
                bits &= bits - np.uint64(1)
        if interpolated and n_fired > 0:
            for i in range(n_fired):
                j = fired[i]
                x, y, bias = table[RATE_MEM, j], table[RATE_SYN, j], table[BIAS, j]
                v, now = voltage[j], current[j] / beta[j]
                f = _fraction((v - gain[j] * now - push[j]) / alpha[j], v, now, beta[j], bias, x, threshold)
                fired_ages[i] = ONE - f
                slopes[i] = max(now * current_left(y, f) + bias - threshold, LEAST_SLOPE * threshold)
                taken[i] = NIL
            if n_fired > 1 and recurrent and not delayed_self:
                n_fired = _settle(fired, fired_ages, slopes, taken, n_fired, weights, n_below, table, threshold)
        for i in range(n_fired):
            j = fired[i]
            if interpolated:
                x, y, bias, a = table[RATE_MEM, j], table[RATE_SYN, j], table[BIAS, j], fired_ages[i]
                slope = slopes[i]
                again = (slope + threshold - bias) * voltage_left(x, y, a) + bias * (ONE - current_left(x, a))
                voltage[j] = again - taken[i]
            else:
                # Ibar is found from I after its decay, which the update leaves in cache.
                slope = table[MEAN, j] * current[j] + table[BIAS, j] - voltage[j]
                voltage[j] = NIL
            if n_spikes < capacity:
                spike_steps[n_spikes] = step
                spike_neurons[n_spikes] = j
                spike_slopes[n_spikes] = slope
                if interpolated:
                    spike_fractions[n_spikes] = ONE - fired_ages[i]
            n_spikes += 1
        if trace.shape[0] > 0:
            trace[step] = voltage
    # A neuron that is NaN never spikes and would pass for a silent one.
    for j in range(n):
        if not np.isfinite(voltage[j]):
            return -1
    return n_spikes


@njit(parallel=True, fastmath=FAST, cache=True, nogil=True)
def forward_layer(  # type: ignore[no-untyped-def]
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
    traces,
    states,
):
    """Run every example of a batch through one layer.

    Parameters
    ----------
    steps, units : ndarray of int32, shape (events,)
        Events from below, by step within an example.
    fractions : ndarray of float32, shape (events,) or (0,)
        Of the step, at which each event happened; empty where all happen at a step's boundary.
    begins, ends : ndarray of int64, shape (examples,)
        Example ``b`` has the events ``begins[b]`` to ``ends[b] - 1``.
    lag : int
        Steps after its own at which an event arrives: 0 for the input, 1 for spikes.
    channels, copies, spacing : int
        Neurons below; copies of the delay line and the steps between them.
    n_below : int
        Rows of ``weights`` that belong to the connection from below: channels * copies. The recurrent ones follow.
    weights : ndarray of float32, shape (n_below, size) or (n_below + size, size)
    delays : ndarray of float32, shape of ``weights`` or (0, size)
        In steps.
    delayed_below, recurrent, delayed_self : bool
        Which connections there are, and which of them have delays.
    ring_steps : int
        More than the longest delay and one step.
    shared : bool
        Whether all neurons have the same time constants.
    table : ndarray of float32, shape (ROWS, at least size)
        See `table`.
    threshold : float32
        Infinite where neurons never spike.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.
    n_steps : int
        Of a trial.
    spike_steps, spike_neurons : ndarray of int32, shape (examples, capacity)
        Written: spikes in order.
    spike_fractions : ndarray of float32, shape (examples, capacity) or (examples, 0)
        Written where ``interpolated``: when in its step each spike happened.
    spike_slopes : ndarray of float32, shape (examples, capacity)
        Written: tau_mem dV/dt of each, before the reset.
    spike_counts : ndarray of int64, shape (examples,)
        Written: spikes an example, or -1 where a voltage is no number any more. Where above the capacity, the layer
        must be run again with more room.
    traces : ndarray of float32, shape (examples, steps, size) or (examples, 0, size)
        Written where not empty: voltages at the end of each step.
    states : ndarray of float32, shape (examples, 4 or 2 or 0, steps, size)
        Written where not empty: voltage and current at the beginning of each step, after what arrives then, and, where
        ``interpolated``, the sums of what arrives times its age and times the age's square.
    """
    for b in prange(begins.shape[0]):
        spike_counts[b] = _example(
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
            traces[b],
            states[b],
        )

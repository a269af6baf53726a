"""Peaks at arrivals: what they mean to the times of the spikes that arrive.

A voltage that rises until a spike arrives, and falls from then on, has its peak at the arrival. The peak moves with it,
along the rise before: dL/dt = dL/dV dV/dt, whatever the weight. To the stepped adjoint it is the voltage at a fixed
time, that of the step's end. Spikes with the weights w_i that arrive then bend the voltage by gain * sum(w) a step, of
which the rise is a share r between 0 and 1; each is worth -w_i gain r dL/dV. Where the rise goes on after them or ended
before, r is 1 or 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.engines.cpu.readout import arrival_at_output

KNOWN_ON_GRID = 0.5
"""What the adjoint on the grid takes for r, since its dp_I/dt is a central difference; between its points that is 0."""


@njit(cache=True)
def add_peak_times(  # type: ignore[no-untyped-def]
    events, weights, delays, longest, gain, interpolated, voltages, peaks, slopes, spike_time_gradient, delay_gradient
):
    """Add what peaks mean to the times of arrivals and is not in the stepped adjoint.

    Parameters
    ----------
    events : Events
        Hidden spikes.
    weights : ndarray of float32, shape (hidden, classes)
    delays : ndarray of float32, shape (hidden, classes) or (0, classes)
        In steps.
    longest : int
        More than the longest of them and one step.
    gain : ndarray of float32, shape (at least classes,)
        Of a current's step.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.
    voltages : ndarray of float32, shape (examples, steps, classes)
    peaks : ndarray of int64, shape (examples, classes)
        The step of each greatest voltage.
    slopes : ndarray of float64, shape (examples, classes)
        dL/dV of it.
    spike_time_gradient : ndarray of float32, shape (examples, capacity)
        Added to: dL/dt of each spike, in 1 / step.
    delay_gradient : ndarray of float32, shape of ``delays``
        Added to, in 1 / step.
    """
    steps, neurons, fractions, begins, ends, _ = events
    delayed = delays.shape[0] > 0
    known = 0.0 if interpolated else KNOWN_ON_GRID
    for b in range(peaks.shape[0]):
        own = steps[begins[b] : ends[b]]
        for k in range(peaks.shape[1]):
            peak = peaks[b, k]
            first = np.searchsorted(own, peak - longest if delayed else peak)
            end = np.searchsorted(own, peak, side="right")
            bend = 0.0
            for i in range(first, end):
                if _arrival(i + begins[b], k, steps, neurons, fractions, delays, interpolated) == peak + 1:
                    bend += weights[neurons[i + begins[b]], k] * gain[k]
            rise = voltages[b, peak, k] - (voltages[b, peak - 1, k] if peak > 0 else 0.0)
            share = min(rise / -bend, 1.0) if rise > 0 and bend < 0 else 0.0
            for i in range(first, end):
                if _arrival(i + begins[b], k, steps, neurons, fractions, delays, interpolated) == peak + 1:
                    q = neurons[i + begins[b]]
                    value = np.float32((known - share) * weights[q, k] * gain[k] * slopes[b, k])
                    spike_time_gradient[b, i] += value
                    if delayed:
                        delay_gradient[q, k] += value


@njit(inline="always")
def _arrival(i, k, steps, neurons, fractions, delays, interpolated):  # type: ignore[no-untyped-def]
    """Return the step at whose beginning spike ``i`` is taken up by output ``k``."""
    if delays.shape[0] == 0:
        return steps[i] + 1
    age = np.float32(1.0) - fractions[i] if interpolated else np.float32(0.0)
    return arrival_at_output(steps[i] + 1, age, delays[neurons[i], k], interpolated)[0]

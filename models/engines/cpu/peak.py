"""Gradients with respect to the times of spikes that arrive at a peak of an output's voltage.

A voltage that rises until a spike arrives, and falls from then on, has its peak at the arrival. The peak moves with the
arrival along the rise before it: dL/dt = dL/dV dV/dt, whatever the weight. The stepped adjoint instead takes the peak
as the voltage at a fixed time, the step's end. Spikes with weights w_i that arrive then change the voltage's slope by
gain * sum(w) per step. With r, between 0 and 1, the ratio of the rise before them to this change, each contributes
-w_i gain r dL/dV. Where the voltage goes on rising after them, r is 1; where it had already fallen, 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.engines.cpu.readout import arrival_at_output
from models.kernels import kernel

KNOWN_ON_GRID = 0.5
"""The r that the adjoint on the grid implies, since its dp_I/dt is a central difference; interpolated, it is 0."""


@kernel()
def add_peak_times(  # type: ignore[no-untyped-def]
    events, weights, delays, longest, gain, interpolated, voltages, peaks, slopes, spike_time_gradient, delay_gradient
):
    """Add the terms of arrivals at peaks that the stepped adjoint leaves out.

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
        See `table`.
    interpolated : bool
        Whether spike times are interpolated between the grid's points.
    voltages : ndarray of float32, shape (examples, steps, classes)
    peaks : ndarray of int64, shape (examples, classes)
        The step of each peak voltage.
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

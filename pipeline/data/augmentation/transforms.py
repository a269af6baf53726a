"""Augmentations of one example: channel shift, time dilation, channel jitter, event drop, blending with another.

Each function takes events, in order of time, and a random generator, and returns new events in order of time; the
given events are not modified. Events that leave channels 0 to ``channels - 1`` are dropped. After Cramer et al. 2020,
"The Heidelberg spiking data sets for the systematic evaluation of spiking neural networks" (IEEE TNNLS), and Nowotny,
Turner, Knight 2025, "Loss shaping enhances exact gradient learning with Eventprop in spiking neural networks"
(Neuromorphic Computing and Engineering), who compare them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel
from pipeline.events import CHANNELS, Events

Times = NDArray[np.float32]
Units = NDArray[np.uint16]


def shift_channels(events: Events, rng: np.random.Generator, largest: int, channels: int = CHANNELS) -> Events:
    """Shift all events by the same number of channels, as a higher or lower voice would.

    The shift is drawn uniformly from the integers ``-largest`` to ``largest``, both included.
    """
    shifts = np.full(len(events.times), rng.integers(-largest, largest, endpoint=True))
    return Events(*_shifted(*events, shifts, channels))


def dilate_time(events: Events, rng: np.random.Generator, largest: float) -> Events:
    """Stretch or compress time from the start of the recording, as slower or faster speech would.

    The factor is drawn uniformly from ``1 - largest`` to ``1 + largest``; ``largest`` is at least 0 and below 1.
    """
    factor = np.float32(rng.uniform(1 - largest, 1 + largest))
    return Events(events.times * factor, events.units.copy())


def jitter_channels(events: Events, rng: np.random.Generator, sigma: float, channels: int = CHANNELS) -> Events:
    """Shift every event by its own number of channels: Gaussian, of deviation ``sigma``, rounded to integers."""
    draws = rng.standard_normal(len(events.times), dtype=np.float32)
    shifts = np.floor(draws * np.float32(sigma) + np.float32(0.5)).astype(np.int64)
    return Events(*_shifted(*events, shifts, channels))


def drop_events(events: Events, rng: np.random.Generator, probability: float) -> Events:
    """Drop every event with the same probability, independently."""
    kept = rng.random(len(events.times), dtype=np.float32) >= np.float32(probability)
    return Events(events.times[kept], events.units[kept])


def blend(events: Events, rng: np.random.Generator, other: Events, channels: int = CHANNELS) -> Events:
    """Blend two examples of a class, after Nowotny, Turner and Knight (2025).

    Both examples are shifted in time and in channel, so that the centre of mass of each lies at the mean of the two
    centres. Each event is then kept with probability 0.5, and the kept events are merged. The shift in channels,
    half the distance of the centres, is rounded to the nearest integer. Events before time 0 are dropped. An empty
    example has no centre of mass; a copy of the other is then returned.
    """
    if not len(events.times) or not len(other.times):
        whole = events if len(events.times) else other
        return Events(whole.times.copy(), whole.units.copy())
    draws = rng.random(len(events.times) + len(other.times), dtype=np.float32)
    return Events(*_blended(*events, *other, draws, channels))


@kernel(nogil=True)
def _shifted(times: Times, units: Units, shifts: NDArray[np.int64], channels: int) -> tuple[Times, Units]:
    """Return the events shifted by ``shifts`` channels, one an event, without those that leave the channels."""
    new_times, new_units = np.empty_like(times), np.empty_like(units)
    n = np.int64(0)
    for i in range(len(times)):
        unit = np.int64(units[i]) + shifts[i]
        # Every event is written, and counted only if it is in range: there is no branch to mispredict.
        new_times[n] = times[i]
        new_units[n] = unit & 0xFFFF
        n += (unit >= 0) & (unit < channels)
    return new_times[:n], new_units[:n]


@kernel(nogil=True)
def _centre(times: Times, units: Units) -> tuple[float, float]:
    time, unit = 0.0, np.int64(0)
    for i in range(len(times)):
        time += times[i]
        unit += units[i]
    return time / len(times), unit / len(times)


@kernel(nogil=True)
def _thinned(
    times: Times, units: Units, draws: NDArray[np.float32], delay: np.float32, shift: int, channels: int
) -> tuple[Times, Units]:
    """Return the kept events of one example, shifted, and an event at infinity as the end for the merge."""
    new_times = np.empty(len(times) + 1, dtype=np.float32)
    new_units = np.empty(len(times) + 1, dtype=np.uint16)
    n = np.int64(0)
    for i in range(len(times)):
        time = times[i] + delay
        unit = np.int64(units[i]) + shift
        new_times[n] = time
        new_units[n] = unit & 0xFFFF
        n += (draws[i] < np.float32(0.5)) & (time >= 0) & (unit >= 0) & (unit < channels)
    new_times[n] = np.float32(np.inf)
    return new_times[: n + 1], new_units[: n + 1]


@kernel(nogil=True)
def _blended(
    times_a: Times, units_a: Units, times_b: Times, units_b: Units, draws: NDArray[np.float32], channels: int
) -> tuple[Times, Units]:
    time_a, unit_a = _centre(times_a, units_a)
    time_b, unit_b = _centre(times_b, units_b)
    delay = np.float32((time_b - time_a) / 2)
    shift = np.int64(np.rint((unit_b - unit_a) / 2))
    n_a = len(times_a)
    times_a, units_a = _thinned(times_a, units_a, draws[:n_a], delay, shift, channels)
    times_b, units_b = _thinned(times_b, units_b, draws[n_a:], -delay, -shift, channels)
    n = len(times_a) + len(times_b) - 2
    times, units = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.uint16)
    a = b = 0
    for i in range(n):
        # Both sequences end at infinity, so that no index passes the end.
        first = times_a[a] <= times_b[b]
        times[i] = times_a[a] if first else times_b[b]
        units[i] = units_a[a] if first else units_b[b]
        a += first
        b += not first
    return times, units

"""Blending of two examples of a class into a new one."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.events import CHANNELS, Events


def blend(events: Events, rng: np.random.Generator, other: Events, channels: int = CHANNELS) -> Events:
    """Blend two examples of a class, after Nowotny, Turner and Knight (2025).

    Both examples are shifted in time and in channel, so that the centre of mass of each lies at the mean of the two
    centres. Each event is then kept with probability 0.5, and the kept events are merged. The shift in channels,
    half the distance of the centres, is rounded to the nearest integer.
    ("Loss shaping enhances exact gradient learning with Eventprop in spiking neural networks",
    Neuromorphic Computing and Engineering 2025.)

    Parameters
    ----------
    events, other : Events
        Two examples of one class, each in order of time.
    rng : numpy.random.Generator
        Draws the events that are kept.
    channels : int
        Events outside channels 0 to ``channels - 1``, or before time 0, are dropped.

    Returns
    -------
    Events
        New events in order of time. An empty example has no centre of mass; a copy of the other is then returned.
    """
    if not len(events.times) or not len(other.times):
        whole = events if len(events.times) else other
        return Events(whole.times.copy(), whole.units.copy())
    draws = rng.random(len(events.times) + len(other.times), dtype=np.float32)
    return Events(*_blended(events.times, events.units, other.times, other.units, draws, channels))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _centre(times: NDArray[np.float32], units: NDArray[np.uint16]) -> tuple[float, float]:
    time, unit = 0.0, np.int64(0)
    for i in range(len(times)):
        time += times[i]
        unit += units[i]
    return time / len(times), unit / len(times)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _thinned(
    times: NDArray[np.float32],
    units: NDArray[np.uint16],
    draws: NDArray[np.float32],
    delay: np.float32,
    shift: int,
    channels: int,
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
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


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _blended(
    times_a: NDArray[np.float32],
    units_a: NDArray[np.uint16],
    times_b: NDArray[np.float32],
    units_b: NDArray[np.uint16],
    draws: NDArray[np.float32],
    channels: int,
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
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

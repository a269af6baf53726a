"""The blend of two examples of a class into a new one."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.events import CHANNELS, Events


def blend(events: Events, rng: np.random.Generator, other: Events, channels: int = CHANNELS) -> Events:
    """Blend two examples of a class, after Nowotny, Turner, Knight 2025.

    Both examples are moved, in time and in channel, so that the centre of mass of each comes to the mean
    of the two centres; each event of either is then kept with probability 0.5, and what is kept is
    merged. Channels move by whole numbers (half the distance of the centres, rounded to the nearest).
    ("Loss shaping enhances exact gradient learning with Eventprop in spiking neural networks",
    Neuromorphic Computing and Engineering 2025.)

    Parameters
    ----------
    events, other : Events
        Two examples of one class, each in order of time.
    rng : numpy.random.Generator
        Draws which events are kept.
    channels : int
        Events that leave ``0 .. channels - 1``, or that would come before time 0, are dropped.

    Returns
    -------
    Events
        New events, in order of time. An empty example has no centre: the other is then returned as it is.
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
    later: np.float32,
    higher: int,
    channels: int,
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Return the events that are kept of one example, moved."""
    # One place more than events: the merge looks one past the last.
    new_times = np.empty(len(times) + 1, dtype=np.float32)
    new_units = np.empty(len(times) + 1, dtype=np.uint16)
    n = np.int64(0)
    for i in range(len(times)):
        time = times[i] + later
        unit = np.int64(units[i]) + higher
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
    later = np.float32((time_b - time_a) / 2)
    higher = np.int64(np.rint((unit_b - unit_a) / 2))
    n_a = len(times_a)
    times_a, units_a = _thinned(times_a, units_a, draws[:n_a], later, higher, channels)
    times_b, units_b = _thinned(times_b, units_b, draws[n_a:], -later, -higher, channels)
    n = len(times_a) + len(times_b) - 2
    times, units = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.uint16)
    a = b = 0
    for i in range(n):
        # Both streams end in infinity, so that neither runs out before the other does.
        first = times_a[a] <= times_b[b]
        times[i] = times_a[a] if first else times_b[b]
        units[i] = units_a[a] if first else units_b[b]
        a += first
        b += not first
    return times, units

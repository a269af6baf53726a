"""Augmentations of one example: channel shift, time dilation, channel jitter, event drop.

Each function takes events and a random generator and returns new events in order of time; the given events are
not modified. After Cramer et al. 2020, "The Heidelberg spiking data sets for the
systematic evaluation of spiking neural networks" (IEEE TNNLS), and Nowotny, Turner, Knight 2025, "Loss
shaping enhances exact gradient learning with Eventprop in spiking neural networks" (Neuromorphic
Computing and Engineering), who compare them.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.events import CHANNELS, Events


def shift_channels(events: Events, rng: np.random.Generator, largest: int, channels: int = CHANNELS) -> Events:
    """Shift all events by the same number of channels, as a higher or lower voice would.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws the shift, uniformly from the integers ``-largest`` to ``largest``, both included.
    largest : int
        The largest shift, in channels.
    channels : int
        Events outside channels 0 to ``channels - 1`` are dropped.
    """
    shifts = np.full(len(events.times), rng.integers(-largest, largest, endpoint=True))
    return Events(*_shifted(events.times, events.units, shifts, channels))


def dilate_time(events: Events, rng: np.random.Generator, largest: float) -> Events:
    """Stretch or compress time from the start of the recording, as slower or faster speech would.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws the factor, uniformly from ``1 - largest`` to ``1 + largest``.
    largest : float
        The largest relative change, at least 0 and below 1.
    """
    factor = np.float32(rng.uniform(1 - largest, 1 + largest))
    return Events(events.times * factor, events.units.copy())


def jitter_channels(events: Events, rng: np.random.Generator, sigma: float, channels: int = CHANNELS) -> Events:
    """Shift every event by its own number of channels.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws the shifts: Gaussian with mean 0, rounded to integers.
    sigma : float
        Standard deviation of the Gaussian, in channels.
    channels : int
        Events outside channels 0 to ``channels - 1`` are dropped.
    """
    draws = rng.standard_normal(len(events.times), dtype=np.float32)
    shifts = np.floor(draws * np.float32(sigma) + np.float32(0.5)).astype(np.int64)
    return Events(*_shifted(events.times, events.units, shifts, channels))


def drop_events(events: Events, rng: np.random.Generator, probability: float) -> Events:
    """Drop every event with the same probability, independently.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws the dropped events.
    probability : float
        Probability that an event is dropped, 0 to 1.
    """
    kept = rng.random(len(events.times), dtype=np.float32) >= np.float32(probability)
    return Events(events.times[kept], events.units[kept])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _shifted(
    times: NDArray[np.float32], units: NDArray[np.uint16], shifts: NDArray[np.int64], channels: int
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Return the events shifted by ``shifts`` channels, one a event, without those that leave the channels."""
    new_times, new_units = np.empty_like(times), np.empty_like(units)
    n = np.int64(0)
    for i in range(len(times)):
        unit = np.int64(units[i]) + shifts[i]
        # Every event is written, and counted only if it is in range: there is no branch to mispredict.
        new_times[n] = times[i]
        new_units[n] = unit & 0xFFFF
        n += (unit >= 0) & (unit < channels)
    return new_times[:n], new_units[:n]

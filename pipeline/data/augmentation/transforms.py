"""Augmentations of one example: channel shift, time dilation, channel jitter, event drop.

Each takes events and a generator and returns new events, in order of time; the events that it is given
are only read. Ranges and uses after Cramer et al. 2020, "The Heidelberg spiking data sets for the
systematic evaluation of spiking neural networks" (IEEE TNNLS), and Nowotny, Turner, Knight 2025, "Loss
shaping enhances exact gradient learning with Eventprop in spiking neural networks" (Neuromorphic
Computing and Engineering), who compared them.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.events import CHANNELS, Events


def shift_channels(events: Events, rng: np.random.Generator, largest: int, channels: int = CHANNELS) -> Events:
    """Move all events by one and the same number of channels, as a higher or lower voice would.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws the shift, uniformly from the integers ``-largest`` to ``largest``, both included.
    largest : int
        The largest shift, in channels.
    channels : int
        Events that leave ``0 .. channels - 1`` are dropped.
    """
    shift = int(rng.integers(-largest, largest, endpoint=True))
    return Events(*_shifted(events.times, events.units, shift, channels))


def dilate_time(events: Events, rng: np.random.Generator, largest: float) -> Events:
    """Stretch or squeeze time from the start of the recording, as slower or faster speech would.

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
    """Move every event by a number of channels of its own.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws the moves: Gaussian of mean 0, rounded to whole channels.
    sigma : float
        Standard deviation of the Gaussian, in channels.
    channels : int
        Events that leave ``0 .. channels - 1`` are dropped.
    """
    moves = rng.standard_normal(len(events.times), dtype=np.float32)
    return Events(*_jittered(events.times, events.units, moves, np.float32(sigma), channels))


def drop_events(events: Events, rng: np.random.Generator, probability: float) -> Events:
    """Drop every event with the same probability, independently.

    Parameters
    ----------
    events : Events
        One example.
    rng : numpy.random.Generator
        Draws which.
    probability : float
        Probability that an event is dropped, 0 to 1.
    """
    draws = rng.random(len(events.times), dtype=np.float32)
    return Events(*_kept(events.times, events.units, draws, np.float32(probability)))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _shifted(
    times: NDArray[np.float32], units: NDArray[np.uint16], shift: int, channels: int
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    new_times, new_units = np.empty_like(times), np.empty_like(units)
    n = np.int64(0)
    for i in range(len(times)):
        unit = np.int64(units[i]) + shift
        # Written in any case and counted only if within: no branch to mispredict.
        new_times[n] = times[i]
        new_units[n] = unit & 0xFFFF
        n += (unit >= 0) & (unit < channels)
    return new_times[:n], new_units[:n]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _jittered(
    times: NDArray[np.float32],
    units: NDArray[np.uint16],
    moves: NDArray[np.float32],
    sigma: np.float32,
    channels: int,
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    new_times, new_units = np.empty_like(times), np.empty_like(units)
    n = np.int64(0)
    for i in range(len(times)):
        unit = np.int64(units[i]) + np.int64(np.floor(moves[i] * sigma + np.float32(0.5)))
        new_times[n] = times[i]
        new_units[n] = unit & 0xFFFF
        n += (unit >= 0) & (unit < channels)
    return new_times[:n], new_units[:n]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _kept(
    times: NDArray[np.float32],
    units: NDArray[np.uint16],
    draws: NDArray[np.float32],
    probability: np.float32,
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    new_times, new_units = np.empty_like(times), np.empty_like(units)
    n = np.int64(0)
    for i in range(len(times)):
        new_times[n] = times[i]
        new_units[n] = units[i]
        n += draws[i] >= probability
    return new_times[:n], new_units[:n]

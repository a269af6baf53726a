"""Cleaning of events: bad ones are dropped and counted, and examples are sorted by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from pipeline.data.container import Drops

EXAMPLES_AT_ONCE = 1024
"""Examples cleaned at once; limits the temporary arrays for a set of 75,000 examples to those for a thousand."""


@dataclass(frozen=True)
class Block:
    """The cleaned events of some examples, one example after the other.

    Attributes
    ----------
    times : ndarray of float32, shape (events,)
        Times in ms: finite, not negative, ascending within an example.
    units : ndarray of uint16, shape (events,)
        Channels, all in range.
    counts : ndarray of int64, shape (examples,)
        Number of events of each example.
    drops : Drops
        What was dropped.
    """

    times: NDArray[np.float32]
    units: NDArray[np.uint16]
    counts: NDArray[np.int64]
    drops: Drops


def clean_rows(
    times: Sequence[ArrayLike],
    units: Sequence[ArrayLike],
    *,
    first: int,
    channels: int,
    source: str,
    scale: float = 1.0,
) -> Block:
    """Check and clean some examples.

    Parameters
    ----------
    times, units : sequence of array_like, one per example
        Times, and channels as integers.
    first : int
        Index of the first of these examples, for error messages.
    channels : int
        Units run from 0 to ``channels - 1``.
    source : str
        Name of the data in error messages.
    scale : float
        Length of the times' unit in ms.

    Raises
    ------
    InputError
        If an example has not as many times as units, or if units are no integers.
    """
    # SHD's times are float16 seconds. As float16 milliseconds they would overflow at 66 s, so convert first.
    when = [np.asarray(row, dtype=np.float32) for row in times]
    where = [np.asarray(row) if np.size(row) else np.empty(0, dtype=np.uint16) for row in units]
    for index, (row_times, row_units) in enumerate(zip(when, where, strict=True), first):
        if len(row_times) != len(row_units):
            raise InputError(
                f"{source}: example {index} has {len(row_times)} times and {len(row_units)} units, "
                "wanted is one unit a time."
            )
        if row_units.dtype.kind not in "iu":
            raise InputError(
                f"{source}: the units of example {index} are of type {row_units.dtype}, integers are wanted."
            )
    counts = np.array([len(row) for row in when], dtype=np.int64)
    return _clean(np.concatenate(when) * scale, np.concatenate(where), counts, channels)


def _clean(times: NDArray[np.float32], units: NDArray[Any], counts: NDArray[np.int64], channels: int) -> Block:
    """Drop events that cannot be used, and sort examples that are not in order of time.

    An event that is bad for several reasons is counted once, for the first of these: not finite, negative, out
    of range. Sorting is stable, so that simultaneous events keep their order.

    Parameters
    ----------
    times : ndarray of float32, shape (events,)
        Times in ms of some examples, one example after the other.
    units : ndarray of any integer type, shape (events,)
        Channels.
    counts : ndarray of int64, shape (examples,)
        Number of events of each example; the sum is ``events``.
    channels : int
        Units run from 0 to ``channels - 1``.
    """
    drops = Drops()
    if not _all_good(times, units, channels):
        finite = np.isfinite(times)
        negative = finite & (times < 0)
        outside = finite & ~negative & ((units < 0) | (units >= channels))
        keep = finite & ~negative & ~outside
        drops = Drops(*(int(np.count_nonzero(bad)) for bad in (~finite, negative, outside)))
        example = np.repeat(np.arange(len(counts)), counts)
        counts = np.bincount(example[keep], minlength=len(counts)).astype(np.int64)
        times, units = times[keep], units[keep]
    units = units.astype(np.uint16)
    unsorted = _unsorted(times, counts)
    if len(unsorted):
        times = times.copy()
        stops = np.cumsum(counts)
        for row in unsorted:
            part = slice(stops[row] - counts[row], stops[row])
            order = np.argsort(times[part], kind="stable")
            times[part], units[part] = times[part][order], units[part][order]
    return Block(times, units, counts, drops + Drops(examples_sorted=len(unsorted)))


def _all_good(times: NDArray[np.float32], units: NDArray[Any], channels: int) -> bool:
    """Return whether no event has to be dropped: the usual case, and much faster than finding out which."""
    if not len(times):
        return True
    # If any time is NaN the minimum is NaN, and NaN >= 0 is false.
    return bool(times.min() >= 0 and times.max() < np.inf and units.min() >= 0 and units.max() < channels)


def _unsorted(times: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the examples that are not in order of time."""
    if len(times) < 2:
        return np.empty(0, dtype=np.int64)
    back = np.flatnonzero(times[1:] < times[:-1]) + 1
    example = np.searchsorted(np.cumsum(counts), back, side="right")
    # A decrease from the last event of one example to the first of the next one is no disorder.
    starts = np.cumsum(counts) - counts
    return np.unique(example[back != starts[example]]).astype(np.int64)

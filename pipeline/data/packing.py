"""Packing of single examples into the container: bad events are dropped, events sorted, bad labels refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from pipeline.data.container import Drops, SpikeData
from pipeline.events import CHANNELS

_ROWS_AT_ONCE = 1024
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


def clean(
    times: NDArray[np.float32], units: NDArray[Any], counts: NDArray[np.int64], channels: int = CHANNELS
) -> Block:
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


def check_labels(labels: ArrayLike, classes: Sequence[str], source: str) -> NDArray[np.int64]:
    """Return the labels as int64.

    Raises
    ------
    InputError
        If a label is no integer or not the index of a class; the message names the first such example.
    """
    given = np.asarray(labels)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise InputError(
            f"{source}: labels are of type {given.dtype} and shape {given.shape}, one integer an example is wanted."
        )
    bad = np.flatnonzero((given < 0) | (given >= len(classes)))
    if len(bad):
        raise InputError(
            f"{source}: the label of example {bad[0]} is {given[bad[0]]}, wanted is 0 to {len(classes) - 1} "
            f"({len(classes)} classes)."
        )
    return given.astype(np.int64)


def assemble(
    blocks: list[Block],
    labels: ArrayLike,
    speakers: ArrayLike,
    classes: Sequence[str],
    speaker_names: Sequence[str],
    *,
    channels: int = CHANNELS,
    source: str,
) -> SpikeData:
    """Assemble cleaned blocks to the container; see ``pack`` for the other arguments and the errors.

    ``blocks`` is emptied meanwhile, so that memory holds the events of a large set once and not twice.
    """
    counts = np.concatenate([block.counts for block in blocks] or [np.empty(0, dtype=np.int64)])
    checked = check_labels(labels, classes, source)
    who = np.asarray(speakers).astype(np.int64)
    if len(checked) != len(counts) or len(who) != len(counts):
        raise InputError(
            f"{source}: {len(counts)} examples, {len(checked)} labels and {len(who)} speakers were found, "
            "wanted is one label and one speaker for every example."
        )
    bad = np.flatnonzero((who < 0) | (who >= len(speaker_names)))
    if len(bad):
        raise InputError(
            f"{source}: the speaker of example {bad[0]} is {who[bad[0]]}, wanted is 0 to "
            f"{len(speaker_names) - 1} ({len(speaker_names)} speakers)."
        )
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    times = np.empty(offsets[-1], dtype=np.float32)
    units = np.empty(offsets[-1], dtype=np.uint16)
    drops, stop = Drops(), len(times)
    while blocks:
        block = blocks.pop()
        part = slice(stop - len(block.times), stop)
        times[part], units[part] = block.times, block.units
        drops, stop = drops + block.drops, part.start
    return SpikeData(
        times=times,
        units=units,
        offsets=offsets,
        labels=checked,
        speakers=who,
        classes=tuple(classes),
        speaker_names=tuple(speaker_names),
        channels=channels,
        drops=drops,
    )


def pack(
    examples: Iterable[tuple[ArrayLike, ArrayLike]],
    labels: ArrayLike,
    speakers: ArrayLike,
    classes: Sequence[str],
    speaker_names: Sequence[str],
    *,
    channels: int = CHANNELS,
    source: str,
) -> SpikeData:
    """Pack single examples into the container.

    Events are dropped and counted if their time is not finite or negative or their unit is out of range.
    Examples that are not in order of time are sorted and counted.

    Parameters
    ----------
    examples : iterable of (times, units)
        Times in ms and channels of the events of each example, for example an ``Events``.
    labels : array of int, shape (examples,)
        Index into ``classes``.
    speakers : array of int, shape (examples,)
        Index into ``speaker_names``.
    classes, speaker_names : sequence of str
        Names.
    channels : int
        Units run from 0 to ``channels - 1``.
    source : str
        Name of the data in error messages: a file, a folder or a data set.

    Raises
    ------
    InputError
        If a label or a speaker is out of range, if an example has not as many times as units, if units are no
        integers, or if the numbers of examples, labels and speakers differ.
    """
    blocks = []
    rows = enumerate(examples)
    while chunk := [_example(row, times, units, source) for row, (times, units) in islice(rows, _ROWS_AT_ONCE)]:
        blocks.append(
            clean(
                np.concatenate([times for times, _ in chunk]),
                np.concatenate([units for _, units in chunk]),
                np.array([len(times) for times, _ in chunk], dtype=np.int64),
                channels,
            )
        )
    return assemble(blocks, labels, speakers, classes, speaker_names, channels=channels, source=source)


def _example(row: int, times: ArrayLike, units: ArrayLike, source: str) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Check types and lengths of one example."""
    when, where = np.asarray(times, dtype=np.float32), np.asarray(units)
    if len(when) != len(where):
        raise InputError(
            f"{source}: example {row} has {len(when)} times and {len(where)} units, wanted is one unit a time."
        )
    if not len(where):
        return when, np.empty(0, dtype=np.uint16)
    if where.dtype.kind not in "iu":
        raise InputError(f"{source}: the units of example {row} are of type {where.dtype}, integers are wanted.")
    return when, where

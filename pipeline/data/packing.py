"""Packing of single examples into the container: events are cleaned, labels and speakers that do not fit are refused.

Events are dropped and counted if their time is not finite or negative or their unit is out of range. Examples that are
not in order of time are sorted and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from pipeline.data.container import Drops, SpikeData, offsets_of
from pipeline.events import CHANNELS

EXAMPLES_AT_ONCE = 1024
"""Examples cleaned at once; limits the temporary arrays for a set of 75,000 examples to those for a thousand."""


@dataclass(frozen=True)
class Block:
    """The cleaned events of some examples, one example after the other; see `SpikeData` for times and units.

    ``counts``, of int64 and shape (examples,), is the number of events of each example.
    """

    times: NDArray[np.float32]
    units: NDArray[np.uint16]
    counts: NDArray[np.int64]
    drops: Drops


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

    Parameters
    ----------
    examples : iterable of (times, units)
        Times in ms and channels of the events of each example, for example an ``Events``.
    labels, speakers : array of int, shape (examples,)
        Indices into ``classes`` and ``speaker_names``.
    channels : int
        Units run from 0 to ``channels - 1``.
    source : str
        Name of the data in error messages: a file, a folder or a data set.

    Raises
    ------
    InputError
        If a label or a speaker is out of range, if a name is there twice, if an example has not as many times as units,
        if units are no integers, or if the numbers of examples, labels and speakers differ.
    """
    blocks = []
    rows, first = iter(examples), 0
    while chunk := list(islice(rows, EXAMPLES_AT_ONCE)):
        times, units = zip(*chunk, strict=True)
        blocks.append(clean_rows(times, units, first=first, channels=channels, source=source))
        first += len(chunk)
    return assemble(blocks, labels, speakers, classes, speaker_names, channels=channels, source=source)


def assemble(
    blocks: list[Block],
    labels: ArrayLike,
    speakers: ArrayLike,
    classes: Sequence[str],
    speaker_names: Sequence[str],
    *,
    channels: int = CHANNELS,
    source: str,
    keys: NDArray[np.uint64] | None = None,
) -> SpikeData:
    """Assemble cleaned blocks to the container; see `pack` for the other arguments and the errors.

    ``blocks`` is emptied meanwhile, so that memory holds the events of a large set once and not twice.
    """
    counts = np.concatenate([block.counts for block in blocks] or [np.empty(0, dtype=np.int64)])
    checked = _indices(labels, classes, "label", source)
    who = _indices(speakers, speaker_names, "speaker", source)
    if len(checked) != len(counts) or len(who) != len(counts):
        raise InputError(
            f"{source}: {len(counts)} examples, {len(checked)} labels and {len(who)} speakers were found, "
            "wanted is one label and one speaker for every example."
        )
    offsets = offsets_of(counts)
    times = np.empty(offsets[-1], dtype=np.float32)
    units = np.empty(offsets[-1], dtype=np.uint16)
    drops, stop = Drops(), len(times)
    while blocks:
        block = blocks.pop()
        part = slice(stop - len(block.times), stop)
        times[part], units[part] = block.times, block.units
        drops, stop = drops + block.drops, part.start
    return SpikeData(times, units, offsets, checked, who, tuple(classes), tuple(speaker_names), channels, drops, keys)


def _indices(values: ArrayLike, names: Sequence[str], what: str, source: str) -> NDArray[np.int64]:
    """Return labels or speakers (``what``) as int64, or refuse them if they are no indices into ``names``.

    Names that are there twice are refused, too: what holds a speaker out, and what counts by class, goes by name.
    """
    kind = "class" if what == "label" else "speaker"
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{source} names the {kind} {twice!r} twice, each name once is wanted.")
    given = np.asarray(values)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise InputError(
            f"{source}: {what}s are of type {given.dtype} and shape {given.shape}, one integer an example is wanted."
        )
    bad = np.flatnonzero((given < 0) | (given >= len(names)))
    if len(bad):
        raise InputError(
            f"{source}: the {what} of example {bad[0]} is {given[bad[0]]}, wanted is 0 to {len(names) - 1} "
            f"({len(names)} {'classes' if what == 'label' else 'speakers'})."
        )
    return given.astype(np.int64)


def clean_rows(
    times: Sequence[ArrayLike],
    units: Sequence[ArrayLike],
    *,
    first: int,
    channels: int,
    source: str,
    scale: float = 1.0,
) -> Block:
    """Check and clean some examples, of which the one of index ``first`` in the data is the first; see `pack`.

    ``times`` and ``units`` have one row an example; a unit of the times is ``scale`` ms long.
    """
    # SHD's times are float16 seconds. As float16 milliseconds they would overflow at 66 s, so convert first.
    with np.errstate(over="ignore", invalid="ignore"):  # a time beyond float32 becomes infinite, is dropped and counted
        when = [np.asarray(row, dtype=np.float32) for row in times]
        together = np.concatenate(when) * scale
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
    return _clean(together, np.concatenate(where), counts, channels)


def _clean(times: NDArray[np.float32], units: NDArray[Any], counts: NDArray[np.int64], channels: int) -> Block:
    """Drop events that cannot be used, and sort examples that are not in order of time.

    An event that is bad for several reasons is counted once, for the first of these: not finite, negative, out
    of range. Sorting is stable, so that simultaneous events keep their order.
    """
    drops = Drops()
    # Usually all are good, and this is found out much faster than which are not. NaN >= 0 is false, too.
    in_range = not len(times) or (
        times.min() >= 0 and times.max() < np.inf and units.min() >= 0 and units.max() < channels
    )
    if not in_range:
        finite = np.isfinite(times)
        negative = finite & (times < 0)
        outside = finite & ~negative & ((units < 0) | (units >= channels))
        keep = finite & ~negative & ~outside
        drops = Drops(*(int(np.count_nonzero(bad)) for bad in (~finite, negative, outside)))
        example = np.repeat(np.arange(len(counts)), counts)
        counts = np.bincount(example[keep], minlength=len(counts)).astype(np.int64)
        times, units = times[keep], units[keep]
    units = units.astype(np.uint16)
    stops = np.cumsum(counts)
    unsorted = _unsorted(times, stops)
    if len(unsorted):
        times = times.copy()
        for row in unsorted:
            part = slice(stops[row] - counts[row], stops[row])
            order = np.argsort(times[part], kind="stable")
            times[part], units[part] = times[part][order], units[part][order]
    return Block(times, units, counts, drops + Drops(examples_sorted=len(unsorted)))


def _unsorted(times: NDArray[np.float32], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the examples that are not in order of time; ``stops`` is where each one's events end."""
    back = np.flatnonzero(times[1:] < times[:-1]) + 1
    # A decrease from the last event of one example to the first of the next one is no disorder.
    within = back[~np.isin(back, stops)]
    return np.unique(np.searchsorted(stops, within, side="right"))

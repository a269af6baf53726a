"""Packing of single examples into the container; labels and speakers that do not fit are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from pipeline.data.cleaning import EXAMPLES_AT_ONCE, Block, clean_rows
from pipeline.data.container import Drops, SpikeData
from pipeline.events import CHANNELS


def _indices(values: ArrayLike, names: Sequence[str], what: str, source: str) -> NDArray[np.int64]:
    """Return labels or speakers (``what``) as int64, or refuse them if they are no indices into ``names``."""
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
    checked = _indices(labels, classes, "label", source)
    who = _indices(speakers, speaker_names, "speaker", source)
    if len(checked) != len(counts) or len(who) != len(counts):
        raise InputError(
            f"{source}: {len(counts)} examples, {len(checked)} labels and {len(who)} speakers were found, "
            "wanted is one label and one speaker for every example."
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
    return SpikeData(times, units, offsets, checked, who, tuple(classes), tuple(speaker_names), channels, drops)


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
    rows, first = iter(examples), 0
    while chunk := list(islice(rows, EXAMPLES_AT_ONCE)):
        times, units = zip(*chunk, strict=True)
        blocks.append(clean_rows(times, units, first=first, channels=channels, source=source))
        first += len(chunk)
    return assemble(blocks, labels, speakers, classes, speaker_names, channels=channels, source=source)

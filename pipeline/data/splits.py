"""Splits of a set of examples in two, by speaker or at random.

All functions return ascending indices into the data; ``SpikeData.select`` copies the examples. A recording
that is there twice, for example under the names of two speakers, is not learned from where one of the two is held out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, suggestion
from pipeline.data.container import SpikeData, known_in

_STREAM = 0x73706C
"""Makes these draws independent of others with the same seed."""

_log = logging.getLogger(__name__)

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """One fold of leave-one-speaker-out: train on the examples ``rest``, validate on ``held``, the speaker's own."""

    speaker: str
    rest: Indices
    held: Indices


def present_speakers(data: SpikeData) -> tuple[str, ...]:
    """Return the names of the speakers that have examples in ``data``, in order of their index."""
    return tuple(data.speaker_names[i] for i in np.unique(data.speakers))


def hold_out_speakers(data: SpikeData, speakers: Sequence[str]) -> tuple[Indices, Indices]:
    """Hold out all examples of the named speakers: return the indices of the other examples, and of these.

    Raises
    ------
    InputError
        If a speaker has no examples, or if no other speaker has any.
    """
    present = present_speakers(data)
    for name in speakers:
        if name not in present:
            raise InputError(f"Speaker {name!r} has no examples here; {suggestion(name, present)}")
    if not speakers or set(speakers) >= set(present):
        raise InputError(
            f"Speakers held out: {', '.join(speakers) or 'none'}; wanted are some, but not all, of "
            f"{', '.join(present)}."
        )
    held = np.isin(data.speakers, [data.speaker_names.index(name) for name in speakers])
    return _parts(data, held, f"the held-out {', '.join(speakers)}")


def leave_one_speaker_out(data: SpikeData) -> list[Fold]:
    """Return one fold for each speaker that has examples in ``data``, the training part of a data set.

    Fewer than two speakers are refused.
    """
    present = present_speakers(data)
    if len(present) < 2:
        raise InputError(
            f"Leave-one-speaker-out needs at least two speakers, the training part has {len(present)}"
            f"{''.join(f' ({name})' for name in present)}."
        )
    return [Fold(name, *hold_out_speakers(data, [name])) for name in present]


def stratified_mixed_speakers(data: SpikeData, fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Hold out a random fraction of each class, whatever the speaker: both parts have the same speakers.

    The accuracy on such a part says nothing about new speakers. Indices are returned as by `hold_out_speakers`.

    Parameters
    ----------
    fraction : float
        Fraction of each class to hold out, above 0 and below 1, rounded to whole examples. Of a class with two
        or more examples, each part has at least one. The only example of a class is not held out.
    seed : int
        At least 0. The same data, fraction and seed give the same split.
    """
    if not 0 < fraction < 1:
        raise InputError(f"The fraction to hold out is {fraction}, wanted is above 0 and below 1.")
    held = np.zeros(len(data), dtype=bool)
    for label in range(len(data.classes)):
        members = np.flatnonzero(data.labels == label)
        if len(members) < 2:
            continue
        count = min(max(round(fraction * len(members)), 1), len(members) - 1)
        # One generator per class: more examples of one class do not change the split of the others.
        rng = np.random.default_rng([_STREAM, seed, label])
        held[rng.permutation(members)[:count]] = True
    return _parts(data, held, "the held-out part")


def _parts(data: SpikeData, held: NDArray[np.bool_], part: str) -> tuple[Indices, Indices]:
    """Return the indices of the rest, without copies of what is held out, and of what is held out."""
    copies = ~held & known_in(data.identities, data.identities[held])
    rest = ~held & ~copies
    if not rest.any() and held.any() and copies.any():
        raise InputError(f"Nothing is left to learn from: every other recording is the same as one of {part}.")
    if copies.any():
        speakers = ", ".join(data.speaker_names[i] for i in np.unique(data.speakers[copies]))
        text = "%d recordings (of %s) are the same as recordings of %s and are not learned from."
        _log.warning(text, np.count_nonzero(copies), speakers, part)
    return np.flatnonzero(rest), np.flatnonzero(held)

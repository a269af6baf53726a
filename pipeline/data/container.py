"""The in-memory container of a split: the events of all examples in one array."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.events import CHANNELS, Events


@dataclass(frozen=True)
class Drops:
    """Number of events dropped while reading, by reason, and of examples that had to be sorted."""

    not_finite: int = 0
    negative: int = 0
    unit_out_of_range: int = 0
    examples_sorted: int = 0

    def __add__(self, other: Drops) -> Drops:
        """Return the sums, field by field."""
        return Drops(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def events(self) -> int:
        """Total number of events dropped."""
        return self.not_finite + self.negative + self.unit_out_of_range


def offsets_of(counts: ArrayLike) -> NDArray[np.int64]:
    """Return where each example's events start, shape (examples + 1,), from the number of events of each."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@dataclass(frozen=True)
class SpikeData:
    """The examples of one split.

    Attributes
    ----------
    times : ndarray of float32, shape (events,)
        Times in ms of the events of all examples, one example after the other, ascending within an example.
    units : ndarray of uint16, shape (events,)
        Channels of the events.
    offsets : ndarray of int64, shape (examples + 1,)
        Example ``i`` is ``times[offsets[i]:offsets[i + 1]]``.
    labels, speakers : ndarray of int64, shape (examples,)
        Indices into ``classes`` and ``speaker_names``.
    speaker_names : tuple of str
        Names of the speakers of all splits of the data set, so that an index means the same in every split.
    channels : int
        Number of input channels.
    keys : ndarray of uint64, shape (examples,), optional
        What tells recordings apart, where that is not their events: a hash of the sound.
    """

    times: NDArray[np.float32]
    units: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int64]
    speakers: NDArray[np.int64]
    classes: tuple[str, ...]
    speaker_names: tuple[str, ...]
    channels: int = CHANNELS
    drops: Drops = field(default_factory=Drops)
    keys: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)

    def events(self, index: int) -> Events:
        """Return the events of one example as views, which must not be modified."""
        part = slice(self.offsets[index], self.offsets[index + 1])
        return Events(self.times[part], self.units[part])

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of events of each example, shape (examples,)."""
        return np.diff(self.offsets)

    @cached_property
    def identities(self) -> NDArray[np.uint64]:
        """What tells recordings apart by their content, shape (examples,): `keys`, or hashes of the events.

        An example without events, of which nothing is known, has 0.
        """
        if self.keys is not None:
            return self.keys
        return np.array([identity(self.events(index)) for index in range(len(self))], dtype=np.uint64)

    def select(self, indices: Sequence[int] | NDArray[np.int64]) -> SpikeData:
        """Return copies of the examples at ``indices``, in that order."""
        chosen = np.asarray(indices, dtype=np.int64)
        counts = self.counts[chosen]
        offsets = offsets_of(counts)
        source = np.repeat(self.offsets[chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
        return replace(
            self,
            times=self.times[source],
            units=self.units[source],
            offsets=offsets,
            labels=self.labels[chosen],
            speakers=self.speakers[chosen],
            keys=self.identities[chosen] if self.keys is not None or "identities" in vars(self) else None,
        )


def identity(events: Events) -> int:
    """Return a hash of an example's events, of 64 bits; 0 where there are none."""
    if not len(events.times):
        return 0
    digest = hashlib.blake2b(np.ascontiguousarray(events.times).data, digest_size=8)
    digest.update(np.ascontiguousarray(events.units).data)
    return int.from_bytes(digest.digest(), "little")


def known_in(identities: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which recordings are among others, by their identities; one of which nothing is known (0) never is."""
    known: NDArray[np.bool_] = np.isin(identities, others) & (identities != 0)
    return known

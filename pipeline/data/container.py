"""The in-memory container: all events of a split, back to back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.events import CHANNELS, Events


@dataclass(frozen=True)
class Drops:
    """How many events were thrown away on reading, by reason, and how many examples needed sorting."""

    not_finite: int = 0
    negative: int = 0
    unit_out_of_range: int = 0
    examples_sorted: int = 0

    def __add__(self, other: Drops) -> Drops:
        """Return the sums, field by field."""
        return Drops(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def events(self) -> int:
        """Events dropped in all."""
        return self.not_finite + self.negative + self.unit_out_of_range


@dataclass(frozen=True)
class SpikeData:
    """The examples of one split, read once.

    Attributes
    ----------
    times : ndarray of float32, shape (events,)
        Times in ms of all events of all examples, back to back, ascending within an example.
    units : ndarray of uint16, shape (events,)
        Channels of the events.
    offsets : ndarray of int64, shape (examples + 1,)
        Example ``i`` is ``times[offsets[i]:offsets[i + 1]]``.
    labels : ndarray of int64, shape (examples,)
        Index into ``classes``.
    speakers : ndarray of int64, shape (examples,)
        Index into ``speaker_names``.
    classes : tuple of str
        Names of the classes.
    speaker_names : tuple of str
        Names of the speakers (of every split of the data set, so that indices agree between splits).
    channels : int
        Number of input channels.
    drops : Drops
        What reading threw away.
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

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)

    def events(self, index: int) -> Events:
        """Return the events of one example, as views that must not be written to."""
        part = slice(self.offsets[index], self.offsets[index + 1])
        return Events(self.times[part], self.units[part])

    @property
    def counts(self) -> NDArray[np.int64]:
        """Events an example, shape (examples,)."""
        return np.diff(self.offsets)

    def select(self, indices: Sequence[int] | NDArray[np.int64]) -> SpikeData:
        """Return the examples at ``indices``, in that order, in arrays of their own."""
        chosen = np.asarray(indices, dtype=np.int64)
        counts = self.counts[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        source = np.repeat(self.offsets[chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
        return replace(
            self,
            times=self.times[source],
            units=self.units[source],
            offsets=offsets,
            labels=self.labels[chosen],
            speakers=self.speakers[chosen],
        )

"""A split as a tonic data set, for tonic's transforms and code that expects its classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.container import SpikeData

EVENT = np.dtype([("t", np.int64), ("x", np.int64), ("p", np.int64)])
"""tonic's event of an audio data set: time in microseconds, channel, and a polarity that is always 1."""


class TonicDataset:
    """The examples of a split in memory, in the format of ``tonic.datasets.SHD``.

    Parameters
    ----------
    data : SpikeData
        The split.
    transform : callable, optional
        Applied to the events of each example, for example a transform of tonic.
    target_transform : callable, optional
        Applied to each label.

    Attributes
    ----------
    sensor_size : tuple of int
        ``(channels, 1, 1)``.
    ordering : tuple of str
        Names of the fields of an event.
    classes : tuple of str
        Names of the classes.
    speaker : ndarray of int64, shape (examples,)
        Index of each example's speaker.
    """

    dtype = EVENT
    ordering = EVENT.names

    def __init__(
        self,
        data: SpikeData,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.data = data
        self.transform = transform
        self.target_transform = target_transform
        self.sensor_size = (data.channels, 1, 1)
        self.classes = data.classes
        self.speaker = data.speakers

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return an example's events, shape (events,) of dtype ``EVENT``, and label, both transformed."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        events: Any = structured(self.data, index % len(self))
        target: Any = int(self.data.labels[index])
        if self.transform is not None:
            events = self.transform(events)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return events, target


def structured(data: SpikeData, index: int) -> NDArray[np.void]:
    """Return the events of one example as a new array of dtype ``EVENT``, shape (events,)."""
    times, units = data.events(index)
    events = np.empty(len(times), dtype=EVENT)
    events["t"] = np.rint(times.astype(np.float64) * 1e3)
    events["x"] = units
    events["p"] = 1
    return events

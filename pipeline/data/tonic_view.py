"""A split as a tonic data set, for tonic's transforms and code that expects its classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.data.container import SpikeData

EVENT = np.dtype([("t", np.int64), ("x", np.int64), ("p", np.int64)])
"""tonic's event of an audio data set: time in microseconds, channel, and a polarity that is always 1."""


@dataclass(frozen=True, eq=False)
class TonicDataset:
    """The examples of a split in memory, in the format of ``tonic.datasets.SHD``.

    ``transform``, for example one of tonic, is applied to each example's events, ``target_transform`` to its label.
    """

    data: SpikeData
    transform: Callable[[Any], Any] | None = None
    target_transform: Callable[[Any], Any] | None = None

    dtype: ClassVar = EVENT
    ordering: ClassVar = EVENT.names
    """Names of the fields of an event."""

    @property
    def sensor_size(self) -> tuple[int, int, int]:
        """Channels, 1 and 1."""
        return (self.data.channels, 1, 1)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.data.classes

    @property
    def speaker(self) -> NDArray[np.int64]:
        """Index of the speaker of each example, shape (examples,)."""
        return self.data.speakers

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return an example's events, shape (events,) of dtype ``EVENT``, and label, both transformed."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        times, units = self.data.events(index % len(self))
        events: Any = np.empty(len(times), dtype=EVENT)
        events["t"] = np.rint(times.astype(np.float64) * 1e3)
        events["x"] = units
        events["p"] = 1
        target: Any = int(self.data.labels[index])
        return (
            events if self.transform is None else self.transform(events),
            target if self.target_transform is None else self.target_transform(target),
        )

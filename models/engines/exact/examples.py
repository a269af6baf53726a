"""Examples for the exact engine: events at any times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.batch import SpikeBatch
from models.engines.exact.compiled import Array, Ints
from models.errors import InputError


@dataclass(frozen=True)
class Trial:
    """One example.

    Attributes
    ----------
    times : ndarray of float64, shape (events,)
        Of the input's events in ms, ascending.
    units : ndarray of int, shape (events,)
        Channel of each event.
    label : int
        Class.
    """

    times: Array
    units: Ints
    label: int

    def __post_init__(self) -> None:
        """Refuse times and units that are no list of events."""
        if self.times.ndim != 1 or self.times.shape != self.units.shape:
            raise InputError(f"a trial has times of shape {self.times.shape}, units of shape {self.units.shape}")
        if not np.all(np.isfinite(self.times)) or np.any(self.times < 0) or np.any(np.diff(self.times) < 0):
            raise InputError("a trial's times must be finite, ascending and 0 or more")


def trials(batch: SpikeBatch, dt: float) -> list[Trial]:
    """Return a stepped batch's examples; an event in step n is at n * dt, in ms."""
    parts = [slice(batch.offsets[i], batch.offsets[i + 1]) for i in range(len(batch))]
    return [
        Trial(batch.steps[part] * np.float64(dt), batch.units[part].astype(np.int64), int(label))
        for part, label in zip(parts, batch.labels, strict=True)
    ]

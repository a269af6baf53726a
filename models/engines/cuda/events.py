"""Events on a device: the input of a batch, and the spikes of a layer as the layer above sees them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import cuda

from models.batch import SpikeBatch
from models.engines.cuda.memory import DeviceArray, Memory
from models.engines.cuda.sources import index_steps, sort_by_source

INDEX_THREADS = 256


class Events(NamedTuple):
    """Events that arrive at a layer.

    Attributes
    ----------
    units, steps : device array of int32, shape (events,)
        In ascending steps within an example.
    begins : device array of int64, shape (examples,)
        Each example's first event.
    pointers : device array of int32, shape (examples, steps + 1)
        How many of its events lie before each step.
    lag : int
        Steps from an event's own to that of its arrival: 0 for the input, 1 for spikes.
    """

    units: DeviceArray
    steps: DeviceArray
    begins: DeviceArray
    pointers: DeviceArray
    lag: int


class Sorted(NamedTuple):
    """Events by source; see `models.engines.cuda.sources.sort_by_source`."""

    starts: DeviceArray
    ordered: DeviceArray
    begins: DeviceArray


class Input:
    """Copies batches to the device: a batch's copy runs while the one before is being learned.

    Two sets of arrays take turns. A set is written again only after a result of the batch in between has been read,
    and so after all work on the batch that was in it.
    """

    def __init__(self, memory: Memory, steps: int) -> None:
        self._memory, self._steps = memory, steps
        self._copies, self._turn = cuda.stream(), 0
        self._staged: dict[tuple[str, int], np.ndarray] = {}

    def load(self, batch: SpikeBatch) -> Events:
        """Return a batch's events, which arrive at the beginning of their step."""
        self._turn = 1 - self._turn
        units, steps = (self._copy(name, getattr(batch, name), np.int32) for name in ("units", "steps"))
        offsets = self._copy("offsets", batch.offsets, np.int64)
        ready = cuda.event()
        ready.record(self._copies)
        ready.wait(self._memory.stream)
        pointers = self._memory.room("input pointers", (len(batch), self._steps + 1), np.int32)
        begins, ends = offsets[: len(batch)], offsets[1 : len(batch) + 1]
        index_steps[len(batch), INDEX_THREADS, self._memory.stream](steps, begins, ends, pointers)
        return Events(units, steps, begins, pointers, 0)

    def _copy(self, name: str, values: np.ndarray, dtype: type[np.generic]) -> DeviceArray:
        """Copy an array through memory that the device reads by itself."""
        key, count = (name, self._turn), len(values)
        staged = self._staged.get(key)
        if staged is None or len(staged) < count:
            staged = self._staged[key] = cuda.pinned_array(max(count + count // 4, 1), dtype)
        staged[:count] = values
        # Longer than the events, so that a slice of it is never empty.
        room = self._memory.room(key, (len(staged),), dtype)
        if count:
            room[:count].copy_to_device(staged[:count], stream=self._copies)
        return room


def sort(memory: Memory, name: str, events: Events, examples: int, sources: int) -> Sorted:
    """Return events sorted by source; ``name`` is that of the memory they take."""
    starts = memory.room((name, "starts"), (examples, sources + 1), np.int32)
    ordered = memory.room((name, "ordered"), events.units.shape, np.int32)
    threads = min(1024, -(-sources // 32) * 32)
    sort_by_source[examples, threads, memory.stream, 4 * (sources + 1)](
        events.units, events.steps, events.begins, events.pointers, starts, ordered
    )
    return Sorted(starts, ordered, events.begins)

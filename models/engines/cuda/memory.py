"""Memory of a GPU: arrays that are kept from batch to batch, copies to and from it, and the error where it is full."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np
from numba import cuda
from numpy.typing import DTypeLike, NDArray

# Numba warns of every launch with fewer blocks than the GPU could run, and so of every small batch.
warnings.filterwarnings("ignore", message="Grid size .* under-utilization")

DeviceArray = Any
"""An array on the device, which Numba does not type."""


class DeviceFullError(Exception):
    """The device's memory is full."""


class Memory:
    """Arrays of a device by name, and the stream in which all work on them is done.

    Numba's own stream would wait for the copies of the next batch's input, which are in another one.
    """

    def __init__(self) -> None:
        self.stream = cuda.stream()
        self._kept: dict[Hashable, DeviceArray] = {}

    def room(self, name: Hashable, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> DeviceArray:
        """Return an array to write to, the one of this name again where it is large enough.

        Raises
        ------
        DeviceFullError
            If the device has no memory for it; the one that was there is given back.
        """
        kept = self._kept.get(name)
        if kept is None or kept.shape[1:] != shape[1:] or kept.shape[0] < shape[0]:
            self._kept.pop(name, None)
            kept = None
            kept = self._kept[name] = allocate((max(shape[0], 1), *shape[1:]), dtype)
        return kept if kept.shape[0] == shape[0] else kept[: shape[0]]

    def forget(self, name: Hashable) -> None:
        """Give an array back."""
        self._kept.pop(name, None)

    def to_device(self, array: NDArray[Any]) -> DeviceArray:
        """Return a copy on the device."""
        made = allocate(array.shape, array.dtype)
        made.copy_to_device(np.ascontiguousarray(array), stream=self.stream)
        return made

    def put(self, name: Hashable, array: NDArray[Any]) -> DeviceArray:
        """Return a copy on the device, in the array of this name."""
        room = self.room(name, array.shape, array.dtype)
        room.copy_to_device(np.ascontiguousarray(array), stream=self.stream)
        return room

    def to_host(self, *arrays: DeviceArray) -> list[NDArray[Any]]:
        """Return copies, once all work is done that was begun before."""
        copies = [array.copy_to_host(stream=self.stream) for array in arrays]
        self.stream.synchronize()
        return copies


def allocate(shape: tuple[int, ...], dtype: DTypeLike) -> DeviceArray:
    """Return a device array, not cleared; see `Memory.room`."""
    try:
        return cuda.device_array(shape, dtype)
    except Exception as error:  # Numba's own error, whose class depends on its version.
        if "OUT_OF_MEMORY" in str(error).upper():
            size = math.prod(shape) * np.dtype(dtype).itemsize
            raise DeviceFullError(f"no room for {size / 1e6:.0f} MB") from error
        raise

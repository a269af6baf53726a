"""A device that takes copies and launches and computes nothing: it shows what the engine's host code would do."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from cuda_simulator import SIMULATED


def _compiles() -> bool:
    if importlib.util.find_spec("numba_cuda") is None:
        return False
    from numba.cuda.cudadrv.nvvm import NVVM

    try:
        NVVM()
    except Exception:
        return False
    return True


needs_compiler = [
    pytest.mark.cuda,
    pytest.mark.skipif(SIMULATED, reason="is not for the simulator"),
    pytest.mark.skipif(
        not SIMULATED and not _compiles(), reason="needs numba-cuda with its compiler: requirements-cuda.txt"
    ),
]


class StubArray(np.ndarray):
    """A device array in the host's memory."""

    def copy_to_device(self, array: Any, stream: Any = None) -> None:
        assert self.dtype == array.dtype
        self[...] = array

    def copy_to_host(self, stream: Any = None) -> Any:
        return np.array(self)


def stub_array(shape: Any, dtype: Any = np.float32) -> StubArray:
    return np.zeros(shape, dtype).view(StubArray)


class _Stream:
    def synchronize(self) -> None:
        pass


class _Event:
    def record(self, stream: Any) -> None:
        pass

    def wait(self, stream: Any) -> None:
        pass


@dataclass
class Launches:
    """What was launched: each kernel with the types of its arguments, once, and the launches in order.

    Attributes
    ----------
    kinds : dict
        Kernels by name and types.
    order : list of (str, tuple)
        Names and dimensions: blocks, threads, stream, bytes of shared memory.
    """

    kinds: dict[tuple[str, tuple[Any, ...]], Any] = field(default_factory=dict)
    order: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)


@contextmanager
def stub_device() -> Iterator[Launches]:
    """Let the engine run on a device that computes nothing: all that it reads back is 0."""
    import numba
    from numba import cuda
    from numba.cuda.dispatcher import CUDADispatcher

    launches = Launches()

    def configured(kernel: Any, dimensions: tuple[Any, ...]) -> Any:
        def launch(*args: Any) -> None:
            plain = [a.view(np.ndarray) if isinstance(a, StubArray) else a for a in args]
            types = tuple(map(numba.typeof, plain))
            name = kernel.py_func.__name__
            launches.kinds.setdefault((name, (kernel.py_func.__closure__ and id(kernel), *types)), kernel)
            launches.order.append((name, dimensions))

        return launch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "device_array", stub_array)
        patch.setattr(cuda, "pinned_array", lambda shape, dtype: np.zeros(shape, dtype))
        patch.setattr(cuda, "stream", _Stream)
        patch.setattr(cuda, "event", _Event)
        patch.setattr(CUDADispatcher, "__getitem__", configured)
        yield launches

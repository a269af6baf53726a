"""Numba's CUDA simulator with warps, and with a scheduler that lets one thread of a block run at a time.

The simulator polls all threads of a block at once and has no functions of warps. Here a thread runs until it comes to a
barrier, then the next one, in an order that a test can choose: what depends on the order lacks a barrier.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import pytest

SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
"""Whether this process simulates; Numba decides it when it is imported."""

WARP = 32
FEWEST = 32
"""Threads of a block where the number changes no result."""

Order = Literal["ascending", "descending", "shuffled"]


needs_simulator = [
    pytest.mark.cuda,
    pytest.mark.skipif(not SIMULATED, reason="needs numba-cuda, and NUMBA_ENABLE_CUDASIM=1"),
]


class _Stop(Exception):
    """Ends a thread whose block has failed."""


class _Block:
    """Runs the threads of a block; stands in for the simulator's BlockManager."""

    order: Order = "ascending"

    def __init__(self, function: Callable[..., None], grid: Any, block: tuple[int, int, int], debug: bool) -> None:
        self._function, self._grid, self._dimensions = function, grid, block
        self._block_dim = block
        self.back, self.votes, self.shuffled = _closed(), {}, {}

    def run(self, grid_point: tuple[int, ...], *args: Any) -> None:
        args = tuple(getattr(getattr(arg, "_item", None), "_ary", arg) for arg in args)
        threads = [_make_thread(self, self._function, args, grid_point, i) for i in range(self._dimensions[0])]
        for thread in threads:
            thread.start()
        live, ready = list(threads), list(threads)
        try:
            while live:
                turns = [*(thread.turn for thread in self._ordered(ready)), self.back]
                for thread, following in zip(self._ordered(ready), turns[1:], strict=True):
                    thread.following = following
                turns[0].release()
                self.back.acquire()
                for thread in ready:
                    if thread.error is not None:
                        raise thread.error
                live = [thread for thread in live if not thread.done]
                ready = self._released(live)
        finally:
            for thread in (thread for thread in threads if not thread.done):
                thread.stopped = True
                thread.turn.release()
            for thread in threads:
                thread.join()

    def _ordered(self, threads: list[Any]) -> list[Any]:
        if self.order == "ascending":
            return threads
        if self.order == "descending":
            return threads[::-1]
        return [threads[i] for i in np.random.default_rng(len(threads)).permutation(len(threads))]

    def _released(self, live: list[Any]) -> list[Any]:
        """Return the threads that go on: all of them at a barrier, or whole warps at a function of warps."""
        if all(thread.waits == "block" for thread in live):
            return live
        warps = [live[i : i + WARP] for i in range(0, len(live), WARP)]
        ready = [thread for warp in warps if all(t.waits == "warp" for t in warp) for thread in warp]
        assert ready, "some threads of a block wait at a barrier that others do not come to"
        return ready


def _closed() -> Any:
    """Return a lock that its first taker waits for."""
    lock = threading.Lock()
    lock.acquire()
    return lock


def _make_thread(block: _Block, function: Callable[..., None], args: tuple[Any, ...], at: Any, number: int) -> Any:
    from numba.cuda.simulator.kernelapi import Dim3

    class Thread(threading.Thread):
        def __init__(self) -> None:
            super().__init__(daemon=True)
            self.blockIdx, self.threadIdx, self.thread_id = Dim3(*at), Dim3(number, 0, 0), number
            self.turn, self.following, self.waits = _closed(), block.back, ""
            self.error: BaseException | None = None
            self.done, self.stopped, self.shuffles = False, False, 0

        def run(self) -> None:
            self.turn.acquire()
            try:
                if not self.stopped:
                    function(*args)
            except _Stop:
                pass
            except BaseException as error:
                self.error, self.following = error, block.back
            self.done = True
            if not self.stopped:
                self.following.release()

        def pause(self, waits: str) -> None:
            self.waits = waits
            self.following.release()
            self.turn.acquire()
            if self.stopped:
                raise _Stop

        def syncthreads(self) -> None:
            self.pause("block")

        def syncthreads_or(self, value: Any) -> int:
            block.votes[number] = bool(value)
            self.pause("block")
            found = any(block.votes.values())
            self.pause("block")
            return int(found)

        def shuffle_down(self, value: Any, delta: int) -> Any:
            # Two places take turns: a thread can be one shuffle ahead of another one.
            place, self.shuffles = self.shuffles % 2, self.shuffles + 1
            block.shuffled[number, place] = value
            self.pause("warp")
            other = number + delta
            return block.shuffled[other if other // WARP == number // WARP else number, place]

    return Thread()


@contextmanager
def simulator(order: Order = "ascending") -> Iterator[None]:
    """Run kernels by this module's scheduler."""
    from numba import cuda
    from numba.cuda.np import numpy_support
    from numba.cuda.simulator import kernel, kernelapi

    from models.engines.cuda import engine, events, layer, output, weights

    launch = kernel.FakeCUDAKernel.__call__

    def call(self: Any, *args: Any) -> Any:
        # A kernel's launch has put the simulated functions into its module, which is that of what it calls, too.
        return launch(self, *args) if kernel._kernel_context is None else self.fn(*args)

    def shared_array(self: Any, shape: int, dtype: Any) -> np.ndarray:
        # The simulator's own takes an array's place from a whole stack trace, which takes a millisecond.
        made = numpy_support.as_dtype(dtype)
        if shape == 0:
            return np.frombuffer(self._dynshared.data, made, self._dynshared_size // made.itemsize)
        caller = sys._getframe(1)
        return self._allocations.setdefault((caller.f_code, caller.f_lineno), np.empty(shape, made))

    allocate = cuda.device_array

    def device_array(shape: Any, dtype: Any) -> Any:
        # What is read before it is written must not be 0 by chance.
        made = allocate(shape, dtype)
        made._ary.fill(np.nan if np.dtype(dtype).kind == "f" else -(10**9))
        return made

    def shuffle_down(self: Any, mask: int, value: Any, delta: int) -> Any:
        return threading.current_thread().shuffle_down(value, delta)  # type: ignore[attr-defined]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BlockManager", _Block)
        patch.setattr(cuda, "device_array", device_array)
        patch.setattr(kernel.FakeCUDAKernel, "__call__", call)
        patch.setattr(kernelapi.FakeCUDAShared, "array", shared_array)
        patch.setattr(_Block, "order", order)
        patch.setattr(kernelapi.FakeCUDAModule, "shfl_down_sync", shuffle_down, raising=False)
        for module, name in (
            (engine, "COUNT_THREADS"),
            (events, "INDEX_THREADS"),
            (layer, "GATHER_THREADS"),
            (output, "THREADS"),
            (weights, "ROW_THREADS"),
        ):
            patch.setattr(module, name, FEWEST)
        yield

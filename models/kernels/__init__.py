"""Numba's compiler, and a cache of what it compiles that is verified, complete and never necessary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.core.dispatcher import Dispatcher

from models.kernels.cache import KernelCache


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator like ``numba.njit(cache=True, **options)`` whose machine code is kept by `KernelCache`."""

    def compile_later(function: Callable[..., Any]) -> Any:
        made: Any = numba.njit(**options)(function)
        if isinstance(made, Dispatcher):  # With NUMBA_DISABLE_JIT it is the function itself.
            made._cache = KernelCache(function)  # type: ignore[attr-defined]
        return made

    return compile_later


def threads_here(wanted: int) -> int:
    """Return how many threads kernels run on where so many are wanted: 0 takes all that Numba has, none takes more."""
    most = int(numba.config.NUMBA_NUM_THREADS)
    return min(wanted or most, most)

"""Numba's compiler with types for mypy, and the types of arrays that compiled functions take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call; machine code is kept. With NUMBA_DISABLE_JIT=1 it runs as plain Python."""
    return cast(_Function, kernel()(function))

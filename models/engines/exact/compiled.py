"""Numba's compiler with types for mypy, and the types of arrays that compiled functions take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call; machine code is kept in __pycache__.

    Numba notices changes to the file of the function that Python calls, not to files of functions that this one calls:
    after such a change, remove __pycache__. With NUMBA_DISABLE_JIT=1 everything runs as plain Python.
    """
    return cast(_Function, njit(cache=True)(function))

"""Numba's compiler with types that mypy keeps, and the arrays that compiled functions work on."""

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

    Numba keeps it by the file of the function that Python calls: after a change to a function of this package that one
    of another file calls, remove __pycache__. With NUMBA_DISABLE_JIT=1 all of it runs as plain Python.
    """
    return cast(_Function, njit(cache=True)(function))

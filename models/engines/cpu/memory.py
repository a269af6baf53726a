"""Arrays that begin on a cache line: vectors that straddle two lines load at half speed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel

LINE = 64
"""Bytes of a cache line, and of the widest vector."""


def aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return zeros that begin on a cache line.

    Parameters
    ----------
    shape : tuple of int

    Returns
    -------
    ndarray of float32, shape ``shape``
    """
    size = math.prod(shape) * np.dtype(np.float32).itemsize
    raw = np.zeros(size + LINE, dtype=np.uint8)
    begin = -raw.ctypes.data % LINE
    return raw[begin : begin + size].view(np.float32).reshape(shape)


@kernel()
def zeros(n):  # type: ignore[no-untyped-def]
    """Return ``n`` float32 zeros that begin on a cache line."""
    raw = np.zeros(n + LINE // 4, np.float32)
    begin = (-raw.ctypes.data % LINE) // 4
    return raw[begin : begin + n]

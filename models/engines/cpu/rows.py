"""Additions of rows of a matrix, and the search for neurons at threshold: where a layer spends most of its time."""

from __future__ import annotations

import os

import numba
import numpy as np

from models.engines.cpu import plain_rows, simd
from models.kernels import kernel
from models.kernels.sources import SWITCH

HAND_WRITTEN = os.environ.get(SWITCH, "1") != "0" and not numba.config.DISABLE_JIT
"""Whether kernels use `simd`, which needs Numba's compiler, rather than `plain_rows`."""

_chosen = simd if HAND_WRITTEN else plain_rows
add_rows, add_scaled_rows = _chosen.add_rows, _chosen.add_scaled_rows
_reaching, _lowest = _chosen.reaching, _chosen.lowest


@kernel()
def find_reaching(values, bound, found):  # type: ignore[no-untyped-def]
    """Write the places of ``values`` that are at least ``bound``, in ascending order.

    Parameters
    ----------
    values : ndarray of float32, shape (a multiple of 64,)
    bound : float32
    found : ndarray of int32
        Written.

    Returns
    -------
    int
        How many there are.
    """
    count = 0
    for word in range(values.shape[0] // 64):
        bits = _reaching(values, 64 * word, bound)
        while bits != 0:
            found[count] = 64 * word + _lowest(bits)
            count += 1
            bits &= bits - np.uint64(1)
    return count

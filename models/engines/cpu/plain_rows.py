"""The functions of `simd` as plain Numba: what they do, for tests to compare and for machines to fall back on."""

from __future__ import annotations

import numpy as np

from models.kernels import kernel


@kernel()
def add_rows(matrix, rows, begin, end, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the rows of ``matrix`` that ``rows[begin:end]`` (int32) names, one after the other."""
    for i in range(begin, end):
        row = matrix[rows[i]]
        for j in range(total.shape[0]):
            total[j] += row[j]


@kernel(fastmath={"contract"})
def add_scaled_rows(matrix, rows, scales, begin, end, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the rows of ``matrix`` that ``rows[begin:end]`` names, each times its entry of ``scales``."""
    for i in range(begin, end):
        row, scale = matrix[rows[i]], scales[i]
        for j in range(total.shape[0]):
            total[j] += scale * row[j]


@kernel()
def reaching(values, begin, bound):  # type: ignore[no-untyped-def]
    """Return a bit for each of the 64 ``values`` from ``begin`` on: 1 where it is at least ``bound``."""
    bits = np.uint64(0)
    for i in range(64):
        bits |= np.uint64(values[begin + i] >= bound) << np.uint64(i)
    return bits


@kernel()
def lowest(bits):  # type: ignore[no-untyped-def]
    """Return the position of the lowest 1 of ``bits`` (uint64), which must have one."""
    place = 0
    while (bits >> np.uint64(place)) & np.uint64(1) == 0:
        place += 1
    return place

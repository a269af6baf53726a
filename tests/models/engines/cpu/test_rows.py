"""The hand-written vector instructions against plain Numba, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from models.engines.cpu import plain_rows, simd

SIZES = [1, 2, 15, 16, 17, 63, 64, 65, 150, 256, 300, 700]
ODD = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42, 3.4e38], dtype=np.float32)
"""Not a number, infinities, zeros, a denormal number, and one that overflows."""


@njit
def add_rows(matrix, rows, begin, end, total):  # type: ignore[no-untyped-def]
    simd.add_rows(matrix, rows, begin, end, total)


@njit
def add_scaled_rows(matrix, rows, scales, begin, end, total):  # type: ignore[no-untyped-def]
    simd.add_scaled_rows(matrix, rows, scales, begin, end, total)


@njit
def reaching(values, begin, bound):  # type: ignore[no-untyped-def]
    return simd.reaching(values, begin, bound)


@njit
def lowest(bits):  # type: ignore[no-untyped-def]
    return simd.lowest(bits)


def drawn(size: int, odd: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a matrix, indices of rows, a scale for each, and a total to add to."""
    rng = np.random.default_rng(size)
    matrix, total = rng.normal(size=(9, size)).astype(np.float32), rng.normal(size=size).astype(np.float32)
    if odd:
        places = rng.integers(0, matrix.size, 20)
        matrix.flat[places] = rng.choice(ODD, 20)
    return matrix, rng.integers(0, 9, 40).astype(np.int32), rng.normal(size=40).astype(np.float32), total


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("begin", "end"), [(0, 40), (7, 8), (5, 5), (9, 3)])
def test_rows_are_added_to_the_same_bits(size: int, odd: bool, begin: int, end: int) -> None:
    matrix, rows, scales, start = drawn(size, odd)
    one, other = start.copy(), start.copy()
    add_rows(matrix, rows, begin, end, one)
    plain_rows.add_rows(matrix, rows, begin, end, other)
    np.testing.assert_array_equal(one, other)
    assert end > begin or np.array_equal(one, start)
    add_scaled_rows(matrix, rows, scales, begin, end, one)
    plain_rows.add_scaled_rows(matrix, rows, scales, begin, end, other)
    np.testing.assert_array_equal(one, other)


def test_plain_rows_are_sums_in_order() -> None:
    matrix, rows, scales, start = drawn(17, odd=False)
    total = start.copy()
    plain_rows.add_rows(matrix, rows, 3, 30, total)
    expected = start.copy()
    for row in rows[3:30]:
        expected += matrix[row]
    np.testing.assert_array_equal(total, expected)
    plain_rows.add_scaled_rows(matrix, rows, scales, 3, 30, total)
    exact = expected + scales[3:30].astype(np.float64) @ matrix[rows[3:30]].astype(np.float64)
    np.testing.assert_allclose(total, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bound", [0.0, 0.3, np.inf, -np.inf])
def test_values_that_reach_a_bound_are_the_same_bits(bound: float) -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=250).astype(np.float32), ODD, ODD])[:256]
    values[:40:5] = bound
    for begin in (0, 1, 64, 192):
        one = int(reaching(values, begin, np.float32(bound)))
        assert one == int(plain_rows.reaching(values, begin, np.float32(bound)))
        assert [bool(one >> i & 1) for i in range(64)] == (values[begin : begin + 64] >= np.float32(bound)).tolist()


def test_the_lowest_bit_is_the_same() -> None:
    rng = np.random.default_rng(4)
    for place in range(64):
        bits = np.uint64(1 << place | int(rng.integers(0, 2**63)) << place & (2**64 - 1))
        assert lowest(bits) == plain_rows.lowest(bits) == place

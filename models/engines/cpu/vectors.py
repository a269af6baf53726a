"""Loops over the neurons of a layer.

Each is a compiled function of its own that is not inlined: LLVM then proves that its arrays do not overlap, and keeps
them in vector registers. Assignments of whole arrays do the same work but take Numba seconds to compile.
"""

from __future__ import annotations

import numpy as np

from models.kernels import kernel

# Neither "nnan" nor "ninf": a network that diverges must stay visible as NaN.
FAST = {"reassoc", "contract", "nsz", "arcp"}

ONE, NIL = np.float32(1.0), np.float32(0.0)
HALF, THIRD = np.float32(1 / 2), np.float32(1 / 3)

TINY = np.float32(1e-30)
"""States below this are set to 0: arithmetic on denormal numbers costs up to a hundred times that on normal ones."""

FLUSH = 16
"""Steps from one such flush to the next."""


@kernel(fastmath=FAST)
def flush(values):  # type: ignore[no-untyped-def]
    """Set values too small to matter to 0; NaN stays."""
    for j in range(values.shape[0]):
        values[j] = NIL if abs(values[j]) < TINY else values[j]


@kernel()
def fill(values, value):  # type: ignore[no-untyped-def]
    """Set all of a vector to one value."""
    for j in range(values.shape[0]):
        values[j] = value


@kernel()
def clear(matrix):  # type: ignore[no-untyped-def]
    """Set a matrix to 0."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] = NIL


@kernel()
def copy(target, values):  # type: ignore[no-untyped-def]
    """Copy a vector into another one."""
    for j in range(values.shape[0]):
        target[j] = values[j]


@kernel(fastmath=FAST)
def add(total, row):  # type: ignore[no-untyped-def]
    """Add a vector to another one."""
    for j in range(total.shape[0]):
        total[j] += row[j]


@kernel(fastmath=FAST)
def add_product(total, factor, a, x):  # type: ignore[no-untyped-def]
    """Add factor a x to a vector."""
    for j in range(total.shape[0]):
        total[j] += factor * a[j] * x[j]


@kernel(fastmath=FAST)
def difference(total, a, x, b, y):  # type: ignore[no-untyped-def]
    """Write a x - b y."""
    for j in range(total.shape[0]):
        total[j] = a[j] * x[j] - b[j] * y[j]


@kernel(fastmath=FAST)
def dot(a, b):  # type: ignore[no-untyped-def]
    """Return the sum of products, float32."""
    total = np.float32(0.0)
    for j in range(a.shape[0]):
        total += a[j] * b[j]
    return total


@kernel(fastmath=FAST)
def advance(voltage, current, alpha, beta, gain, push):  # type: ignore[no-untyped-def]
    """Take voltages and currents one step forward."""
    for j in range(current.shape[0]):
        voltage[j] = alpha[j] * voltage[j] + gain[j] * current[j] + push[j]
        current[j] = beta[j] * current[j]


@kernel(fastmath=FAST)
def recede(after, before, p_v, alpha, beta, gain):  # type: ignore[no-untyped-def]
    """Take adjoints one step back: p_I from ``after`` to ``before``, p_V in place."""
    for j in range(p_v.shape[0]):
        p = p_v[j]
        before[j] = beta[j] * after[j] + gain[j] * p
        p_v[j] = alpha[j] * p


@kernel()
def all_finite(values):  # type: ignore[no-untyped-def]
    """Return whether all values are finite."""
    for j in range(values.shape[0]):  # noqa: SIM110
        if not np.isfinite(values[j]):
            return False
    return True

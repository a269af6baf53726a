"""Adam on a GPU, as in `models.adam`, and the norm of the gradient; kernels that a block a row of weights runs."""

from __future__ import annotations

import math

import numpy as np
from numba import cuda, float64

ROW_THREADS = 256
"""Of a block."""


@cuda.jit(device=True)
def add_groups(gradients, row, j):  # type: ignore[no-untyped-def]
    """Return a gradient's sum over groups, first to last."""
    total = gradients[0, row, j]
    for g in range(1, gradients.shape[0]):
        total += gradients[g, row, j]
    return total


@cuda.jit(device=True)
def add_threads(parts, total):  # type: ignore[no-untyped-def]
    """Return the sum over a block's threads, in order, in its first one; ``parts`` is shared memory for each."""
    parts[cuda.threadIdx.x] = total
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        total = 0.0
        for i in range(cuda.blockDim.x):
            total += parts[i]
    return total


@cuda.jit
def square_rows(weights, gradients, first, sparse, squares):  # type: ignore[no-untyped-def]
    """Write the squared norm of the gradient of each row from ``first`` on; absent synapses have none."""
    parts = cuda.shared.array(ROW_THREADS, float64)
    row, thread = first + cuda.blockIdx.x, cuda.threadIdx.x
    total = 0.0
    for j in range(thread, weights.shape[1], cuda.blockDim.x):
        if not (sparse and weights[row, j] == 0):
            slope = np.float64(add_groups(gradients, row, j))
            total += slope * slope
    total = add_threads(parts, total)
    if thread == 0:
        squares[row] = total


@cuda.jit
def add_squares(squares, rows, norms, place):  # type: ignore[no-untyped-def]
    """Write the sum over rows; one block."""
    parts = cuda.shared.array(ROW_THREADS, float64)
    thread = cuda.threadIdx.x
    total = 0.0
    for row in range(thread, rows, cuda.blockDim.x):
        total += squares[row]
    total = add_threads(parts, total)
    if thread == 0:
        norms[place] = total


@cuda.jit
def shorten(norms, clip, scale):  # type: ignore[no-untyped-def]
    """Write the factor that shortens the gradient of all parameters together to ``clip``; one thread."""
    total = 0.0
    for i in range(norms.shape[0]):
        total += norms[i]
    norm = math.sqrt(total)
    scale[0] = clip / norm if norm > clip else 1.0


@cuda.jit
def adam(  # type: ignore[no-untyped-def]
    weights, gradients, first_moments, second_moments, first, beta_1, beta_2, rate, epsilon, decay, scale, sparse
):  # fmt: skip
    """Update the rows from ``first`` on; numbers as of `models.adam.Step`, ``scale`` an array with one."""
    row, one = first + cuda.blockIdx.x, np.float32(1.0)
    for j in range(cuda.threadIdx.x, weights.shape[1], cuda.blockDim.x):
        w, slope = weights[row, j], np.float32(0.0)
        if not (sparse and w == 0):
            slope = scale[0] * add_groups(gradients, row, j)
        m = beta_1 * first_moments[row, j] + (one - beta_1) * slope
        v = beta_2 * second_moments[row, j] + (one - beta_2) * slope * slope
        first_moments[row, j], second_moments[row, j] = m, v
        weights[row, j] = w - (rate * m / (math.sqrt(v) + epsilon) + decay * w)

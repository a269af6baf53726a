"""The machine's rate of adding float32 rows of a matrix to a vector, which is the work of a synaptic event."""

from __future__ import annotations

from functools import partial

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from models.kernels import kernel
from results.benchmarks.ours import seconds_of

ROWS_IN_L1 = 4
"""Four rows of 1,024 numbers and the vector take 20 kB."""


@kernel(parallel=True, fastmath=True)
def _add(matrix, rows, factor, sums):  # type: ignore[no-untyped-def]
    for part in prange(rows.shape[0]):
        y = sums[part]
        for i in range(rows.shape[1]):
            row = matrix[rows[part, i]]
            for j in range(row.shape[0]):
                y[j] += factor * row[j]


class Axpy:
    """Adds a number of random rows of a matrix, each thread to its own vector.

    With ``in_l1`` these are only the first `ROWS_IN_L1` rows, which stay in the nearest cache.
    """

    def __init__(self, height: int, width: int, rows: int, threads: int, in_l1: bool = False) -> None:
        rng = np.random.default_rng(0)
        self.threads = min(threads, numba.config.NUMBA_NUM_THREADS)
        self._matrix = rng.random((height, width), dtype=np.float32)
        each = max(1, rows // self.threads)
        self._rows: NDArray[np.int64] = rng.integers(0, ROWS_IN_L1 if in_l1 else height, (self.threads, each))
        # The padding keeps the threads' vectors on different cache lines.
        self._sums = np.zeros((self.threads, width + 64), dtype=np.float32)
        _add(self._matrix, self._rows[:, :1], np.float32(0.0), self._sums)

    @property
    def additions(self) -> int:
        """Numbers added by one call of `seconds`."""
        return int(self._rows.size * self._matrix.shape[1])

    def seconds(self) -> float:
        """Add all rows once; return the seconds that it took."""
        numba.set_num_threads(self.threads)
        return seconds_of(partial(_add, self._matrix, self._rows, np.float32(1e-6), self._sums))

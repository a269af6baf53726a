"""Adam (Kingma and Ba 2015), its moments open to checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from models.network import Weights


@njit(parallel=True, cache=True)
def _update(weights, gradient, first, second, beta_1, beta_2, rate, epsilon):  # type: ignore[no-untyped-def]
    """Update a matrix and its moments in place; element-wise, so the same for any number of threads."""
    one = np.float32(1.0)
    for row in prange(weights.shape[0]):
        w, g, m, v = weights[row], gradient[row], first[row], second[row]
        for j in range(w.shape[0]):
            m[j] = beta_1 * m[j] + (one - beta_1) * g[j]
            v[j] = beta_2 * v[j] + (one - beta_2) * g[j] * g[j]
            w[j] -= rate * m[j] / (np.sqrt(v[j]) + epsilon)


@dataclass
class Adam:
    """The optimiser and its state.

    Attributes
    ----------
    first, second : dict of str to ndarray of float32
        Moments, each of its matrix's shape.
    step : int
        Updates made.
    """

    first: Weights
    second: Weights
    step: int = 0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    @classmethod
    def of(cls, weights: Mapping[str, NDArray[np.float32]]) -> Adam:
        """Return an optimiser for ``weights`` that has not made a step yet."""
        first, second = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))
        return cls(first, second)

    def update(self, weights: Weights, gradients: Weights, learning_rate: float) -> None:
        """Take one step down ``gradients``, writing ``weights`` and the moments in place."""
        self.step += 1
        # Both bias corrections in one factor; epsilon is scaled so that the update is Kingma and Ba's own.
        correction = np.sqrt(1 - self.beta_2**self.step)
        rate = learning_rate * correction / (1 - self.beta_1**self.step)
        for name, w in weights.items():
            _update(
                w,
                gradients[name],
                self.first[name],
                self.second[name],
                np.float32(self.beta_1),
                np.float32(self.beta_2),
                np.float32(rate),
                np.float32(self.epsilon * correction),
            )

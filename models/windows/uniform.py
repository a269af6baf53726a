"""The uniform window: every moment of the trial counts the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.windows.base import Window


@dataclass(frozen=True)
class Uniform(Window):
    """w(u) = 1: every moment counts the same."""

    shape: Literal["uniform"] = field(default="uniform", kw_only=True, repr=False)

    def profile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ones, shape (steps,)."""
        return np.ones_like(u)

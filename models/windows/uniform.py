"""The uniform window: every moment of the trial counts the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.windows.base import Array, Window


@dataclass(frozen=True)
class Uniform(Window):
    """w(u) = 1: every moment counts the same."""

    shape: Literal["uniform"] = field(default="uniform", kw_only=True, repr=False)

    def profile(self, u: Array) -> Array:
        """Return ones, shape (steps,)."""
        return np.ones_like(u)

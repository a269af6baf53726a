"""The same value for all parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.initialisers.base import Array, Initialiser


@dataclass(frozen=True)
class Constant(Initialiser):
    """The same value for all."""

    kind: Literal["constant"] = field(default="constant", kw_only=True, repr=False)
    value: float = 0.0

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return ``value`` throughout."""
        return np.full(shape, self.value)

    def split(self, copies: int) -> Constant:
        """Divide the value."""
        return Constant(self.value / copies)

"""A uniform distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import InputError
from models.initialisers.base import Array, Initialiser


@dataclass(frozen=True)
class Uniform(Initialiser):
    """A uniform distribution from ``low`` to ``high``."""

    kind: Literal["uniform"] = field(default="uniform", kw_only=True, repr=False)
    low: float = -0.05
    high: float = 0.05

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        if self.high < self.low:
            raise InputError(f"a uniform initialiser goes from {self.low} to {self.high}; high must not be below low")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return rng.uniform(self.low, self.high, shape)

    def split(self, copies: int) -> Uniform:
        """Divide mean and variance."""
        mean, half = (self.low + self.high) / 2 / copies, (self.high - self.low) / 2 / math.sqrt(copies)
        return Uniform(mean - half, mean + half)

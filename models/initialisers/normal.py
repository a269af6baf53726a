"""A normal distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import require
from models.initialisers.base import Array, Initialiser


@dataclass(frozen=True)
class Normal(Initialiser):
    """A normal distribution."""

    kind: Literal["normal"] = field(default="normal", kw_only=True, repr=False)
    mean: float = 0.0
    sd: float = 0.02

    def __post_init__(self) -> None:
        """Refuse a deviation below 0."""
        require(self.sd >= 0, "normal", "sd", self.sd, "0 or more")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return rng.normal(self.mean, self.sd, shape)

    def split(self, copies: int) -> Normal:
        """Divide mean and variance."""
        return Normal(self.mean / copies, self.sd / math.sqrt(copies))

"""He's initialisation, by the number of presynaptic neurons."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import require
from models.initialisers.base import Array, Initialiser


@dataclass(frozen=True)
class Kaiming(Initialiser):
    """A normal distribution of mean 0 and deviation gain / sqrt(number of presynaptic neurons) (He et al. 2015)."""

    kind: Literal["kaiming"] = field(default="kaiming", kw_only=True, repr=False)
    gain: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a gain of 0 or less."""
        require(self.gain > 0, "kaiming", "gain", self.gain, "above 0")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return rng.normal(0.0, self.gain / math.sqrt(shape[0]), shape)

    def split(self, copies: int) -> Kaiming:
        """Return itself: the copies count as presynaptic neurons already."""
        return self

"""A distribution of positive numbers whose logarithm is normal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from models.errors import InputError
from models.initialisers.base import Array, Initialiser


@dataclass(frozen=True)
class LogNormal(Initialiser):
    """A distribution of positive numbers whose logarithm is normal.

    Attributes
    ----------
    spread : float
        Deviation of the natural logarithm.
    """

    kind: Literal["lognormal"] = field(default="lognormal", kw_only=True, repr=False)
    median: float = 1.0
    spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what has no logarithm."""
        if self.median <= 0 or self.spread < 0:
            raise InputError(
                f"a lognormal initialiser has median {self.median} and spread {self.spread}; "
                "the first must be above 0, the other not below"
            )

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return self.median * np.exp(self.spread * rng.normal(size=shape))

    def split(self, copies: int) -> LogNormal:
        """Divide the median."""
        return replace(self, median=self.median / copies)

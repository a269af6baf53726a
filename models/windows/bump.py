"""The bump window of the thesis's experiments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import require
from models.windows.base import Array, Window


@dataclass(frozen=True)
class Bump(Window):
    """w(u) = max(0, offset + depth (u - mu) exp(-(u - mu)^2 / (2 sigma^2))).

    The shape of the thesis's experiments, 2 (0.4 + 4.4 u exp(-u^2 / 0.08)), is offset = 0.8, depth = 8.8, mu = 0,
    sigma = 0.2 without normalisation; the defaults are that.
    """

    shape: Literal["bump"] = field(default="bump", kw_only=True, repr=False)
    mu: float = 0.0
    sigma: float = 0.2
    offset: float = 0.8
    depth: float = 8.8

    def __post_init__(self) -> None:
        """Refuse a width of 0 or less."""
        require(self.sigma > 0, "window", "sigma", self.sigma, "above 0")

    def profile(self, u: Array) -> Array:
        """Return the bump, floored at 0, shape (steps,)."""
        distance = u - self.mu
        return np.maximum(0.0, self.offset + self.depth * distance * np.exp(-(distance**2) / (2 * self.sigma**2)))

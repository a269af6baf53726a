"""The Gaussian window, the thesis's proposal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import require
from models.windows.base import Array, Window


@dataclass(frozen=True)
class Gaussian(Window):
    """w(u) = exp(-(u - mu)^2 / (2 sigma^2)), the thesis's proposal (section 5).

    Attributes
    ----------
    mu, sigma : float
        Centre and width, as fractions of the trial.
    """

    shape: Literal["gaussian"] = field(default="gaussian", kw_only=True, repr=False)
    mu: float = 0.5
    sigma: float = 0.2

    def __post_init__(self) -> None:
        """Refuse a width of 0 or less."""
        require(self.sigma > 0, "window", "sigma", self.sigma, "above 0")

    def profile(self, u: Array) -> Array:
        """Return the bell, shape (steps,)."""
        return np.exp(-((u - self.mu) ** 2) / (2 * self.sigma**2))

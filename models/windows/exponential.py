"""The exponential window of published Eventprop networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.windows.base import Array, Window


@dataclass(frozen=True)
class Exponential(Window):
    """w(u) = exp(-u): early output counts most (Nowotny, Turner and Knight 2025; equation 19 of the thesis)."""

    shape: Literal["exponential"] = field(default="exponential", kw_only=True, repr=False)

    def profile(self, u: Array) -> Array:
        """Return exp(-u), shape (steps,)."""
        return np.exp(-u)

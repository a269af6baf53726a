"""A window given as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import InputError
from models.windows.base import Array, Window


@dataclass(frozen=True)
class Tabulated(Window):
    """One number a time step, from anywhere: as many as the trial has steps, none negative."""

    shape: Literal["tabulated"] = field(default="tabulated", kw_only=True, repr=False)
    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no window."""
        table = np.asarray(self.values, dtype=np.float64)
        if not np.all(np.isfinite(table)) or np.any(table < 0):
            raise InputError("the tabulated window has a value that is negative or not finite; all must be 0 or more")

    def profile(self, u: Array) -> Array:
        """Return the values, shape (steps,)."""
        if len(self.values) != len(u):
            raise InputError(f"the tabulated window has {len(self.values)} values; the trial has {len(u)} steps")
        return np.asarray(self.values, dtype=np.float64)

    def __str__(self) -> str:
        """Name the window without its many values."""
        return f"Tabulated({len(self.values)} values)"

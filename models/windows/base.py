"""What all readout windows share: a table of weights, one number a time step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.choice import Choice
from models.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Window(Choice, ABC):
    """A weighting of the trial.

    Attributes
    ----------
    shape : str
        Name of the window in configs and tables.
    normalise : bool
        Scale to mean 1 over the trial, so that a change of window does not change the loss's scale. Without
        it the Gaussian and the exponential window are the thesis's own (section 5, equation 19).
    """

    tag: ClassVar[str] = "shape"
    usual: ClassVar[str | None] = "gaussian"
    kept: ClassVar[tuple[str, ...]] = ("normalise",)

    shape: str = field(default="", kw_only=True, repr=False)
    normalise: bool = True

    @abstractmethod
    def profile(self, u: Array) -> Array:
        """Return w(u) before normalisation, for ``u`` of shape (steps,) in 0..1."""

    def table(self, steps: int) -> NDArray[np.float32]:
        """Return w at the middle of each of a trial's time steps, shape (steps,); dimensionless, never negative.

        Raises
        ------
        InputError
            If the window is zero over the whole trial, or has another length than the trial.
        """
        values = self.profile((np.arange(steps) + 0.5) / steps)
        mean = values.mean()
        if not np.isfinite(mean) or mean <= 0:
            raise InputError(f"{self} is zero over the whole trial; at least one step must count")
        return (values / mean if self.normalise else values).astype(np.float32)

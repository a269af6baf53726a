"""What all initialisers share: numbers to draw, and a way to split them among the copies of a delay line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.choice import Choice

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Initialiser(Choice, ABC):
    """A distribution that parameters are drawn from before training.

    Attributes
    ----------
    kind : str
        Name of the distribution in configs.
    """

    tag: ClassVar[str] = "kind"

    kind: str = field(default="", kw_only=True, repr=False)

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw an array of ``shape``; the first of several dimensions is the presynaptic one."""

    @abstractmethod
    def split(self, copies: int) -> Self:
        """Return what each of ``copies`` synapses is drawn from, so that their sum has the same mean and variance."""

"""The settings of conversion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.ann.options import NumbersOptions


@dataclass(frozen=True)
class ConversionOptions(NumbersOptions):
    """Those of a perceptron of numbers, and how it becomes a spiking network.

    Attributes
    ----------
    steps : int
        Time steps for which the spiking network sees an example's numbers, which are a constant current.
    percentile : float
        Of a layer's outputs over training examples: the output that a spike in every step stands for. 100 is the
        greatest (Diehl et al. 2015); with less, 99.9 for example, single great outputs don't make all others' rates
        small (Rueckauer et al. 2017), and are cut off.
    """

    kind: Literal["conversion"] = field(default="conversion", kw_only=True, repr=False)
    steps: int = 100
    percentile: float = 99.9

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        require(self.steps >= 1, "conversion", "steps", self.steps, "at least 1")
        require(0 < self.percentile <= 100, "conversion", "percentile", self.percentile, "above 0 and at most 100")

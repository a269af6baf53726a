"""The settings of surrogate gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.options import MethodOptions

Shape = Literal["fast-sigmoid", "atan", "triangle"]


@dataclass(frozen=True)
class SurrogateOptions(MethodOptions):
    """What stands for the derivative of the spike, a step function of x = (V - threshold) / threshold.

    Attributes
    ----------
    shape : {"fast-sigmoid", "atan", "triangle"}
        1 / (1 + scale |x|)^2, SuperSpike's (Zenke and Ganguli 2018); 1 / (1 + (pi / 2 scale x)^2) (Fang et al. 2021);
        max(0, 1 - scale |x|) (Bellec et al. 2020, there with a factor of 0.3).
    scale : float
        How steep it is: the greater, the fewer voltages near the threshold get a gradient. It matters more than the
        shape (Zenke and Vogels 2021).
    height : float
        The derivative at the threshold.
    reset : {"detached", "differentiated"}
        Whether the gradient goes through the reset, too.
    """

    kind: Literal["surrogate"] = field(default="surrogate", kw_only=True, repr=False)
    shape: Shape = "fast-sigmoid"
    scale: float = 10.0
    height: float = 1.0
    reset: Literal["detached", "differentiated"] = "detached"

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(0 < self.scale < math.inf, "surrogate", "scale", self.scale, "above 0, and finite")
        require(0 < self.height < math.inf, "surrogate", "height", self.height, "above 0, and finite")

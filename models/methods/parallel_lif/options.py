"""The settings of parallel neurons: how spikes come from voltages."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.options import MethodOptions


@dataclass(frozen=True)
class ParallelOptions(MethodOptions):
    """How neurons without reset spike, and what stands for the derivative of that.

    Attributes
    ----------
    spikes : {"threshold", "delta", "stochastic", "gumbel"}
        When a neuron spikes: at every step where V has reached ``network.threshold``; where V rises by ``delta`` in a
        step; with probability sigmoid(V) (Yarga and Wood's SB); with probability sigmoid(2 V) (their GS, a
        Gumbel-softmax of V and -V at temperature 1). The last two ignore the threshold, and spike at every second step
        while V is 0.
    delta : float
        In the units of the threshold.
    shape : {"fast-sigmoid", "atan"}
        What stands for the derivative of "threshold" and "delta" by x, how far V or its rise is above what makes it
        spike: 1 / (1 + scale |x|)^2, or scale / 2 / (1 + (pi / 2 scale x)^2).
    scale : float
        How steep the spike is taken to be; in the authors' code 100 for the fast sigmoid and 2 for atan.
    """

    kind: Literal["parallel-lif"] = field(default="parallel-lif", kw_only=True, repr=False)
    spikes: Literal["threshold", "delta", "stochastic", "gumbel"] = "delta"
    delta: float = 0.1
    shape: Literal["fast-sigmoid", "atan"] = "fast-sigmoid"
    scale: float = 100.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(0 < self.delta < math.inf, "parallel-lif", "delta", self.delta, "above 0, and finite")
        require(0 < self.scale < math.inf, "parallel-lif", "scale", self.scale, "above 0, and finite")

"""The settings of stochastic parallelizable spiking neurons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.methods.options import MethodOptions


@dataclass(frozen=True)
class SpsnOptions(MethodOptions):
    """How spikes come from voltages.

    Attributes
    ----------
    spikes : {"stochastic", "gumbel"}
        As of the training method "parallel-lif": with probability sigmoid(V), or sigmoid(2 V).
    """

    kind: Literal["spsn"] = field(default="spsn", kw_only=True, repr=False)
    spikes: Literal["stochastic", "gumbel"] = "stochastic"

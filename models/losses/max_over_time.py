"""Cross-entropy of the outputs' greatest voltages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from models.losses.base import Observed, ScaledSoftmaxLoss


@dataclass(frozen=True)
class MaxOverTime(ScaledSoftmaxLoss):
    """Cross-entropy over z_k = scale * max over t of V_k(t) (Cramer et al. 2020)."""

    observes: ClassVar[Observed] = "peak voltage"

    kind: Literal["max-over-time"] = field(default="max-over-time", kw_only=True, repr=False)
    scale: float = 1.0

"""The loss of published Eventprop networks: cross-entropy of the windowed mean of the output voltages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from models.losses.base import Observed, ScaledSoftmaxLoss
from models.windows import Gaussian, Window


@dataclass(frozen=True)
class CrossEntropy(ScaledSoftmaxLoss):
    """Cross-entropy over z_k = (scale / T) * integral of w(t / T) V_k(t) dt (Nowotny, Turner and Knight 2025)."""

    observes: ClassVar[Observed] = "mean voltage"

    kind: Literal["cross-entropy"] = field(default="cross-entropy", kw_only=True, repr=False)
    window: Window = field(default_factory=Gaussian)
    scale: float = 1.0

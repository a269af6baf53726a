"""Mean square distance of the windowed output voltages from their targets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import require
from models.losses.base import Array, Judgement, Labels, Loss, Observed
from models.windows import Gaussian, Window


@dataclass(frozen=True)
class MeanSquare(Loss):
    """(1 / T) * integral of w(t / T) * sum over k of (V_k(t) - y_k)^2 / 2 dt, y being ``target`` for the label, else 0.

    Attributes
    ----------
    target : float
        Voltage that the right output should have, relative to a hidden neuron's threshold of 1.
    """

    observes: ClassVar[Observed] = "voltage"

    kind: Literal["mean-square"] = field(default="mean-square", kw_only=True, repr=False)
    window: Window = field(default_factory=Gaussian)
    target: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(self.target > 0, "loss", "target", self.target, "above 0")

    def judge(self, observed: NDArray[np.floating], labels: Labels, trial: float = math.inf) -> Judgement:
        """Judge voltages at the end of every step, shape (examples, steps, classes)."""
        examples, steps, classes = observed.shape
        weight = self.window.table(steps).astype(np.float64)[:, None] / steps
        error = observed - self.targets(labels, classes)[:, None, :]
        losses = 0.5 * (weight * error**2).sum(axis=(1, 2))
        return Judgement((weight * observed).sum(axis=1), losses, weight * error / max(examples, 1))

    def targets(self, labels: Labels, classes: int) -> Array:
        """Return y, shape (examples, classes)."""
        return self.target * np.eye(classes)[labels]

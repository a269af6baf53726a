"""Cross-entropy of the outputs' first spike times."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import require
from models.losses.base import Judgement, Labels, Observed, SoftmaxLoss


@dataclass(frozen=True)
class FirstSpike(SoftmaxLoss):
    """Cross-entropy of softmax(-t_k / temperature) over the outputs' first spike times t_k.

    Plus ``early * (exp(t_label / tau) - 1)``, which pulls the right one to the trial's begin (Wunderlich and Pehle
    2021, equation 25). An output without a spike counts as one at the trial's end; it has no gradient.

    Attributes
    ----------
    temperature : float
        In ms.
    early : float
        Weight of the term that pulls the right output's spike to the trial's begin.
    tau : float
        Time constant of that term in ms.
    """

    observes: ClassVar[Observed] = "first spike"

    kind: Literal["first-spike"] = field(default="first-spike", kw_only=True, repr=False)
    early: float = 0.0
    tau: float = 100.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        require(self.early >= 0, "loss", "early", self.early, "0 or more")
        require(self.tau > 0, "loss", "tau", self.tau, "above 0")

    def judge(self, observed: NDArray[np.floating], labels: Labels, trial: float = math.inf) -> Judgement:
        """Judge first spike times in ms, shape (examples, classes), infinite where there is no spike."""
        spiked = ~np.isposinf(observed)
        times = np.where(spiked, observed, trial)
        losses, gradient = self.cross_entropy(-times, labels)
        gradient = -gradient
        rows = np.arange(len(labels))
        lateness = np.exp(times[rows, labels] / self.tau)
        losses = losses + self.early * (lateness - 1)
        gradient[rows, labels] += self.early * lateness / (self.tau * max(len(labels), 1))
        return Judgement(-times, losses, gradient * spiked)

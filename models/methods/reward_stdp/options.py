"""The settings of STDP that a reward modulates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.stdp.options import WinnerOptions


@dataclass(frozen=True)
class RewardOptions(WinnerOptions):
    """Traces, eligibility and reward; see `models.methods.reward_stdp.engine`.

    Neuron j stands for class j modulo the number of classes, and the class whose neurons spike most on average answers.
    training.learning_rate is not used: the rule has an eta of its own. Neurons answer as they have learned, with the
    inhibition and the thresholds of training.

    Attributes
    ----------
    a_plus, a_minus : float
        Eligibility by an input spike before a neuron's, and by one after it (with a minus). With both 1 (Florian 2007)
        they cancel on average where many inputs together make a neuron spike.
    tau_plus, tau_minus : float
        Time constants in ms of the traces of input spikes and of neurons' spikes.
    tau_eligibility : float
        Time constant in ms with which eligibility decays until the reward, which is given at the end of the pause.
    eta : float
        Factor on reward times eligibility, which is in 1 / ms.
    baseline : float
        Share of a new reward in the running mean that is subtracted from the next ones; 0 subtracts nothing.
    """

    competition: Literal["learning", "always"] = "always"
    theta_plus: float = 0.02
    reading: Literal["first", "adapted"] = "adapted"
    kind: Literal["r-stdp"] = field(default="r-stdp", kw_only=True, repr=False)
    a_plus: float = 1.0
    a_minus: float = 0.0
    tau_plus: float = 20.0
    tau_minus: float = 20.0
    tau_eligibility: float = 500.0
    eta: float = 40.0
    baseline: float = 0.05

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        for name in ("tau_plus", "tau_minus", "tau_eligibility"):
            value = getattr(self, name)
            require(0 < value < math.inf, self.kind, name, f"{value} ms", "above 0, and finite")
        for name in ("a_plus", "a_minus"):
            value = getattr(self, name)
            require(0 <= value < math.inf, self.kind, name, value, "0 or more, and finite")
        require(0 < self.eta < math.inf, self.kind, "eta", self.eta, "above 0, and finite")
        require(0 <= self.baseline < 1, self.kind, "baseline", self.baseline, "at least 0 and below 1")

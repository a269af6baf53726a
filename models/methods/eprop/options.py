"""The settings of e-prop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.options import MethodOptions

Feedback = Literal["symmetric", "random", "adaptive"]


@dataclass(frozen=True)
class EpropOptions(MethodOptions):
    """How errors reach hidden neurons, what these are, and what stands for the derivative of their spikes.

    Attributes
    ----------
    feedback : {"symmetric", "random", "adaptive"}
        What carries the errors of the outputs to a hidden neuron: its output weights; random weights that stay as they
        are; or random weights that change by what its output weights change by, and decay as these do
        (training.weight_decay), so that the two become alike.
    neurons : {"leaky", "adaptive"}
        Leaky integrate-and-fire, or with an adaptive threshold: threshold + beta a, where a grows by 1 at each spike of
        the neuron and decays with tau_adaptation.
    gamma : float
        Height of the pseudo-derivative gamma / threshold max(0, 1 - |V - threshold| / threshold), in which an adaptive
        neuron's threshold is the one of the moment but for both denominators.
    beta : float
        What a spike adds to an adaptive threshold.
    tau_adaptation : float
        In ms. The defaults of beta and tau_adaptation are those of Bellec et al. (2020) for TIMIT.
    """

    kind: Literal["e-prop"] = field(default="e-prop", kw_only=True, repr=False)
    feedback: Feedback = "symmetric"
    neurons: Literal["leaky", "adaptive"] = "leaky"
    gamma: float = 0.3
    beta: float = 0.184
    tau_adaptation: float = 200.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(0 < self.gamma < math.inf, "e-prop", "gamma", self.gamma, "above 0, and finite")
        require(0 <= self.beta < math.inf, "e-prop", "beta", self.beta, "0 or more, and finite")
        possible = 0 < self.tau_adaptation < math.inf
        require(possible, "e-prop", "tau_adaptation", f"{self.tau_adaptation} ms", "above 0, and finite")

    @classmethod
    def of(cls, given: MethodOptions | None) -> EpropOptions:
        """Return a problem's options; the defaults where it has none."""
        return given if isinstance(given, cls) else cls()

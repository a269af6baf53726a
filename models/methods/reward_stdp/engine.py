"""Reward-modulated STDP with eligibility traces (mSTDP-ET of Florian 2007, Neural Computation 19, 1468).

With traces x of an input's spikes and y of a neuron's, time t in ms, and spikes as sums of delta functions,

    dx/dt = -x / tau_plus + input spikes,   dy/dt = -y / tau_minus + neuron's spikes
    tau_e de/dt = -e + A_plus x (neuron's spikes) - A_minus y (input spikes)
    w <- w + eta (r - mean r) e, within [0, 1],   at the end of an example

r is 1 where the class that answers is right, otherwise -1. As in spikingjelly's learner, all pairs of spikes count and
decays are exponential; there the reward may come at every step, here it comes once, when the answer is known.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.methods.reward_stdp.options import RewardOptions
from models.methods.stdp import decoders
from models.methods.stdp.engine import WinnerEngine
from models.methods.stdp.plasticity import ELIGIBILITY, Plasticity, Traces, plasticity
from models.methods.stdp.present import Arrivals
from models.methods.stdp.rules import windows


class RewardEngine(WinnerEngine):
    """The winner-take-all network, taught by reward alone; see `RewardOptions`. Each example meets it at rest."""

    name: ClassVar[str] = "cpu, R-STDP"

    @property
    def options(self) -> RewardOptions:
        """The method's settings."""
        assert isinstance(self.problem.options, RewardOptions)
        return self.problem.options

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name."""
        return super().shapes | {"mean_reward": (1,)}

    def reward(self, r: float) -> None:
        """Change the weights by what is eligible after an example, by a reward ``r`` less the mean reward."""
        mean, share = self._weights["mean_reward"], np.float32(self.options.baseline)
        weights = self._weights["input_hidden"]
        weights += np.float32(self.options.eta * (r - float(mean[0]))) * self._plasticity.traces.eligibility
        np.clip(weights, 0, 1, out=weights)
        mean += share * (np.float32(r) - mean)

    def _show(self, arrivals: Arrivals, b: int, label: int) -> None:
        self._adopt()
        counts = self._present(arrivals, b, np.zeros(self.network.hidden_size, np.bool_))
        answer = (counts @ decoders.groups(self.stands_for, self.classes).matrix).argmax()
        self.reward(1.0 if answer == label else -1.0)

    def _decoder(self, counts: NDArray[np.int64], labels: NDArray[np.int64]) -> decoders.Decoder:
        return decoders.groups(self.stands_for, self.classes)

    def _make_plasticity(self) -> Plasticity:
        options = self.options
        rows, hidden = self.shapes["input_hidden"]
        apart = np.arange(self._steps + 1) * options.resolution
        plus, minus = np.exp(-apart / options.tau_plus), np.exp(-apart / options.tau_minus)
        left = np.exp(-apart / options.tau_eligibility) / options.tau_eligibility
        eligibility = np.zeros((rows, hidden), np.float32)
        numbers = options.a_plus * plus, options.a_minus * minus, plus, minus, left
        traces = Traces(*numbers, eligibility, np.zeros(rows), np.zeros(hidden))
        return plasticity(ELIGIBILITY, windows("fixed", options.resolution), traces, rows, hidden)

"""The entry of reward-modulated STDP in the registry."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from models.engines.base import Engine
from models.engines.entry import Resources
from models.initialisers import Initial
from models.methods.options import MethodOptions
from models.methods.reward_stdp.options import RewardOptions
from models.methods.stdp import parameters
from models.methods.stdp.entry import WinnerEntry
from models.network import Weights
from models.problem import Problem


class RewardEntry(WinnerEntry):
    """STDP whose changes wait for a reward."""

    method: ClassVar[str] = "r-stdp"
    options: ClassVar[type[MethodOptions] | None] = RewardOptions

    def shapes(self, problem: Problem) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter, the running mean of the reward among them."""
        return super().shapes(problem) | {"mean_reward": (1,)}

    def draw(self, problem: Problem, initial: Initial, seed: int | tuple[int, ...]) -> Weights:
        """Return the parameters that training begins with."""
        return super().draw(problem, initial, seed) | {"mean_reward": np.zeros(1, np.float32)}

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Here, since its kernels take a while to load.
        from models.methods.reward_stdp.engine import RewardEngine

        parameters.refuse_fewer_neurons_than_classes(problem)
        return RewardEngine(problem, weights, resources.threads)


ENTRY = RewardEntry()

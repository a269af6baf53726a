"""What gives peers the CPU engine's dynamics and loss on the time grid."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.losses import CrossEntropy
from models.network import Leaky
from models.problem import Problem


def decays(population: Leaky, dt: float) -> tuple[float, float, float]:
    """Return the factors of voltage and current in a step of dt ms, and the voltage that a current of 1 adds."""
    alpha, beta = math.exp(-dt / population.tau_mem), math.exp(-dt / population.tau_syn)
    return alpha, beta, (1 - alpha) * (population.tau_syn / dt) * (1 - beta)


def readout(problem: Problem) -> NDArray[np.float32]:
    """Return the factors of the output voltages in a logit, shape (steps,)."""
    assert isinstance(problem.loss, CrossEntropy)
    return problem.loss.window.table(problem.steps) * np.float32(problem.loss.scale / problem.steps)

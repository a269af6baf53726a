"""The factors of a time step, for peers to have the CPU engine's dynamics."""

from __future__ import annotations

import math

from models.network import Leaky


def decays(population: Leaky, dt: float) -> tuple[float, float, float]:
    """Return what voltage and current are multiplied by in a step, and the voltage that a current of 1 adds."""
    alpha, beta = math.exp(-dt / population.tau_mem), math.exp(-dt / population.tau_syn)
    return alpha, beta, (1 - alpha) * (population.tau_syn / dt) * (1 - beta)

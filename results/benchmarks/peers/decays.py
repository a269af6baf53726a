"""The factors of a time step, which give peers the CPU engine's dynamics."""

from __future__ import annotations

import math

from models.network import Leaky


def decays(population: Leaky, dt: float) -> tuple[float, float, float]:
    """Return the factors of voltage and current in a step of dt ms, and the voltage that a current of 1 adds."""
    alpha, beta = math.exp(-dt / population.tau_mem), math.exp(-dt / population.tau_syn)
    return alpha, beta, (1 - alpha) * (population.tau_syn / dt) * (1 - beta)

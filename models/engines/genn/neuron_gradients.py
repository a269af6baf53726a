"""Gradients of biases and time constants, from sums that the device keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.engines.genn.neuron_values import has_trained_time_constants, learns
from models.engines.time_constants import SUMS, time_constant_gradients
from models.network import Network, Weights


def neuron_gradients(
    network: Network, weights: Weights, dt: float, sums_of: Callable[[str], NDArray[np.float64]]
) -> Weights:
    """Return the gradients of biases and time constants.

    ``sums_of`` returns, for a population's name, rows 1 to 4, or row 1, of `models.engines.time_constants`.
    """
    gradients: Weights = {}
    for name, population in network.populations.items():
        if not learns(population):
            continue
        sums, read = np.zeros((SUMS, population.size)), sums_of(name)
        sums[1 : 1 + len(read)] = read
        tau_mem = weights.get(f"{name}_tau_mem", np.full(population.size, population.tau_mem, np.float32))
        if population.bias:
            gradients[f"{name}_bias"] = (sums[1] * -np.expm1(-dt / tau_mem.astype(np.float64))).astype(np.float32)
        if has_trained_time_constants(population):
            bias = weights.get(f"{name}_bias", np.zeros(population.size, np.float32))
            by_mem, by_syn = time_constant_gradients(sums, tau_mem, weights[f"{name}_tau_syn"], bias, dt, False)
            gradients |= {f"{name}_tau_mem": by_mem, f"{name}_tau_syn": by_syn}
    return gradients

"""Gradients of the parameters of single neurons, from sums that the device keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.engines.genn.populations import varies, wants_sums
from models.engines.time_constants import SUMS, time_constant_gradients
from models.network import Network, Weights


def vector_gradients(
    network: Network, weights: Weights, dt: float, sums_of: Callable[[str], NDArray[np.float64]]
) -> Weights:
    """Return the gradients of biases and time constants.

    Parameters
    ----------
    network : Network
    weights : dict of str to ndarray
        Parameters; those of single neurons count.
    dt : float
        Step in ms.
    sums_of : callable
        Of a population's name: rows 1 to 4, or 1, of `models.engines.time_constants`.
    """
    found: Weights = {}
    for name, population in network.populations.items():
        if not varies(population):
            continue
        sums, read = np.zeros((SUMS, population.size)), sums_of(name)
        sums[1 : 1 + len(read)] = read
        tau_mem = weights.get(f"{name}_tau_mem", np.full(population.size, population.tau_mem, np.float32))
        if population.bias:
            found[f"{name}_bias"] = (sums[1] * -np.expm1(-dt / tau_mem.astype(np.float64))).astype(np.float32)
        if wants_sums(population):
            bias = weights.get(f"{name}_bias", np.zeros(population.size, np.float32))
            by_mem, by_syn = time_constant_gradients(sums, tau_mem, weights[f"{name}_tau_syn"], bias, dt, False)
            found |= {f"{name}_tau_mem": by_mem, f"{name}_tau_syn": by_syn}
    return found

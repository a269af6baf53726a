"""Numbers of a population and a time step that the kernels work with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.network import Leaky, Network, Spiking


def coefficients(population: Leaky, dt: float) -> NDArray[np.float32]:
    """Return alpha, beta, gain and threshold (infinite where neurons never spike) as the kernels want them."""
    alpha = math.exp(-dt / population.tau_mem)
    beta = math.exp(-dt / population.tau_syn)
    gain = (1 - alpha) * (population.tau_syn / dt) * (1 - beta)
    threshold = population.threshold if isinstance(population, Spiking) else math.inf
    return np.array([alpha, beta, gain, threshold], dtype=np.float32)


def time_derivative(population: Leaky, dt: float) -> NDArray[np.float32]:
    """Return what makes the central difference of p_I of p_I, p_V and drive (see `backward`), in 1/ms.

    One step on, p_I(n + 1) = (p_I(n) - gain p_V(n) / alpha) / beta; one step back, p_I(n - 1) = beta p_I(n) +
    gain (p_V(n) + drive(n - 1)), p_V being the value at the step's beginning.
    """
    alpha, beta, gain, _ = coefficients(population, dt).astype(np.float64)
    return np.array([1 / beta - beta, gain * (1 / (alpha * beta) + 1), gain], dtype=np.float32) / np.float32(2 * dt)


def steps_between_copies(network: Network, dt: float) -> int:
    """Return the delay line's spacing in steps of ``dt`` ms.

    Raises
    ------
    InputError
        If it is no whole number of them.
    """
    spacing = network.input.delay_line.spacing
    steps = round(spacing / dt)
    if abs(steps * dt - spacing) > 1e-9:
        raise InputError(f"delay_line.spacing is {spacing} ms; it must be a whole number of steps of {dt} ms")
    return steps

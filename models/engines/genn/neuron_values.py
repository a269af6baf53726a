"""The numbers of each neuron that GeNN's code needs, in units of a time step.

GeNN runs with a step of 1. Its time is a float32, in which whole numbers are exact; with steps of 0.05 ms it finds no
taped spike again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.network import Leaky, Network, Weights

Values = Mapping[str, float | NDArray[np.float32]]
"""By GeNN's parameter name: one number for all neurons, or an array of shape (size,)."""

CURRENT_VALUES = ("ExpDecay", "IScale")
"""The parameters of the synaptic current; all others are parameters of the neurons."""


def population_values(population: Leaky, name: str, weights: Weights, dt: float) -> Values:
    """Return the numbers of a population; of ``weights`` only biases and time constants are used.

    Returns
    -------
    dict of str to float or ndarray of float32, shape (size,)
        ``Alpha``, ``Beta``, ``Gain``: ``V <- Alpha V + Gain I``, ``I <- Beta I``. ``TimeCurrent``, ``TimeVoltage``,
        ``TimeDrive``: coefficients of dp_I/dt, see `models.engines.coefficients`. ``TauMem`` in steps, ``Bias``. Of the
        current: ``ExpDecay``, and ``IScale``, the ratio of its mean over a step to its value at the beginning.
    """
    own = population.time_constants != "shared"
    tau_mem = weights[f"{name}_tau_mem"] if own else np.array([population.tau_mem])
    tau_syn = weights[f"{name}_tau_syn"] if own else np.array([population.tau_syn])
    c = Coefficients.of(tau_mem.astype(np.float64), tau_syn.astype(np.float64), dt, interpolated=False)
    found = {
        "Alpha": c.alpha,
        "Beta": c.beta,
        "Gain": c.gain,
        "TimeCurrent": c.time_current,
        "TimeVoltage": c.time_voltage,
        "TimeDrive": c.time_drive,
        "TauMem": np.asarray(tau_mem, np.float64) / dt,
        "ExpDecay": c.beta,
        "IScale": c.gain / (1 - c.alpha),
    }
    values: dict[str, float | NDArray[np.float32]] = {
        key: array.astype(np.float32) if own else float(array[0]) for key, array in found.items()
    }
    values["Bias"] = np.array(weights[f"{name}_bias"], np.float32) if population.bias else 0.0
    return values


def learns(population: Leaky) -> bool:
    """Return whether biases or time constants of a population are trained."""
    return population.bias or population.time_constants == "trained"


def has_trained_time_constants(population: Leaky) -> bool:
    """Return whether time constants of a population are trained."""
    return population.time_constants == "trained"


def all_values(network: Network, weights: Weights, dt: float) -> dict[str, Values]:
    """Return `population_values` by population."""
    return {name: population_values(p, name, weights, dt) for name, p in network.populations.items()}

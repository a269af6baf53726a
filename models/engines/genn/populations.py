"""What GeNN's code wants to know of a population: numbers a neuron, in units of a time step.

GeNN runs with a step of 1. Its time is a float32, in which whole numbers are exact: with steps of 0.05 ms taped spikes
were never found again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.network import Leaky, Network, Weights

Values = Mapping[str, float | NDArray[np.float32]]
"""By name of GeNN's parameter, one number for all neurons or an array of shape (size,)."""

CURRENT_VALUES = ("ExpDecay", "IScale")
"""Those of the synapses' current; all others are the neurons'."""


def population_values(population: Leaky, name: str, weights: Weights, dt: float) -> Values:
    """Return the numbers of a population.

    Parameters
    ----------
    population : Leaky
    name : str
        Its name in the network.
    weights : dict of str to ndarray
        The network's parameters, of which those of single neurons count.
    dt : float
        Step in ms.

    Returns
    -------
    dict of str to float or ndarray of float32, shape (size,)
        ``Alpha``, ``Beta``, ``Gain``: ``V <- Alpha V + Gain I``, ``I <- Beta I``. ``TimeCurrent``, ``TimeVoltage``,
        ``TimeDrive``: what makes dp_I/dt of adjoints, see `models.engines.coefficients`. ``TauMem`` in steps, ``Bias``,
        and of the current ``ExpDecay``, and ``IScale``, which makes a step's mean of its value at the beginning.
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


def varies(population: Leaky) -> bool:
    """Return whether training changes any of a population's numbers."""
    return population.bias or population.time_constants == "trained"


def wants_sums(population: Leaky) -> bool:
    """Return whether gradients of time constants are wanted."""
    return population.time_constants == "trained"


def all_values(network: Network, weights: Weights, dt: float) -> dict[str, Values]:
    """Return `population_values` by population."""
    return {name: population_values(p, name, weights, dt) for name, p in network.populations.items()}

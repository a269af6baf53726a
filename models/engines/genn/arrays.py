"""GeNN's variables as arrays on the host, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_matrix(variable: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a copy of a variable of dense synapses, shape (pre, post); summed over examples that ran at once."""
    variable.pull_from_device()
    view = np.array(variable.view, dtype=np.float32)
    if view.ndim > 1:
        view = view.sum(axis=0, dtype=np.float64).astype(np.float32)
    return np.asarray(view.reshape(shape))


def write_matrix(variable: Any, values: NDArray[np.float32]) -> None:
    """Set a variable of dense synapses that all examples share."""
    variable.view[:] = np.asarray(values, np.float32).reshape(variable.view.shape)
    variable.push_to_device()


def write_first_lane(variable: Any, values: NDArray[np.float32]) -> None:
    """Set a variable of dense synapses that each example has for itself: the first example's, and the others' to 0."""
    variable.view[:] = 0
    variable.view.reshape(-1)[: values.size] = values.reshape(-1)
    variable.push_to_device()


def read_neurons(population: Any, variable: str) -> NDArray[Any]:
    """Return a copy of a variable of neurons, shape (lanes, size)."""
    found = population.vars[variable]
    found.pull_from_device()
    return np.array(found.current_view).reshape(-1, population.num_neurons)


def write_neurons(population: Any, variable: str, values: NDArray[Any]) -> None:
    """Set a variable of neurons; ``values`` of shape (lanes, size), or (size,) where all examples share it."""
    found = population.vars[variable]
    found.current_view[:] = np.asarray(values).reshape(found.current_view.shape)
    found.push_to_device()

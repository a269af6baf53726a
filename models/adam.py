"""Adam (Kingma and Ba 2015) with clipping, decoupled weight decay and bounds, its moments open to checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numba import prange
from numpy.typing import NDArray

from models.errors import InputError
from models.kernels import kernel
from models.network import Network, Weights
from models.optimiser import Optimiser, Rule, rules


@dataclass(frozen=True)
class Step:
    """The numbers of one update of one parameter.

    Attributes
    ----------
    rate : float
        Learning rate, with both corrections for the moments' beginning at 0.
    epsilon : float
        What keeps the denominator from 0, corrected likewise.
    decay : float
        Fraction that the parameter loses.
    sparse : bool
        Whether its zeros are absent synapses.
    """

    beta_1: float
    beta_2: float
    rate: float
    epsilon: float
    decay: float
    sparse: bool
    bounds: tuple[float, float] | None


@dataclass
class Adam:
    """The optimiser and its state.

    Attributes
    ----------
    first, second : dict of str to ndarray of float32
        Moments of every trained parameter, each of its shape.
    step : int
        Updates made.
    """

    first: Weights
    second: Weights
    rules: Mapping[str, Rule] = field(repr=False)
    clip: float = 0.0
    step: int = 0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    @classmethod
    def of(
        cls, network: Network, weights: Mapping[str, NDArray[np.float32]], optimiser: Optimiser | None = None
    ) -> Adam:
        """Return an optimiser for a network's parameters that has not made a step yet."""
        optimiser = optimiser or Optimiser()
        return cls.by_rules(rules(network, optimiser), weights, optimiser.clip)

    @classmethod
    def by_rules(cls, learned: Mapping[str, Rule], weights: Mapping[str, NDArray[np.float32]], clip: float) -> Adam:
        """Return an optimiser for the parameters that have a rule, which has not made a step yet."""
        first, second = ({name: np.zeros_like(weights[name]) for name in learned} for _ in range(2))
        return cls(first, second, learned, clip)

    def update(self, weights: Weights, gradients: Mapping[str, NDArray[np.float32]], learning_rate: float) -> None:
        """Take one step down the gradients of all trained parameters, writing ``weights`` and the moments in place."""
        scale = self.scale(weights, gradients)
        self.apply(self.begin_step(learning_rate), weights, {name: gradients[name] for name in self.rules}, scale)

    def scale(self, weights: Weights, gradients: Mapping[str, NDArray[np.float32]]) -> float:
        """Return the factor that shortens the gradient of all parameters together to `clip`, or 1."""
        if self.clip == 0:
            return 1.0
        slopes = (_present(weights[name], gradients[name], rule.sparse) for name, rule in self.rules.items())
        norm = math.sqrt(sum(_square(slope) for slope in slopes))
        return self.clip / norm if norm > self.clip else 1.0

    def begin_step(self, learning_rate: float) -> dict[str, Step]:
        """Count a step, and return its numbers for every trained parameter."""
        self.step += 1
        # Both bias corrections in one factor; epsilon is scaled so that the update is Kingma and Ba's own.
        correction = float(np.sqrt(1 - self.beta_2**self.step))
        rate = learning_rate * correction / (1 - self.beta_1**self.step)
        return {
            name: Step(
                self.beta_1,
                self.beta_2,
                rate * rule.rate,
                self.epsilon * correction,
                learning_rate * rule.decay,
                rule.sparse,
                rule.bounds,
            )
            for name, rule in self.rules.items()
        }

    def apply(
        self,
        steps: Mapping[str, Step],
        weights: Weights,
        gradients: Mapping[str, NDArray[np.float32]],
        scale: float = 1.0,
    ) -> None:
        """Update those parameters that have a gradient, and their moments, in place.

        Parameters
        ----------
        steps : dict of str to Step
            What `begin_step` returned.
        scale : float
            Factor on the gradients.
        """
        for name, gradient in gradients.items():
            step = steps[name]
            slope = _present(weights[name], gradient, step.sparse)
            arrays = map(np.atleast_2d, (weights[name], slope, self.first[name], self.second[name]))
            numbers = (step.beta_1, step.beta_2, step.rate, step.epsilon, scale, step.decay)
            _update(*arrays, *map(np.float32, numbers))
            if step.bounds is not None:
                np.clip(weights[name], *step.bounds, out=weights[name])

    def state(self, weights: Weights) -> dict[str, NDArray[np.generic]]:
        """Return parameters, moments and step count, as checkpoints hold them; copies."""
        state: dict[str, NDArray[np.generic]] = {"adam_step": np.array(self.step)}
        for kind, arrays in self._arrays(weights).items():
            state |= {f"{kind}/{name}": array.copy() for name, array in arrays.items()}
        return state

    def load_state(self, state: Mapping[str, NDArray[np.generic]], weights: Weights) -> None:
        """Go back to what `state` returned, writing ``weights`` and moments in place.

        Raises
        ------
        InputError
            If the state is another network's.
        """
        for name, array in self.state(weights).items():
            found = state.get(name)
            if found is None or found.shape != array.shape:
                what = "nothing" if found is None else f"shape {found.shape}"
                raise InputError(f"the checkpoint has {what} for {name}; this network wants shape {array.shape}")
        for kind, arrays in self._arrays(weights).items():
            for name, array in arrays.items():
                array[:] = state[f"{kind}/{name}"]
        self.step = int(state["adam_step"])

    def _arrays(self, weights: Weights) -> dict[str, Weights]:
        return {"weights": weights, "adam_first": self.first, "adam_second": self.second}


def _present(weights: NDArray[np.float32], gradient: NDArray[np.float32], sparse: bool) -> NDArray[np.float32]:
    """Return the gradient, 0 at absent synapses: their moments stay 0 then, and so do they themselves."""
    return np.where(weights == 0, np.float32(0), gradient) if sparse else gradient


def _square(gradient: NDArray[np.float32]) -> float:
    """Return the squared norm; each row is summed by one thread, so the sum's order depends on none."""
    rows = np.empty(len(np.atleast_2d(gradient)))
    _square_rows(np.atleast_2d(gradient), rows)
    return float(rows.sum())


@kernel(parallel=True)
def _square_rows(gradient, rows):  # type: ignore[no-untyped-def]
    for row in prange(gradient.shape[0]):
        total = 0.0
        for value in gradient[row]:
            total += np.float64(value) * np.float64(value)
        rows[row] = total


@kernel(parallel=True)
def _update(weights, gradient, first, second, beta_1, beta_2, rate, epsilon, scale, decay):  # type: ignore[no-untyped-def]
    """Update a matrix and its moments in place; element-wise, so the same for any number of threads."""
    one = np.float32(1.0)
    for row in prange(weights.shape[0]):
        w, g, m, v = weights[row], gradient[row], first[row], second[row]
        for j in range(w.shape[0]):
            slope = scale * g[j]
            m[j] = beta_1 * m[j] + (one - beta_1) * slope
            v[j] = beta_2 * v[j] + (one - beta_2) * slope * slope
            # One difference: a decay that rounds to nothing beside the weight still counts beside the step.
            w[j] -= rate * m[j] / (np.sqrt(v[j]) + epsilon) + decay * w[j]

"""What every engine offers: training by epochs, predictions from one inference path, and a state to resume from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.network import Network, Weights
from models.recording import Recording


@dataclass(frozen=True)
class Regulariser:
    """Pulls hidden firing rates towards a target (Nowotny, Turner and Knight 2025).

    At every spike of neuron i, ``strength * (mean_count_i - target) / examples`` is added to the adjoint of its
    voltage, mean_count_i being its spikes an example, averaged over the batch: the gradient of
    0.5 * strength * sum_i (mean_count_i - target)^2 if every spike's count grew by one with its voltage. In mlGeNN's
    terms this is reg_lambda = strength / tau_mem^2.

    Attributes
    ----------
    strength : float
        0 switches it off.
    target : float
        Spikes an example and neuron.
    lift : float
        Added to all weights from the population below of each neuron that was silent for a whole epoch, at its end:
        without spikes it has no gradient, and would stay silent for ever. In the same units as the weights; divided by
        the copies of a delay line.
    """

    strength: float = 0.0
    target: float = 14.0
    lift: float = 0.0

    def push(self, counts: NDArray[np.integer], examples: int) -> NDArray[np.float32]:
        """Return what is added to the voltage's adjoint at every spike of each neuron, shape (neurons,).

        Parameters
        ----------
        counts : ndarray of int, shape (neurons,)
            Spikes of each neuron over the batch.
        examples : int
            Of the batch.
        """
        return (self.strength / examples * (counts / examples - self.target)).astype(np.float32)

    def lift_silent(self, weights: NDArray[np.float32], silent: NDArray[np.bool_], copies: int, density: float) -> None:
        """Raise the weights onto silent neurons, in place; absent synapses stay absent.

        Parameters
        ----------
        weights : ndarray of float32, shape (sources, neurons)
            From the population below.
        silent : ndarray of bool, shape (neurons,)
        copies : int
            Of the delay line below, 1 where there is none.
        density : float
            Of the connection's synapses; below 1 a weight of 0 is no synapse.
        """
        present = (weights[:, silent] != 0) if density < 1 else np.float32(1)
        weights[:, silent] += np.float32(self.lift / copies) * present


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training examples gave.

    Attributes
    ----------
    examples : int
    loss : float
        Mean, each example's taken before its batch's update; in nats where the loss is a cross-entropy.
    accuracy : float
        Fraction right, taken likewise.
    hidden_counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron over the epoch, all layers' behind one another.
    """

    examples: int
    loss: float
    accuracy: float
    hidden_counts: NDArray[np.int64]


@dataclass(frozen=True)
class Predictions:
    """What the network says of some examples.

    Attributes
    ----------
    logits : ndarray of float64, shape (examples, classes)
    losses : ndarray of float64, shape (examples,)
    hidden_counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron over all examples.
    """

    logits: NDArray[np.float64]
    losses: NDArray[np.float64]
    hidden_counts: NDArray[np.int64]


@dataclass(frozen=True)
class Gradients:
    """The gradient of a batch's mean loss, and what the forward pass before it gave.

    Attributes
    ----------
    weights : dict of str to ndarray of float32
        By the names of the parameters that are trained.
    logits : ndarray of float64, shape (examples, classes)
    losses : ndarray of float64, shape (examples,)
    hidden_counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron over the batch, all layers' behind one another.
    """

    weights: Weights
    logits: NDArray[np.float64]
    losses: NDArray[np.float64]
    hidden_counts: NDArray[np.int64]


class Engine(Protocol):
    """A network with weights, ready to train and to run."""

    name: str
    network: Network

    @property
    def weights(self) -> Weights:
        """Return the current weights by connection name; copies."""
        ...

    @property
    def window_table(self) -> NDArray[np.float32]:
        """Return the readout window, shape (steps,)."""
        ...

    def set_weights(self, weights: Weights) -> None:
        """Replace the weights; the optimiser starts anew."""
        ...

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Learn from every batch, in order, at one rate or at that of each batch, counted from 0."""
        ...

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch, and learn nothing."""
        ...

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order."""
        ...

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside, going backward too if asked."""
        ...

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that resuming needs: weights, moments, step count; copies."""
        ...

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned."""
        ...

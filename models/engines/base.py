"""What all engines share: the epoch loop, weights in and out, the lift of silent neurons, a state to resume from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.adam import Adam
from models.batch import SpikeBatch
from models.engines.operations import Operations, Work, spiking_work
from models.losses import Judgement
from models.network import Network, Weights
from models.optimiser import Rule, rules
from models.problem import Problem
from models.recording import Recording


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training examples gave.

    Attributes
    ----------
    loss : float
        Mean, each example's taken before its batch's update; in nats where the loss is a cross-entropy.
    accuracy : float
        Fraction right, taken likewise.
    hidden_counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron over the epoch, layer after layer.
    """

    examples: int
    loss: float
    accuracy: float
    hidden_counts: NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """Sums over examples of what a network said of them; see `Epoch`."""

    examples: int
    correct: int
    loss: float
    hidden_counts: NDArray[np.int64]

    @classmethod
    def of(
        cls, judgement: Judgement | Predictions, labels: NDArray[np.int64], hidden_counts: NDArray[np.int64]
    ) -> Tally:
        """Return the sums over the examples of one judgement."""
        correct = int((judgement.logits.argmax(axis=1) == labels).sum())
        return cls(len(labels), correct, float(judgement.losses.sum()), hidden_counts)

    def __add__(self, other: Tally) -> Tally:
        """Return the sums over both's examples."""
        return Tally(*(mine + more for mine, more in zip(vars(self).values(), vars(other).values(), strict=True)))

    def epoch(self) -> Epoch:
        """Return the means over examples."""
        examples = max(self.examples, 1)
        return Epoch(self.examples, self.loss / examples, self.correct / examples, self.hidden_counts)


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

    @classmethod
    def of_all(cls, parts: Sequence[Predictions]) -> Predictions:
        """Return the predictions of all parts' examples, in order."""
        logits, losses = (np.concatenate([getattr(p, name) for p in parts]) for name in ("logits", "losses"))
        return Predictions(logits, losses, np.sum([part.hidden_counts for part in parts], axis=0))


@dataclass(frozen=True)
class Gradients(Predictions):
    """The gradient of a batch's mean loss, and what the forward pass before it gave.

    Attributes
    ----------
    weights : dict of str to ndarray of float32
        By the names of the parameters that are trained.
    """

    weights: Weights


class Engine(ABC):
    """A network with weights, ready to train and to run.

    Members implement the abstract methods; those that keep parameters elsewhere than in ``_weights``, on a device for
    example, override the hooks below them, too. Initial weights are copied; see `set_weights`.

    Attributes
    ----------
    activity : str
        What the mean of the hidden counts by example and neuron says, with a place for that number.
    """

    name: ClassVar[str]
    activity: ClassVar[str] = "{:.1f} spikes per neuron"

    def __init__(self, problem: Problem, weights: Weights) -> None:
        self.problem = problem
        self.set_weights(weights)

    @property
    def network(self) -> Network:
        """The network that is run."""
        return self.problem.network

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name: the network's, unless a method's networks are of another kind."""
        return self.network.shapes

    @property
    def window_table(self) -> NDArray[np.float32]:
        """Return the readout window, shape (steps,)."""
        return self.problem.loss.readout.table(self.problem.steps)

    @property
    def weights(self) -> Weights:
        """Return the current parameters by name; copies."""
        self._pull()
        return {name: w.copy() for name, w in self._weights.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace the parameters; the optimiser starts anew.

        Raises
        ------
        InputError
            If they are another network's.
        """
        self._check(weights)
        self._weights = {name: np.array(weights[name], dtype=np.float32, order="C") for name in self.shapes}
        self._adopt()
        self._adam = Adam.by_rules(self._rules(), self._weights, self.problem.optimiser.clip)
        self._push()

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Learn from every batch, in order, each before the next is asked for.

        ``learning_rate`` is the optimiser's step size, or a function of the batch's number, counted from 0.
        """
        total = Tally(0, 0, 0.0, self._no_counts())
        for index, batch in enumerate(batches):
            total += self._learn(batch, learning_rate(index) if callable(learning_rate) else learning_rate)
        total = self._end_epoch(total)
        if total.examples and self.problem.regulariser.lift:
            self._lift_silent(total.hidden_counts)
        return total.epoch()

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order."""
        said = [Predictions(np.empty((0, self.network.output.size)), np.empty(0), self._no_counts())]
        return Predictions.of_all(said + [self._predict(batch) for batch in batches])

    def operations(self, batches: Iterable[SpikeBatch]) -> Operations:
        """Run examples without learning, and return what one of them costs."""
        examples, total = 0, np.zeros(len(Work()))
        for batch in batches:
            examples += len(batch)
            total += self._work(batch)
        return Operations(self._trained_numbers(), *(total / max(examples, 1)).tolist())

    @abstractmethod
    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch, and learn nothing."""

    @abstractmethod
    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside, going backward too if asked."""

    @abstractmethod
    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        """Learn from a batch at a learning rate."""

    @abstractmethod
    def _predict(self, batch: SpikeBatch) -> Predictions:
        """Run a batch without learning."""

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: by default each spike acts once, through all synapses of its neuron."""
        counts = self._predict(batch).hidden_counts
        layers = {name: counts[part] for name, part in self._hidden_layers()}
        carried = {c.name: layers[c.source] for c in self.network.connections if c.kind != "input"}
        return spiking_work(self.problem, self.weights, batch, counts.sum(), carried)

    def _trained_numbers(self) -> int:
        """Return how many numbers are trained; absent synapses have none."""
        weights, learned = self.weights, self._rules()
        absent = sum(
            np.count_nonzero(weights[c.name] == 0) * ((c.name in learned) + (f"{c.name}_delay" in learned))
            for c in self.network.connections
            if c.synapses.density < 1 and c.name in weights
        )
        return sum(weights[name].size for name in learned) - int(absent)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that resuming needs: parameters, moments, step count; copies."""
        self._pull()
        return self._adam.state(self._weights)

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned; see `Adam.load_state`."""
        self._adam.load_state(state, self._weights)
        self._push()

    def close(self) -> None:  # noqa: B027
        """Give back what the engine holds besides memory: devices, generated code. It can be used again."""

    def _check(self, weights: Weights) -> None:
        """Refuse parameters of other names or shapes, and impossible ones."""
        self.network.check(weights)

    def _rules(self) -> dict[str, Rule]:
        """Return how each trained parameter is learned."""
        return rules(self.network, self.problem.optimiser)

    def _adopt(self) -> None:  # noqa: B027
        """Lay out new parameters: arrays of ``_weights`` may be replaced by views of what the engine computes with."""

    def _push(self) -> None:  # noqa: B027
        """Take over ``_weights`` and the optimiser's moments after they have changed."""

    def _pull(self) -> None:  # noqa: B027
        """Bring ``_weights`` and the optimiser's moments up to date."""

    def _end_epoch(self, total: Tally) -> Tally:
        """Learn what is left to be learned, and return the sums over all processes' examples."""
        return total

    def _read_weights(self, name: str) -> NDArray[np.float32]:
        """Return the current weights of a connection; they may be written to."""
        return self._weights[name]

    def _write_weights(self, name: str, weights: NDArray[np.float32]) -> None:  # noqa: B027
        """Replace the weights of a connection, which `_read_weights` returned and the caller changed."""

    def _no_counts(self) -> NDArray[np.int64]:
        return np.zeros(self.network.hidden_size, dtype=np.int64)

    def _hidden_layers(self) -> Iterator[tuple[str, slice]]:
        """Yield each hidden layer's name, and its place among all hidden neurons."""
        begin = 0
        for name, population in self.network.populations.items():
            if name != "output":
                yield name, slice(begin, begin + population.size)
                begin += population.size

    def _lift_silent(self, counts: NDArray[np.int64]) -> None:
        """Raise the weights from below onto neurons that were silent for a whole epoch."""
        for name, part in self._hidden_layers():
            silent = counts[part] == 0
            if not silent.any():
                continue
            below = next(c for c in self.network.connections if c.target == name and c.kind != "recurrent")
            copies = self.network.input.delay_line.copies if below.kind == "input" else 1
            weights = self._read_weights(below.name)
            self.problem.regulariser.lift_silent(weights, silent, copies, below.synapses.density)
            self._write_weights(below.name, weights)

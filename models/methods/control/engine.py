"""The controls behind the interface of networks: an epoch gathers its examples, and its end fits the classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.batch import SpikeBatch
from models.engines.base import Engine, Epoch, Gradients, Predictions, Tally
from models.engines.operations import Work
from models.errors import InputError
from models.losses import CrossEntropy
from models.methods import frames, latency
from models.methods.control import classifiers
from models.methods.control.options import ControlOptions
from models.network import Weights, check_shapes
from models.optimiser import Rule
from models.problem import Problem
from models.recording import Recording
from models.regulariser import Regulariser


class ControlEngine(Engine):
    """A classifier of numbers; see `ControlOptions`.

    Its results are the same bits for any number of threads, since linear algebra gets one. An epoch's loss and accuracy
    are those of the classifier that it ends with, on its own training examples; the loss is the cross-entropy of the
    decision values' softmax. What stands for a hidden neuron's spikes is the number of examples in which a feature is
    not 0.
    """

    name: ClassVar[str] = "sklearn"
    activity: ClassVar[str] = "features other than 0 in {:.0%} of the examples"

    def __init__(self, problem: Problem, weights: Weights) -> None:
        self._gathered: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
        super().__init__(replace(problem, loss=CrossEntropy(), regulariser=Regulariser()), weights)

    @property
    def options(self) -> ControlOptions:
        """The method's settings."""
        assert isinstance(self.problem.options, ControlOptions)
        return self.problem.options

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name; the number of support vectors depends on the data."""
        return parameter_shapes(self.problem)

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Fit the classifier to the batches' examples; there is no learning rate."""
        self._gathered = []
        return super().train_epoch(batches, learning_rate)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Refuse: nothing is learned by gradients of batches."""
        raise InputError(f'training.method "{self.problem.method}" has no gradients: scikit-learn fits all examples')

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Refuse: there are no spikes and voltages to keep."""
        raise InputError(f'training.method "{self.problem.method}" has numbers in place of spikes and voltages to show')

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned.

        Raises
        ------
        InputError
            If the state is another classifier's.
        """
        parts = {name.removeprefix("weights/"): array for name, array in state.items() if name.startswith("weights/")}
        self.set_weights({name: array.astype(np.float32) for name, array in parts.items()})

    def seen(self, batch: SpikeBatch) -> NDArray[np.float64]:
        """Return the features of a batch's examples, shape (examples, features).

        Raises
        ------
        InputError
            If they are values of a latency code, and the events are none.
        """
        if self.options.features == "latencies":
            try:
                return latency.decode(batch, self.problem.dt)
            except InputError as error:
                raise InputError(
                    f'training.options.features is "latencies", but {error}; the ear "mfcc" makes one, and no '
                    "augmentation may change it"
                ) from None
        counted = self._counts(batch)
        numbers = frames.numbers(counted, self.options.compression, self.options.normalisation)
        return numbers.reshape(len(batch), -1).astype(np.float64)

    def _counts(self, batch: SpikeBatch) -> NDArray[np.int64]:
        steps, channels = self.problem.steps, self.network.input.channels
        return frames.counts(batch, steps, channels, self.options.frames, self.options.bands)

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        self._gathered.append((self.seen(batch), batch.labels))
        return Tally(0, 0, 0.0, self._active(batch))

    def _end_epoch(self, total: Tally) -> Tally:
        if not self._gathered:
            return total
        seen, labels = (np.concatenate(parts) for parts in zip(*self._gathered, strict=True))
        self._gathered = []
        with threadpool_limits(1):
            self.set_weights(classifiers.fit(seen, labels, self.network.output.size, self.options))
        judgement = self._judge(seen, labels)
        return Tally.of(judgement, labels, total.hidden_counts)

    def _predict(self, batch: SpikeBatch) -> Predictions:
        return self._judge(self.seen(batch), batch.labels, self._active(batch))

    def _judge(
        self, seen: NDArray[np.float64], labels: NDArray[np.int64], active: NDArray[np.int64] | None = None
    ) -> Predictions:
        with threadpool_limits(1):
            said = classifiers.logits(seen, self._weights, self.options)
        judgement = self.problem.loss.judge(said, labels)
        return Predictions(judgement.logits, judgement.losses, self._no_counts() if active is None else active)

    def _active(self, batch: SpikeBatch) -> NDArray[np.int64]:
        """Return in how many examples each feature is not 0."""
        found = self.seen(batch) if self.options.features == "latencies" else self._counts(batch)
        active: NDArray[np.int64] = (found.reshape(len(batch), -1) != 0).sum(axis=0)
        return active

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: products of features with coefficients or support vectors, and of kernels' values.

        A support vector's kernel value counts once for each machine that it is part of, the kernel itself not at all.
        """
        inputs = classifiers.standardised(self.seen(batch), self._weights)
        onto = self._weights["coefficients"] if self.options.classifier == "logistic" else self._weights["support"].T
        beyond = self._weights.get("dual", np.empty(0))
        macs = (inputs != 0).sum(axis=0) @ (onto != 0).sum(axis=1) + len(batch) * np.count_nonzero(beyond)
        return Work(macs=float(macs), dense=float(len(batch) * (onto.size + beyond.size)))

    def _trained_numbers(self) -> int:
        fitted = ("coefficients", "bias", "support", "dual", "intercepts")
        return sum(self._weights[name].size for name in fitted if name in self._weights)

    def _check(self, weights: Weights) -> None:
        check_shapes(weights, self.shapes)
        if self.options.classifier == "svm":
            present, support = int(np.count_nonzero(weights["present"])), len(weights["support"])
            wanted = (max(present - 1, 0), support), (support,), (present * (present - 1) // 2,)
            for name, shape in zip(("dual", "support_labels", "intercepts"), wanted, strict=True):
                check_shapes({name: weights[name]}, {name: shape})

    def _rules(self) -> dict[str, Rule]:
        """Return none: no parameter is learned by steps."""
        return {}

    def _no_counts(self) -> NDArray[np.int64]:
        return np.zeros(features(self.options), dtype=np.int64)


def features(options: ControlOptions) -> int:
    """Return the number of features of an example."""
    return latency.CHANNELS if options.features == "latencies" else options.frames * options.bands


def parameter_shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter of a problem's classifier."""
    assert isinstance(problem.options, ControlOptions)
    return classifiers.shapes(features(problem.options), problem.network.output.size, problem.options)

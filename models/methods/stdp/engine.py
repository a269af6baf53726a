"""Winner-take-all networks behind the interface of those that follow gradients."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

import numba
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.batch import SpikeBatch
from models.engines.base import Engine, Epoch, Gradients, Predictions, Tally
from models.engines.operations import Work, effective
from models.errors import InputError
from models.kernels import threads_here
from models.losses import CrossEntropy
from models.methods import latency
from models.methods.stdp import decoders, inputs, parameters
from models.methods.stdp.neurons import REST, TAU_THETA, Neurons, conductance_based, current_based, first_threshold
from models.methods.stdp.options import StdpOptions, WinnerOptions
from models.methods.stdp.plasticity import NONE, PAIRS, Plasticity, no_traces, plasticity
from models.methods.stdp.present import Arrivals, at_rest, present, present_all
from models.methods.stdp.rules import windows
from models.network import Weights, check_shapes
from models.optimiser import Rule
from models.problem import Problem
from models.recording import Recording
from models.regulariser import Regulariser

POISSON_STREAM = 6
"""Tells the numbers of Poisson spikes apart from others that are drawn from small seeds."""


class WinnerEngine(Engine):
    """A winner-take-all network that learns from one example after the other, on one thread.

    An epoch's examples follow each other in time, ``pause`` ms apart; an epoch begins at rest. At its end the examples,
    which are kept until then, are shown once more without plasticity: what they say is what the decoder is fitted to
    and what the epoch reports. In predictions each example meets a network at rest, and all meet the same random
    numbers, so that an example has the same answer among others and alone.
    """

    name: ClassVar[str] = "cpu, winner-take-all"

    def __init__(self, problem: Problem, weights: Weights, threads: int = 0) -> None:
        assert isinstance(problem.loss, CrossEntropy)
        self.threads = threads_here(threads)
        # Only what has a meaning here: no window, no target rates.
        loss = CrossEntropy(temperature=problem.loss.temperature, smoothing=problem.loss.smoothing)
        # The run's seed draws the first weights, which a run that goes on begins with, too.
        self._key = zlib.crc32(b"".join(array.tobytes() for array in weights.values()))
        self._seen: list[SpikeBatch] = []
        super().__init__(replace(problem, loss=loss, regulariser=Regulariser()), weights)

    @property
    def options(self) -> WinnerOptions:
        """The method's settings."""
        assert isinstance(self.problem.options, WinnerOptions)
        return self.problem.options

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name."""
        return parameters.shapes(self.problem)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.network.output.size

    @property
    def stands_for(self) -> NDArray[np.int64]:
        """Class of each neuron where neurons have one from the beginning, shape (hidden,)."""
        return np.arange(self.network.hidden_size) % self.classes

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Learn from every batch; the first time, fit the receptive fields to all of them before."""
        if self.options.input == "receptive-fields" and not self._fitted:
            batches = list(batches)
            self._fit_fields(batches)
        return super().train_epoch(batches, learning_rate)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Refuse: no gradient is followed."""
        raise InputError(f'training.method "{self.problem.method}" follows no gradient')

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Refuse: answers come from spike counts, not from voltages of outputs."""
        raise InputError(f'training.method "{self.problem.method}" has no voltages of outputs to show')

    @abstractmethod
    def _show(self, arrivals: Arrivals, b: int, label: int) -> None:
        """Learn from one example of some arrivals."""

    @abstractmethod
    def _decoder(self, counts: NDArray[np.int64], labels: NDArray[np.int64]) -> decoders.Decoder:
        """Return the decoder after an epoch, from the spike counts of its examples."""

    @property
    def _neurons(self) -> Neurons:
        return conductance_based(self.options)

    @property
    def _reading(self) -> Neurons:
        """The neurons where nothing is learned."""
        reading = self._neurons._replace(theta_plus=0.0)
        return reading if self.options.competition == "always" else reading._replace(inhibition=0.0)

    @property
    def _steps(self) -> int:
        """Steps of the network an example, with the pause behind it."""
        shown = self.problem.trial if self.options.input == "spikes" else self.options.duration
        return round((shown + self.options.pause) / self.options.resolution)

    @property
    def _fitted(self) -> bool:
        return bool((self._weights["field_highest"] > self._weights["field_lowest"]).any())

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        self._seen.append(batch)
        first = self._adam.step

        def uniform(b: int, shape: tuple[int, int]) -> NDArray[np.float64]:
            return np.random.default_rng((POISSON_STREAM, self._key, first + b)).random(shape)

        arrivals = self._arrivals(batch, uniform)
        for b, label in enumerate(batch.labels):
            self._show(arrivals, b, int(label))
            self._weights["hidden_theta"] *= np.float32(np.exp(-self._steps * self.options.resolution / TAU_THETA))
            self._adam.step += 1
        return Tally(0, 0, 0.0, self._no_counts())

    def _end_epoch(self, total: Tally) -> Tally:
        """Show all examples again, let them make the decoder, and report what they say."""
        if not self._seen:
            return total
        counts = [self._counts(batch) for batch in self._seen]
        labels = [batch.labels for batch in self._seen]
        with threadpool_limits(1):
            matrix, bias = self._decoder(np.concatenate(counts), np.concatenate(labels))
        self._weights["hidden_output"][:], self._weights["output_bias"][:] = matrix, bias
        for found, wanted in zip(counts, labels, strict=True):
            total += Tally.of(self._judge(found, wanted), wanted, found.sum(axis=0))
        self._seen = []
        self._adopt()
        return total

    def _predict(self, batch: SpikeBatch) -> Predictions:
        return self._judge(self._counts(batch), batch.labels)

    def _judge(self, counts: NDArray[np.int64], labels: NDArray[np.int64]) -> Predictions:
        assert isinstance(self.problem.loss, CrossEntropy)
        matrix, bias = (self._weights[name].astype(np.float64) for name in ("hidden_output", "output_bias"))
        logits = counts @ matrix + bias
        losses, _ = self.problem.loss.cross_entropy(logits, labels)
        return Predictions(logits, losses, counts.sum(axis=0))

    def _counts(self, batch: SpikeBatch) -> NDArray[np.int64]:
        """Return each neuron's spikes without plasticity, shape (examples, hidden)."""
        numba.set_num_threads(self.threads)
        counts = np.zeros((len(batch), self.network.hidden_size), np.int64)
        weights, threshold = self._weights["input_hidden"], self._weights["hidden_theta"] + np.float32(REST)
        if self.options.reading == "first":
            threshold[:] = first_threshold(parameters.class_wise(self.options)) + REST
        arrivals = self._arrivals(batch, _the_same)
        present_all(arrivals, self._steps, weights, threshold, self._reading, counts)
        return counts

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: input spikes, spikes that inhibit all other neurons, and their decoding."""
        counts = self._counts(batch).sum(axis=0)
        rows, hidden = self.shapes["input_hidden"]
        arrivals = self._arrivals(batch, _the_same)
        heard = np.bincount(arrivals.inputs, arrivals.many, rows)
        readout, others = self._weights["hidden_output"], (hidden - 1) * (self._reading.inhibition > 0)
        accumulates = effective(heard, self._weights["input_hidden"]) + effective(counts, readout)
        accumulates += int(counts.sum()) * others
        synapses = rows * hidden + hidden * others + readout.size
        return Work(float(counts.sum()), float(accumulates), dense=float(synapses * self._steps * len(batch)))

    def _trained_numbers(self) -> int:
        learned = ("input_hidden", "hidden_theta", "hidden_output", "output_bias")
        return sum(self._weights[name].size for name in learned)

    def _arrivals(self, batch: SpikeBatch, uniform: Callable[[int, tuple[int, int]], NDArray[np.float64]]) -> Arrivals:
        """Return the input spikes of a batch."""
        if self.options.input == "spikes":
            problem = self.problem
            return inputs.of_events(batch, self.network.input, problem.dt, problem.steps, self.options.resolution)
        fields = self._weights["field_lowest"], self._weights["field_highest"], self.options.fields
        return inputs.poisson(inputs.responses(self._values(batch), *fields), self.options, uniform)

    def _values(self, batch: SpikeBatch) -> NDArray[np.float64]:
        try:
            return inputs.normalised(latency.decode(batch, self.problem.dt), self.options)
        except InputError as error:
            raise InputError(
                f'training.options.input is "receptive-fields", but {error}; the ear "mfcc" makes one, and no '
                "augmentation may change it"
            ) from None

    def _fit_fields(self, batches: Iterable[SpikeBatch]) -> None:
        values = np.concatenate([self._values(batch) for batch in batches])
        self._weights["field_lowest"][:], self._weights["field_highest"][:] = values.min(axis=0), values.max(axis=0)

    def _present(self, arrivals: Arrivals, b: int, silenced: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Show one example with plasticity, and return each neuron's spikes."""
        counts, threshold = self._no_counts(), self._weights["hidden_theta"] + np.float32(REST)
        weights, state = self._weights["input_hidden"], self._state
        present(
            arrivals, b, self._steps, weights, threshold, silenced, self._neurons, self._plasticity, state, counts
        )  # fmt: skip
        self._weights["hidden_theta"][:] = threshold - np.float32(REST)
        return counts

    def _make_plasticity(self) -> Plasticity:
        """Return plasticity that has not met a spike yet."""
        rows, hidden = self.shapes["input_hidden"]
        return plasticity(NONE, windows("fixed", self.options.resolution), no_traces(), rows, hidden)

    def _adopt(self) -> None:
        """Begin at rest."""
        self._state = at_rest(self.network.hidden_size, self._neurons)
        self._plasticity = self._make_plasticity()

    def _check(self, weights: Weights) -> None:
        check_shapes(weights, self.shapes)
        found = weights["input_hidden"]
        if not ((found >= 0) & (found <= 1)).all():
            raise InputError(f"input_hidden goes from {found.min()} to {found.max()}; all must lie in 0..1")

    def _rules(self) -> dict[str, Rule]:
        """Return none: nothing is learned by gradients."""
        return {}


def _the_same(b: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the random numbers that every example meets where nothing is learned."""
    return np.random.default_rng(POISSON_STREAM).random(shape)


class StdpEngine(WinnerEngine):
    """Unsupervised pair rules; see `StdpOptions`."""

    name: ClassVar[str] = "cpu, STDP"

    @property
    def options(self) -> StdpOptions:
        """The method's settings."""
        assert isinstance(self.problem.options, StdpOptions)
        return self.problem.options

    @property
    def _class_wise(self) -> bool:
        return parameters.class_wise(self.options)

    @property
    def _neurons(self) -> Neurons:
        return current_based(self.options) if self._class_wise else conductance_based(self.options)

    def _show(self, arrivals: Arrivals, b: int, label: int) -> None:
        if self.options.rule == "fixed" and self.options.reading == "first":
            return  # Nothing that an answer depends on would change.
        silenced = np.zeros(self.network.hidden_size, np.bool_)
        if self._class_wise:
            silenced = self.stands_for != label
            self._state.voltage[:] = self._neurons.rest
        elif self.options.rule != "fixed" and self.options.mean_weight > 0:
            self._scale()
        self._present(arrivals, b, silenced)

    def _scale(self) -> None:
        """Scale each neuron's weights to their mean; none exceeds 1."""
        weights = self._weights["input_hidden"]
        mean = weights.mean(axis=0)
        weights *= np.where(mean > 0, np.float32(self.options.mean_weight) / np.where(mean > 0, mean, 1), 1)
        np.minimum(weights, 1, out=weights)

    def _decoder(self, counts: NDArray[np.int64], labels: NDArray[np.int64]) -> decoders.Decoder:
        if self.options.decoder == "logistic":
            return decoders.logistic(counts, labels, self.classes, self.options.inverse_penalty)
        if self.options.decoder == "assignment":
            return decoders.assignment(counts, labels, self.classes)
        return decoders.groups(self.stands_for, self.classes)

    def _trained_numbers(self) -> int:
        fixed = self.options.rule == "fixed"
        return super()._trained_numbers() - self._weights["input_hidden"].size * fixed

    def _make_plasticity(self) -> Plasticity:
        rows, hidden = self.shapes["input_hidden"]
        found = windows(self.options.rule, self.options.resolution, self.options.amplitude)
        kind = NONE if self.options.rule == "fixed" else PAIRS
        return plasticity(kind, found, no_traces(), rows, hidden)

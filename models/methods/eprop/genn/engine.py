"""The e-prop engine: trials of a compiled network, with the error of each step, and one update per batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Gradients, Predictions, Tally
from models.engines.entry import Entry
from models.engines.genn import buffers
from models.engines.genn.available import Backend
from models.engines.genn.device_engine import DeviceEngine
from models.engines.genn.events import by_channel
from models.engines.genn.program import Program
from models.errors import InputError
from models.losses import CrossEntropy
from models.methods.eprop.genn.entry import ENTRY
from models.methods.eprop.genn.simulator import EpropSimulator
from models.methods.eprop.judging import judge, targets
from models.network import Weights
from models.problem import Problem
from models.recording import Recording, Spikes


class EpropEngine(DeviceEngine[EpropSimulator]):
    """e-prop with symmetric feedback on code that GeNN generates, through mlGeNN's compiler.

    Parameters
    ----------
    problem : Problem
        The regulariser's strength is mlGeNN's c_reg.
    lanes : int
        Examples that run at once; the CPU's backend runs one.
    """

    name: ClassVar[str] = "genn, e-prop"
    entry: ClassVar[Entry] = ENTRY

    def __init__(
        self, problem: Problem, weights: Weights, backend: Backend = "single_threaded_cpu", lanes: int = 1
    ) -> None:
        self.program = Program(problem, backend, lanes)
        self._room = buffers.FIRST_ROOM * problem.network.input.delay_line.copies * lanes
        super().__init__(problem, weights)

    @property
    def loss(self) -> CrossEntropy:
        """The loss, of which e-prop takes window, scale, temperature and smoothing."""
        assert isinstance(self.problem.loss, CrossEntropy)
        return self.problem.loss

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return e-prop's estimate of the gradient of the mean loss over a batch, and learn nothing."""
        predictions = self._run(batch)
        found = self._mean_gradients(len(batch))
        self._running.clear()
        return Gradients(predictions.logits, predictions.losses, predictions.hidden_counts, found)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep spikes and voltages; e-prop has no adjoints."""
        if adjoints:
            raise InputError("e-prop has no adjoints to record; Eventprop has")
        events = by_channel(batch, self.network.input, self.problem.dt, self.problem.steps)
        found = [self._record_one(*one) for one in zip(events, batch.labels[:, None], strict=True)]
        self._running.clear()
        return found

    def _record_one(self, events: PreprocessedSpikes, label: NDArray[np.int64]) -> Recording:
        variables = (("hidden", "SpikeCount"), ("hidden", "V"), ("output", "V"))
        kept: dict[tuple[str, str], list[NDArray[Any]]] = {variable: [] for variable in variables}

        def keep() -> None:
            for (population, variable), rows in kept.items():
                rows.append(self._running.read(population, variable)[0])

        self._trial([events], label, keep)
        counts, hidden, output = (np.array(rows) for rows in kept.values())
        dt, inside = self.problem.dt, slice(1, self.problem.steps + 1)
        steps, neurons = np.nonzero(np.diff(counts, axis=0, prepend=0)[inside])
        spikes = Spikes((steps.astype(np.float64) + 1) * dt, neurons.astype(np.int32))
        voltages = {"hidden": hidden[inside].astype(np.float32), "output": output[inside].astype(np.float32)}
        return Recording(dt, self._judged(label).logits[0], {"hidden": spikes}, voltages)

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        predictions = self._run(batch)
        scale = 1.0
        if self.problem.optimiser.clip:
            self._weights |= {name: self._running.read_parameter(name) for name in self.network.shapes}
            scale = self._adam.scale(self._weights, self._mean_gradients(len(batch)))
        factors = {name: scale * (self._unit(name) / len(batch)) for name in self.network.shapes}
        self._running.update(self._adam.begin_step(rate), factors)
        return Tally.of(predictions, batch.labels, predictions.hidden_counts)

    def _predict(self, batch: SpikeBatch) -> Predictions:
        predictions = self._run(batch)
        self._running.clear()
        return predictions

    def _run(self, batch: SpikeBatch) -> Predictions:
        """Run a batch; its gradients add up on the device."""
        results = []
        examples = by_channel(batch, self.network.input, self.problem.dt, self.problem.steps)
        for begin in range(0, len(batch), self.program.lanes):
            labels = batch.labels[begin : begin + self.program.lanes]
            self._trial(examples[begin : begin + self.program.lanes], labels)
            results.append(self._judged(labels))
        return Predictions.of_all(results)

    def _trial(
        self, examples: list[PreprocessedSpikes], labels: NDArray[np.int64], after: Callable[[], None] | None = None
    ) -> None:
        """Run examples at once; ``after`` is called after each of GeNN's steps."""
        needed = sum(len(e.spike_times) for e in examples)
        if needed > self._room:
            self._enlarge(buffers.room_for(needed, self._room))
        learned = np.arange(self.program.lanes) < len(labels)
        self._running.run(examples, self._targets(labels), learned, after)

    def _enlarge(self, room: int) -> None:
        """Build the network with room for more input events, and keep its gradients."""
        names = [] if self._compiled is None else self.network.shapes
        kept = {name: self._running.gradient(name) for name in names}
        self.close()
        self._room = room
        for name, gradient in kept.items():
            self._running.write_gradient(name, gradient)

    def _judged(self, labels: NDArray[np.int64]) -> Predictions:
        """Return what the outputs say of the trial's examples."""
        means = self._running.read("output", "VSoftmaxAvg")[: len(labels)].astype(np.float64)
        logits, losses = judge(self.loss, means, labels)
        counts = self._running.read("hidden", "SpikeCount")[: len(labels)].sum(axis=0)
        return Predictions(logits, losses, counts.astype(np.int64))

    def _targets(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the target probabilities, shape (lanes, classes)."""
        lanes = np.zeros(self.program.lanes, np.int64)
        lanes[: len(labels)] = labels
        return targets(self.loss, lanes, self.network.output.size)

    def _mean_gradients(self, examples: int) -> Weights:
        """Return the mean over ``examples`` of the gradients that have added up on the device."""
        return {
            name: self._running.gradient(name) * np.float32(self._unit(name) / examples) for name in self.network.shapes
        }

    def _unit(self, name: str) -> float:
        """Return the factor from mlGeNN's sums to the gradient: charges of spikes, and the softmax's temperature."""
        hidden, output = self.network.hidden[0], self.network.output
        unit = output.tau_syn / output.tau_mem * self.loss.scale / self.loss.temperature
        return unit if name == "hidden_output" else unit * hidden.tau_syn / hidden.tau_mem

    def _build(self) -> EpropSimulator:
        temperature = self.loss.temperature / self.loss.scale
        return EpropSimulator(self.program, temperature, self._weights, self._room)

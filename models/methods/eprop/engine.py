"""The e-prop engine: trials of a compiled network, with the error of each step, and an update a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.adam import Adam
from models.batch import SpikeBatch
from models.engines.base import Epoch, Gradients, Predictions
from models.engines.genn import buffers
from models.engines.genn.available import Backend
from models.engines.genn.device_engine import DeviceEngine
from models.engines.genn.events import by_channel
from models.errors import InputError
from models.losses import CrossEntropy, Loss
from models.methods.eprop.compiler import EpropProgram
from models.methods.eprop.refusals import refuse
from models.methods.eprop.simulator import EpropSimulator
from models.network import Network, Weights
from models.optimiser import Optimiser
from models.recording import Recording, Spikes
from models.regulariser import Regulariser

_TINY = 1e-12
"""Keeps the logarithm of a probability finite."""


class EpropEngine(DeviceEngine[EpropSimulator]):
    """e-prop with symmetric feedback on what GeNN generates, through mlGeNN's compiler.

    Parameters
    ----------
    network, weights, loss, dt, steps, regulariser, optimiser
        As for `models.engines.cpu.engine.CpuEngine`. The regulariser's strength is mlGeNN's c_reg.
    backend : {"single_threaded_cpu", "cuda", "hip"}
    lanes : int
        Examples that run at once; the CPU's backend runs one.

    Raises
    ------
    InputError
        If weights do not fit the network, or e-prop can't do what the network or the loss wants.
    """

    name = "genn, e-prop"

    def __init__(
        self,
        network: Network,
        weights: Weights,
        loss: Loss,
        dt: float,
        steps: int,
        regulariser: Regulariser | None = None,
        optimiser: Optimiser | None = None,
        backend: Backend = "single_threaded_cpu",
        lanes: int = 1,
    ) -> None:
        self.loss = refuse(network, loss)
        self.network, self.dt, self.steps = network, dt, steps
        self.regulariser = regulariser or Regulariser()
        self.optimiser = optimiser or Optimiser()
        temperature, wanted = self.loss.temperature / self.loss.scale, self.regulariser
        self.program = EpropProgram(network, dt, steps, temperature, wanted.strength, wanted.target, backend, lanes)
        self._room = buffers.FIRST_ROOM * network.input.delay_line.copies * lanes
        self._judge = CrossEntropy(self.loss.window, smoothing=self.loss.smoothing)
        self.set_weights(weights)

    @property
    def weights(self) -> Weights:
        """Return the current parameters by name; copies."""
        self._pull()
        return {name: w.copy() for name, w in self._weights.items()}

    @property
    def window_table(self) -> NDArray[np.float32]:
        """Return the readout window, shape (steps,)."""
        return self.loss.window.table(self.steps)

    def set_weights(self, weights: Weights) -> None:
        """Replace the parameters; the optimiser starts anew."""
        self.network.check(weights)
        self._weights = {name: np.array(weights[name], dtype=np.float32, order="C") for name in self.network.shapes}
        self._adam = Adam.of(self.network, self._weights, self.optimiser)
        self._push()

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Learn from every batch, in order; see `models.engines.base.Engine`."""
        examples, correct, loss = 0, 0, 0.0
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        for index, batch in enumerate(batches):
            logits, losses, spikes = self._run(batch)
            self._update(learning_rate(index) if callable(learning_rate) else learning_rate, len(batch))
            examples += len(batch)
            correct += int((logits.argmax(axis=1) == batch.labels).sum())
            loss += float(losses.sum())
            counts += spikes
        if examples and self.regulariser.lift:
            self._lift(counts)
        return Epoch(examples, loss / max(examples, 1), correct / max(examples, 1), counts)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return e-prop's estimate of the gradient of the mean loss over a batch, and learn nothing."""
        logits, losses, counts = self._run(batch)
        found = {
            name: self._running.gradient(name) * np.float32(self._unit(name) / len(batch))
            for name in self.network.shapes
        }
        self._running.clear()
        return Gradients(logits, losses, counts, found)

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order."""
        logits, losses = [np.empty((0, self.network.output.size))], [np.empty(0)]
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        for batch in batches:
            said, wrong, spikes = self._run(batch)
            logits.append(said)
            losses.append(wrong)
            counts += spikes
        self._running.clear()
        return Predictions(np.concatenate(logits), np.concatenate(losses), counts)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep spikes and voltages.

        Raises
        ------
        InputError
            If adjoints are asked for: e-prop has none.
        """
        if adjoints:
            raise InputError("e-prop has no adjoints to record; Eventprop has")
        found = [self._record_one(_part(batch, example)) for example in range(len(batch))]
        self._running.clear()
        return found

    def _record_one(self, batch: SpikeBatch) -> Recording:
        (one,) = by_channel(batch, self.network.input, self.dt, self.steps)
        kept: dict[tuple[str, str], list[NDArray[Any]]] = {
            ("hidden", "SpikeCount"): [],
            ("hidden", "V"): [],
            ("output", "V"): [],
        }

        def keep() -> None:
            for (population, variable), rows in kept.items():
                rows.append(self._running.read(population, variable)[0])

        self._trial([one], batch.labels, keep)
        counts, hidden, output = (np.array(rows) for rows in kept.values())
        inside = slice(1, self.steps + 1)
        steps, neurons = np.nonzero(np.diff(counts, axis=0, prepend=0)[inside])
        spikes = Spikes((steps.astype(np.float64) + 1) * self.dt, neurons.astype(np.int32))
        voltages = {"hidden": hidden[inside].astype(np.float32), "output": output[inside].astype(np.float32)}
        return Recording(self.dt, self._said(batch.labels)[0][0], {"hidden": spikes}, voltages)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return parameters, Adam's moments and its step count; copies."""
        self._pull()
        return self._adam.state(self._weights)

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned."""
        self._adam.load_state(state, self._weights)
        self._push()

    def _run(self, batch: SpikeBatch) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Run a batch; its gradients add up on the device. Return logits, losses and hidden counts."""
        logits, losses = [], []
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        examples = by_channel(batch, self.network.input, self.dt, self.steps)
        for begin in range(0, len(batch), self.program.lanes):
            labels = batch.labels[begin : begin + self.program.lanes]
            self._trial(examples[begin : begin + self.program.lanes], labels)
            said, wrong = self._said(labels)
            logits.append(said)
            losses.append(wrong)
            counts += self._running.read("hidden", "SpikeCount")[: len(labels)].sum(axis=0)
        return np.concatenate(logits), np.concatenate(losses), counts

    def _trial(
        self, examples: list[PreprocessedSpikes], labels: NDArray[np.int64], after: Callable[[], None] | None = None
    ) -> None:
        needed = sum(len(e.spike_times) for e in examples)
        if needed > self._room:
            totals = {} if self._compiled is None else {n: self._compiled.gradient(n) for n in self.network.shapes}
            self.close()
            self._room = buffers.room_for(needed, self._room)
            for name, total in totals.items():
                self._running.write_gradient(name, total)
        learned = np.arange(self.program.lanes) < len(labels)
        self._running.run(examples, self._targets(labels), learned, after)

    def _said(self, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return logits, the logarithms of the windowed mean of probabilities, and losses."""
        logits = np.log(self._running.read("output", "VSoftmaxAvg")[: len(labels)].astype(np.float64) + _TINY)
        return logits, self._judge.cross_entropy(logits, labels)[0]

    def _targets(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what probabilities should be, shape (lanes, classes)."""
        classes = self.network.output.size
        wanted = np.full((self.program.lanes, classes), self.loss.smoothing / classes, np.float32)
        wanted[np.arange(len(labels)), labels] += 1 - self.loss.smoothing
        return wanted

    def _unit(self, name: str) -> float:
        """Return what makes mlGeNN's totals the gradient: the charges of spikes, and the softmax's temperature."""
        hidden, output = self.network.hidden[0], self.network.output
        unit = output.tau_syn / output.tau_mem * self.loss.scale / self.loss.temperature
        return unit if name == "hidden_output" else unit * hidden.tau_syn / hidden.tau_mem

    def _update(self, rate: float, examples: int) -> None:
        simulator = self._running
        factors = {name: self._unit(name) / examples for name in self.network.shapes}
        scale = 1.0
        if self.optimiser.clip:
            self._weights |= {name: simulator.read_parameter(name) for name in factors}
            found = {name: simulator.gradient(name) * np.float32(factor) for name, factor in factors.items()}
            scale = self._adam.scale(self._weights, found)
        simulator.update(self._adam.begin_step(rate), {name: scale * factor for name, factor in factors.items()})

    def _lift(self, counts: NDArray[np.int64]) -> None:
        """Raise the input of neurons that were silent for an epoch."""
        below = self.network.connections[0]
        weights = self._running.read_parameter(below.name)
        copies = self.network.input.delay_line.copies
        self.regulariser.lift_silent(weights, counts == 0, copies, below.synapses.density)
        self._running.write_parameter(below.name, weights)

    def _build(self) -> EpropSimulator:
        return EpropSimulator(self.program, self._weights, self.window_table / np.float32(self.steps), self._room)


def _part(batch: SpikeBatch, example: int) -> SpikeBatch:
    part = slice(batch.offsets[example], batch.offsets[example + 1])
    offsets = np.array([0, part.stop - part.start], np.int64)
    return SpikeBatch(batch.steps[part], batch.units[part], offsets, batch.labels[example : example + 1])

"""The engine of our own kernels for GPUs: layers, readout and optimiser put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Engine, Gradients, Predictions, Tally
from models.engines.cuda.events import Events, Input, sort
from models.engines.cuda.layer import Layer, Part, Tape
from models.engines.cuda.memory import DeviceFullError, Memory
from models.engines.cuda.output import Output
from models.engines.cuda.recorder import record_batch
from models.engines.cuda.sources import GROUP, count_spikes
from models.engines.cuda.update import shorten
from models.errors import InputError
from models.losses import Judgement
from models.network import Weights
from models.problem import Problem
from models.recording import Recording

COUNT_THREADS = 128


class Pass(NamedTuple):
    """What a forward pass gave.

    Attributes
    ----------
    events : list of Events
        What each layer took, the readout too.
    tapes : list of Tape
        By layer.
    kept : bool
        Whether the states that gradients with respect to time constants need have been kept.
    judgement : Judgement
    counts : list of ndarray of int64, each (size,)
        Spikes of each neuron, by layer.
    """

    events: list[Events]
    tapes: list[Tape]
    kept: bool
    judgement: Judgement
    counts: list[NDArray[np.int64]]


class CudaEngine(Engine):
    """Eventprop on an NVIDIA GPU, one launch a pass; results are the same bits from run to run on one kind of GPU.

    A batch goes backward in parts where the device's memory does not hold all of its adjoint currents. No result
    depends on the parts.

    Raises
    ------
    InputError
        If weights do not fit the network, or the delay line does not fit dt.
    """

    name: ClassVar[str] = "cuda"

    def __init__(self, problem: Problem, weights: Weights) -> None:
        self.memory = Memory()
        self.split = 0
        """Examples that go backward at once; 0 are all of a batch."""
        self._input = Input(self.memory, problem.steps)
        self._scale = self.memory.to_device(np.ones(1, np.float32))
        super().__init__(problem, weights)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch, and learn nothing."""
        ran, found = self._slopes(batch)
        for part in self._populations:
            found |= part.matrix.named_gradients()
        judgement, counts = ran.judgement, np.concatenate(ran.counts)
        learned = {name: found[name] for name in self._weights if name in found}
        return Gradients(judgement.logits, judgement.losses, counts, learned)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside, going backward too if asked."""
        self._pull()
        with _sentence(len(batch)):
            ran = self._forward(self._input.load(batch), batch)
            top = Layer(self.problem, "output", self._weights, self.memory)
            top.push(self._adam)
            return record_batch([*self.layers, top], ran.events, ran.tapes, ran.judgement, adjoints)

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        ran, found = self._slopes(batch)
        rules = self._adam.rules
        scale = 1.0
        if self._adam.clip:
            extra = sum(float(np.square(g.astype(np.float64)).sum()) for g in found.values())
            norms = self.memory.put("norms", np.full(len(self._populations) + 1, extra))
            for place, part in enumerate(self._populations):
                part.matrix.square(rules, norms, place)
            shorten[1, 1, self.memory.stream](norms, self._adam.clip, self._scale)
            if found:
                scale = float(self.memory.to_host(self._scale)[0][0])
        steps = self._adam.begin_step(rate)
        for part in self._populations:
            part.matrix.update(steps, self._scale)
        if found:
            self._adam.apply(steps, self._weights, found, scale)
            for part in self._populations:
                if part.learns_on_host():
                    part.refresh()
        return Tally.of(ran.judgement, batch.labels, np.concatenate(ran.counts))

    def _predict(self, batch: SpikeBatch) -> Predictions:
        with _sentence(len(batch)):
            ran = self._forward(self._input.load(batch), batch)
        return Predictions(ran.judgement.logits, ran.judgement.losses, np.concatenate(ran.counts))

    @property
    def _populations(self) -> tuple[Layer | Output, ...]:
        return (*self.layers, self.output)

    def _slopes(self, batch: SpikeBatch) -> tuple[Pass, Weights]:
        """Run a batch forward and backward; gradients of weights stay on the device, the others are returned."""
        events = self._input.load(batch)
        while True:
            try:
                return self._try_slopes(events, batch)
            except DeviceFullError as error:
                self._halve(len(batch), error)

    def _try_slopes(self, events: Events, batch: SpikeBatch) -> tuple[Pass, Weights]:
        examples = len(batch)
        ran = self._forward(events, batch, learning=True)
        error = self.memory.put("error", ran.judgement.gradient)
        tapes, top = ran.tapes, self.layers[-1]
        spike_times = top.times_room(examples)
        spikes = sort(self.memory, top.name, ran.events[-1], examples, top.size)
        self.output.learn(tapes[-1], spikes, error, examples, spike_times)
        found = self.output.neuron_gradients(tapes[-1], ran.judgement.gradient, error)
        for i in range(len(self.layers) - 1, -1, -1):
            layer, taken = self.layers[i], ran.events[i]
            below = sort(self.memory, layer.below.source, taken, examples, layer.sources)
            event_times = self.layers[i - 1].times_room(examples) if i else None
            push, sums = layer.push_of(ran.counts[i], examples), layer.sums_room(examples)
            layer.begin(examples)
            for part in self._parts(examples):
                history = self.memory.room(("history", layer.width), (len(part), self.problem.steps, layer.width))
                states = layer.states_room(part)
                if states is not None and not ran.kept:
                    layer.forward(taken, tapes[i], self.output.first_gain, part, states)
                layer.backward(taken, tapes[i], spike_times, push, part, history, states, sums, event_times)
                layer.gather(part, below, spikes if layer.recurrent else None, taken.lag, history)
            found |= layer.neuron_gradients(sums)
            if event_times is not None:
                spike_times, spikes = event_times, below
        return ran, found

    def _forward(self, events: Events, batch: SpikeBatch, learning: bool = False) -> Pass:
        examples, whole = len(batch), Part(0, len(batch))
        kept = learning and len(list(self._parts(examples))) == 1
        while True:
            taken, tapes, totals = [events], [], []
            for layer in self.layers:
                tape = layer.tape(examples)
                states = layer.states_room(whole) if kept else None
                layer.forward(taken[-1], tape, self.output.first_gain, whole, states)
                total = self.memory.room((layer.name, "total"), (layer.size,), np.int32)
                blocks = -(-layer.size // COUNT_THREADS)
                count_spikes[blocks, COUNT_THREADS, self.memory.stream](tape.spikes, total)
                tapes.append(tape)
                totals.append(total)
                taken.append(tape.events())
            means = self.output.read(tapes[-1], examples)
            found = self.memory.to_host(means, *(tape.counts for tape in tapes), *totals)
            counts = found[1 : 1 + len(tapes)]
            grown = [layer.grow(int(c.max())) for layer, c in zip(self.layers, counts, strict=True)]
            if any(grown):
                continue
            observed = self.output.biased(found[0])
            for c in counts:
                observed[c < 0] = np.nan
            judgement = self.problem.loss.judge(observed, batch.labels, self.problem.trial)
            return Pass(taken, tapes, kept, judgement, [c.astype(np.int64) for c in found[1 + len(tapes) :]])

    def _parts(self, examples: int) -> Iterator[Part]:
        """Yield the parts of a batch that go backward together."""
        size = min(self.split or examples, examples)
        for first in range(0, examples, size):
            yield Part(first, min(first + size, examples))

    def _halve(self, examples: int, error: DeviceFullError) -> None:
        """Let half as many examples go backward at once, in whole groups while there are some."""
        size = min(self.split or examples, examples)
        if size == 1:
            raise InputError(_full(examples, error)) from error
        half = -(-size // 2)
        self.split = half if half < GROUP else -(-half // GROUP) * GROUP
        if self.split >= size:
            self.split = half
        for layer in self.layers:
            self.memory.forget((layer.name, "states"))
            self.memory.forget(("history", layer.width))

    def _adopt(self) -> None:
        names = [name for name, _ in self._hidden_layers()]
        self.layers = [Layer(self.problem, name, self._weights, self.memory) for name in names]
        self.output = Output(self.problem, self._weights, self.memory)

    def _push(self) -> None:
        for part in self._populations:
            part.push(self._adam)

    def _pull(self) -> None:
        for part in self._populations:
            part.pull(self._adam)

    def _read_weights(self, name: str) -> NDArray[np.float32]:
        owner = next(p for p in self._populations if name in {c.name for c in p.connections})
        self._weights[name][:] = owner.matrix.read(name)
        return self._weights[name]

    def _write_weights(self, name: str, weights: NDArray[np.float32]) -> None:
        layer = next(layer for layer in self.layers if name in {c.name for c in layer.connections})
        for c in layer.connections:
            if c.name != name:
                self._read_weights(c.name)
        layer.matrix.write(self._weights)


@contextmanager
def _sentence(examples: int) -> Iterator[None]:
    """Say what to do where the device's memory is full."""
    try:
        yield
    except DeviceFullError as error:
        raise InputError(_full(examples, error)) from error


def _full(examples: int, error: DeviceFullError) -> str:
    return (
        f"the GPU's memory does not hold a batch of {examples} examples ({error}); make training.batch or data.trial "
        'smaller, or use engine = "cpu"'
    )

"""The GeNN engine: trials of a compiled network, loss and optimiser put together.

A trial runs its examples forward and those of the trial before it backward, at the same time. Where the backend runs
one example at a time, a batch takes one trial an example and one more without input, which runs the last example
backward: every example of a batch sees the same weights. Where the backend runs a whole batch at once, that additional
trial would double the time of a batch. There, as in mlGeNN, a batch runs backward while the next one runs forward, and
one additional trial ends an epoch: the gradient of an update is that of the weights one update earlier.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.adam import Adam
from models.batch import SpikeBatch
from models.engines.base import Epoch, Gradients, Predictions
from models.engines.genn import buffers
from models.engines.genn.available import Backend
from models.engines.genn.chunks import Chunk, chunks
from models.engines.genn.device_engine import DeviceEngine
from models.engines.genn.neuron_gradients import neuron_gradients
from models.engines.genn.program import Program
from models.engines.genn.ranks import Ranks
from models.engines.genn.recorder import record_chunk
from models.engines.genn.refusals import refuse
from models.engines.genn.simulator import Simulator, synapse_parameters
from models.engines.genn.trials import ForwardResult, Trials
from models.losses import Loss
from models.network import Network, Weights
from models.optimiser import Optimiser
from models.recording import Recording
from models.regulariser import Regulariser

logger = logging.getLogger(__name__)


class GennEngine(DeviceEngine[Simulator]):
    """Eventprop on code that GeNN generates, through mlGeNN's compiler.

    Parameters
    ----------
    network, weights, loss, dt, steps, regulariser, optimiser, least_slope
        As for `models.engines.cpu.engine.CpuEngine`.
    backend : {"single_threaded_cpu", "cuda", "hip"}
    lanes : int
        Examples that run at once; the CPU's backend runs one.
    pipelined : bool, optional
        Whether a batch, of at most ``lanes`` examples, runs backward while the next one runs forward. The default is
        yes where there are several lanes.
    ranks : Ranks, optional
        This process's place, where several processes train together.

    Raises
    ------
    InputError
        If weights do not fit the network, or the engine can't train the network with the loss.
    """

    name = "genn"

    def __init__(
        self,
        network: Network,
        weights: Weights,
        loss: Loss,
        dt: float,
        steps: int,
        regulariser: Regulariser | None = None,
        optimiser: Optimiser | None = None,
        least_slope: float = 0.0,
        backend: Backend = "single_threaded_cpu",
        lanes: int = 1,
        pipelined: bool | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        refuse(network, loss)
        self.network = network
        self.loss = loss
        self.dt = dt
        self.steps = steps
        self.regulariser = regulariser or Regulariser()
        self.optimiser = optimiser or Optimiser()
        self.program = Program(network, dt, steps, least_slope, backend, lanes, buffers.FIRST_CAPACITY)
        self.ranks = ranks or Ranks()
        self.pipelined = lanes > 1 if pipelined is None else pipelined
        self._room = buffers.FIRST_ROOM * network.input.delay_line.copies * lanes
        self._learned_by_device = list(synapse_parameters(network, dt))
        self.set_weights(weights)

    @property
    def weights(self) -> Weights:
        """Return the current parameters by name; copies."""
        self._pull()
        return {name: w.copy() for name, w in self._weights.items()}

    @property
    def window_table(self) -> NDArray[np.float32]:
        """Return the readout window, shape (steps,)."""
        return self.loss.readout.table(self.steps)

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
        waiting: float | None = None
        for index, batch in enumerate(batches):
            rate = learning_rate(index) if callable(learning_rate) else learning_rate
            if self.pipelined:
                seen = [self._forward_and_back(batch, waiting)]
                waiting = rate
            else:
                seen = self._learn(batch)
                self._update(rate)
            examples += len(batch)
            correct += sum(int((s.judgement.logits.argmax(axis=1) == s.labels).sum()) for s in seen)
            loss += sum(float(s.judgement.losses.sum()) for s in seen)
            counts += sum(s.counts for s in seen)
        if waiting is not None:
            self._trials.flush()
            self._update(waiting)
        correct, loss, *spikes = self.ranks.sum(np.array([correct, loss, *counts], np.float64))
        correct, counts = int(correct), np.array(spikes).astype(np.int64)
        if examples and self.regulariser.lift:
            self._lift(counts)
        return Epoch(examples, loss / max(examples, 1), correct / max(examples, 1), counts)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch."""
        seen = self._learn(batch)
        found = self._synapse_gradients() | self._neuron_gradients()
        self._running.clear()
        return Gradients(
            self.ranks.spread(np.concatenate([s.judgement.logits for s in seen]), len(batch)),
            self.ranks.spread(np.concatenate([s.judgement.losses for s in seen]), len(batch)),
            self.ranks.sum(np.sum([s.counts for s in seen], axis=0)),
            {name: found[name] for name in self.network.shapes if name in found},
        )

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order."""
        logits, losses = [np.empty((0, self.network.output.size))], [np.empty(0)]
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        for batch in batches:
            seen = []
            for chunk in self._chunks(batch):
                self._make_room([chunk])
                seen.append(self._trials.forward(chunk, taping=False))
            logits.append(self.ranks.spread(np.concatenate([s.judgement.logits for s in seen]), len(batch)))
            losses.append(self.ranks.spread(np.concatenate([s.judgement.losses for s in seen]), len(batch)))
            counts += sum(s.counts for s in seen)
        return Predictions(np.concatenate(logits), np.concatenate(losses), self.ranks.sum(counts))

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning, and keep spikes and voltages, and adjoints if asked for."""
        recordings = []
        for chunk in self._chunks(batch):
            self._make_room([chunk])
            self._trials.rest()
            recordings += record_chunk(self._running, self.loss, chunk, adjoints)
            self._running.clear()
        return recordings

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return parameters, Adam's moments and its step count; copies.

        Training continues from exactly what is returned: the device has delays in steps, whose rounding differs.
        """
        self._pull()
        self._push()
        return self._adam.state(self._weights)

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned."""
        self._adam.load_state(state, self._weights)
        self._push()

    def _learn(self, batch: SpikeBatch) -> list[ForwardResult]:
        """Run a batch forward and backward, and leave its gradient on the device."""
        parts = list(self._chunks(batch))
        self._make_room(parts)
        while True:
            results = self._forward_all(parts, len(batch))
            if results is not None:
                self._trials.flush()
                return results

    def _forward_all(self, parts: list[Chunk], examples: int) -> list[ForwardResult] | None:
        """Run chunks forward, each while the one before runs backward; None if the tape overflowed and was enlarged."""
        trials = self._trials
        self._running.clear()
        trials.rest()
        push = self._push_of_first_pass(parts, examples)
        results: list[ForwardResult] = []
        for chunk in parts:
            result = trials.forward(chunk, taping=True)
            if self._overflows(result.busiest + (results[-1].busiest if results else 0)):
                return None
            trials.prepare_backward(
                result.judgement.gradient * chunk.share,
                self._push_of(result.counts, examples) if push is None else push,
            )
            results.append(result)
        return results

    def _forward_and_back(self, batch: SpikeBatch, waiting: float | None) -> ForwardResult:
        """Run a batch forward and the one before backward, and learn from that at the rate that waits for it."""
        (chunk,) = self._chunks(batch)
        if waiting is not None and buffers.more_room([chunk], self.program.capacity, self._room) is not None:
            self._trials.flush()
            self._update(waiting)
            waiting = None
        self._make_room([chunk])
        if waiting is None:
            self._running.clear()
            self._trials.rest()
            self._busiest = np.zeros(1 + len(self.network.hidden), np.int64)
        result = self._trials.forward(chunk, taping=True)
        if waiting is not None:
            self._update(waiting)
        was, self._busiest = self._busiest, result.busiest
        if self._overflows(was + self._busiest):
            return self._forward_and_back(batch, None)
        self._trials.prepare_backward(result.judgement.gradient * chunk.share, self._push_of(result.counts, len(batch)))
        return result

    def _chunks(self, batch: SpikeBatch) -> Iterator[Chunk]:
        return chunks(batch, self.ranks, self.program.lanes, self.network.input, self.dt, self.steps)

    def _push_of(self, counts: NDArray[np.int64], examples: int) -> NDArray[np.float32]:
        if self.regulariser.strength == 0:
            return np.zeros(self.network.hidden_size, np.float32)
        return self.regulariser.push(self.ranks.sum(counts), examples)

    def _push_of_first_pass(self, parts: list[Chunk], examples: int) -> NDArray[np.float32] | None:
        """Return the regulariser's push where a batch takes several trials: all its counts come before any adjoint."""
        if self.regulariser.strength == 0 or examples <= self.program.lanes * self.ranks.count:
            return None
        counts = np.sum([self._trials.forward(part, taping=False).counts for part in parts], axis=0)
        return self._push_of(counts, examples)

    def _synapse_gradients(self) -> Weights:
        """Return the gradients of weights and delays."""
        return {name: self.ranks.sum(self._running.gradient(name)) for name in self._learned_by_device}

    def _neuron_gradients(self) -> Weights:
        """Return the gradients of biases and time constants."""
        return neuron_gradients(
            self.network, self._weights, self.dt, lambda name: self.ranks.sum(self._running.sums(name))
        )

    def _update(self, rate: float) -> None:
        """Learn from the gradients on the device: weights and delays there, biases and time constants here."""
        simulator = self._running
        of_neurons = self._neuron_gradients()
        # On GPUs NCCL sums over processes, within the update.
        sum_here = self.ranks.count > 1 and self.program.backend == "single_threaded_cpu"
        of_synapses = self._synapse_gradients() if self.optimiser.clip or sum_here else {}
        scale = 1.0
        if self.optimiser.clip:
            self._weights |= {name: simulator.read_parameter(name) for name in self._learned_by_device}
            scale = self._adam.scale(self._weights, of_synapses | of_neurons)
        if sum_here:
            for name, gradient in of_synapses.items():
                simulator.write_gradient(name, gradient)
        steps = self._adam.begin_step(rate)
        simulator.update({name: steps[name] for name in self._learned_by_device}, scale)
        if of_neurons:
            self._adam.apply(steps, self._weights, of_neurons, scale)
            simulator.set_neuron_parameters(self._weights)

    def _lift(self, counts: NDArray[np.int64]) -> None:
        """Raise the input of neurons that were silent for an epoch."""
        begin = 0
        for name in [name for name in self.network.populations if name != "output"]:
            size = self.network.populations[name].size
            silent = counts[begin : begin + size] == 0
            begin += size
            if not silent.any():
                continue
            below = next(c for c in self.network.connections if c.target == name and c.kind != "recurrent")
            copies = self.network.input.delay_line.copies if below.kind == "input" else 1
            weights = self._running.read_parameter(below.name)
            self.regulariser.lift_silent(weights, silent, copies, below.synapses.density)
            self._running.write_parameter(below.name, weights)

    @property
    def _trials(self) -> Trials:
        return Trials(self._running, self.loss)

    def _overflows(self, spikes: NDArray[np.int64]) -> bool:
        """Make a longer tape if spikes of two trials may not have fitted on it, and return whether so."""
        capacity = buffers.longer_tape(int(spikes.max()), self.program.capacity)
        if capacity is not None:
            self._rebuild(capacity, self._room)
        return capacity is not None

    def _make_room(self, parts: list[Chunk]) -> None:
        """Enlarge GeNN's buffers where chunks need it; a trial that has not run backward yet is lost then."""
        needed = buffers.more_room(parts, self.program.capacity, self._room)
        if needed is not None:
            self._rebuild(*needed)

    def _rebuild(self, capacity: int, room: int) -> None:
        logger.info("room for %d spikes of a neuron and %d input events from here on", capacity, room)
        self.close()
        self.program, self._room = replace(self.program, capacity=capacity), room

    def _build(self) -> Simulator:
        window = self.window_table / np.float32(self.steps)
        return Simulator(self.program, self._weights, window, self._room, self.ranks)

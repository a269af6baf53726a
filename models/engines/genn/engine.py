"""The GeNN engine: trials of a compiled network, loss and optimiser put together.

A trial runs its examples forward and those of the trial before it backward, at the same time. Where the backend runs
one example at a time, a batch is that many trials and one more without input, which runs the last example backward:
every example of a batch sees the same weights, and the update is a true batch's. Where it runs a whole batch at once,
that one more trial a batch would double the time; then, as in mlGeNN, a batch runs backward while the next runs
forward, and one more trial ends an epoch: what an update learns from was run with the weights of one update before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.adam import Adam, Optimiser
from models.batch import SpikeBatch
from models.engines.base import Epoch, Gradients, Predictions, Regulariser
from models.engines.genn.available import Backend
from models.engines.genn.chunks import Chunk, Seen, chunks, longer_tape, more_room, padded
from models.engines.genn.events import most_of_a_channel, nothing
from models.engines.genn.ranks import Ranks
from models.engines.genn.recorder import record_examples
from models.engines.genn.refusals import refuse
from models.engines.genn.simulator import Program, Simulator
from models.engines.genn.vectors import vector_gradients
from models.losses import Loss
from models.network import Network, Weights
from models.recording import Recording

logger = logging.getLogger(__name__)

FIRST_CAPACITY = 128
"""Spikes of a neuron in two trials that there is room for at first; grown whenever there are more."""

FIRST_ROOM = 16384
"""Input events of an example that there is room for at first; grown likewise."""


class GennEngine:
    """Eventprop on what GeNN generates, through mlGeNN's compiler.

    Parameters
    ----------
    network, weights, loss, dt, steps, regulariser, optimiser, least_slope
        As for `models.engines.cpu.engine.CpuEngine`.
    backend : {"single_threaded_cpu", "cuda", "hip"}
    lanes : int
        Examples that run at once; the CPU's backend runs one.
    pipelined : bool, optional
        Whether a batch, of at most ``lanes`` examples, runs backward while the next one runs forward; so unless said
        where there are several lanes.
    ranks : Ranks, optional
        Where several processes train together: this one's place.

    Raises
    ------
    InputError
        If weights do not fit the network, or mlGeNN can't do what the network or the loss wants.
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
        self.program = Program(network, dt, steps, least_slope, backend, lanes, FIRST_CAPACITY)
        self.ranks = ranks or Ranks()
        self.pipelined = lanes > 1 if pipelined is None else pipelined
        self._room = FIRST_ROOM * network.input.delay_line.copies * lanes
        self._simulator: Simulator | None = None
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
        """Replace the parameters; the optimiser starts anew.

        Raises
        ------
        InputError
            If they are another network's.
        """
        self.network.check(weights)
        self._weights = {name: np.array(weights[name], dtype=np.float32, order="C") for name in self.network.shapes}
        self._adam = Adam.of(self.network, self._weights, self.optimiser)
        self._push()

    def close(self) -> None:
        """Unload the generated code; the engine builds it again when it is asked for more."""
        if self._simulator is not None:
            self._pull()
            self._simulator.close()
            self._simulator = None

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
            correct += sum(s.correct for s in seen)
            loss += sum(float(s.judgement.losses.sum()) for s in seen)
            counts += sum(s.counts for s in seen)
        if waiting is not None:
            self._flush()
            self._update(waiting)
        correct, loss, *spikes = self.ranks.sum(np.array([correct, loss, *counts], np.float64))
        correct, counts = int(correct), np.array(spikes).astype(np.int64)
        if examples and self.regulariser.lift:
            self._lift(counts)
        return Epoch(examples, loss / max(examples, 1), correct / max(examples, 1), counts)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch."""
        seen = self._learn(batch)
        found = self._matrix_gradients() | self._vector_gradients()
        self._running().clear()
        return Gradients(
            {name: found[name] for name in self.network.shapes if name in found},
            self.ranks.spread(np.concatenate([s.judgement.logits for s in seen]), len(batch)),
            self.ranks.spread(np.concatenate([s.judgement.losses for s in seen]), len(batch)),
            self.ranks.sum(np.sum([s.counts for s in seen], axis=0)),
        )

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order."""
        logits, losses = [np.empty((0, self.network.output.size))], [np.empty(0)]
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        for batch in batches:
            seen = []
            for chunk in self._chunks(batch):
                self._make_room([chunk])
                seen.append(self._run(chunk, taping=False))
            logits.append(self.ranks.spread(np.concatenate([s.judgement.logits for s in seen]), len(batch)))
            losses.append(self.ranks.spread(np.concatenate([s.judgement.losses for s in seen]), len(batch)))
            counts += sum(s.counts for s in seen)
        return Predictions(np.concatenate(logits), np.concatenate(losses), self.ranks.sum(counts))

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside; see `models.engines.cpu.engine.CpuEngine`."""
        recordings = []
        for chunk in self._chunks(batch):
            self._make_room([chunk])
            self._rest()
            recordings += record_examples(
                self._running(), self.loss, chunk.events, chunk.labels, nothing(self.network.input), adjoints
            )
            self._running().clear()
        return recordings

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return parameters, Adam's moments and its step count; copies.

        Training goes on from what is returned, to the bit: delays are in steps on the device, and change a little.
        """
        self._pull()
        self._push()
        return self._adam.state(self._weights)

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned.

        Raises
        ------
        InputError
            If the state is another network's.
        """
        self._adam.load_state(state, self._weights)
        self._push()

    def _learn(self, batch: SpikeBatch) -> list[Seen]:
        """Run a batch forward and backward, and leave its gradient on the device."""
        parts = list(self._chunks(batch))
        self._make_room(parts)
        while True:
            simulator = self._running()
            simulator.clear()
            self._rest()
            push = self._push_of_first_pass(parts, len(batch))
            seen: list[Seen] = []
            busy = np.zeros(self._tape_users, np.int64)
            for chunk in parts:
                one = self._run(chunk, taping=True)
                was, busy = busy, self._most_spikes(chunk, simulator)
                if self._overflows(was + busy):
                    break
                seen.append(one)
                simulator.write(
                    "output", "LossGradient", padded(one.judgement.gradient * chunk.share, self.program.lanes)
                )
                self._write_push(self._push_of(one.counts, len(batch)) if push is None else push)
            else:
                self._flush()
                return seen

    def _forward_and_back(self, batch: SpikeBatch, waiting: float | None) -> Seen:
        """Run a batch forward and the one before backward, and learn from that at the rate that waits for it."""
        (chunk,) = self._chunks(batch)
        if waiting is not None and more_room([chunk], self.program.capacity, self._room) is not None:
            self._flush()
            self._update(waiting)
            waiting = None
        self._make_room([chunk])
        if waiting is None:
            self._running().clear()
            self._rest()
            self._busy = np.zeros(self._tape_users, np.int64)
        seen = self._run(chunk, taping=True)
        if waiting is not None:
            self._update(waiting)
        was, self._busy = self._busy, self._most_spikes(chunk, self._running())
        if self._overflows(was + self._busy):
            return self._forward_and_back(batch, None)
        self._running().write(
            "output", "LossGradient", padded(seen.judgement.gradient * chunk.share, self.program.lanes)
        )
        self._write_push(self._push_of(seen.counts, len(batch)))
        return seen

    def _run(self, chunk: Chunk, taping: bool) -> Seen:
        simulator = self._running()
        simulator.set_taping(taping)
        simulator.run(chunk.events)
        examples = len(chunk.labels)
        observed = simulator.read("output", "VAvg")[:examples].astype(np.float64)
        counts = [simulator.read(name, "SpikeCount")[:examples].sum(axis=0) for name in self._hidden_names]
        return Seen(self.loss.judge(observed, chunk.labels), chunk.labels, np.concatenate(counts).astype(np.int64))

    def _flush(self) -> None:
        """Run the last examples backward, with nothing to run forward."""
        simulator = self._running()
        simulator.set_taping(False)
        simulator.run([nothing(self.network.input)])
        self._rest()

    def _rest(self) -> None:
        """Let the next trial run nothing backward."""
        simulator = self._running()
        simulator.write("output", "LossGradient", np.zeros((self.program.lanes, self.network.output.size)))
        self._write_push(np.zeros(self.network.hidden_size, np.float32))

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
        counts = np.sum([self._run(part, taping=False).counts for part in parts], axis=0)
        return self._push_of(counts, examples)

    def _write_push(self, push: NDArray[np.float32]) -> None:
        begin = 0
        for name in self._hidden_names:
            size = self.network.populations[name].size
            self._running().write(name, "Push", push[begin : begin + size])
            begin += size

    def _matrix_gradients(self) -> Weights:
        """Return the gradients of weights and delays."""
        simulator = self._running()
        return {name: self.ranks.sum(simulator.gradient(name)) for name in self._synaptic}

    def _vector_gradients(self) -> Weights:
        """Return the gradients of biases and time constants."""
        return vector_gradients(
            self.network, self._weights, self.dt, lambda name: self.ranks.sum(self._running().sums(name))
        )

    def _update(self, rate: float) -> None:
        """Learn from the gradients on the device: matrices there, single neurons' parameters here."""
        simulator = self._running()
        vectors = self._vector_gradients()
        # On GPUs NCCL sums over processes, within the update.
        sum_here = self.ranks.count > 1 and self.program.backend == "single_threaded_cpu"
        matrices = self._matrix_gradients() if self.optimiser.clip or sum_here else {}
        scale = 1.0
        if self.optimiser.clip:
            self._weights |= {name: simulator.read_synapses(name) for name in self._synaptic}
            scale = self._adam.scale(self._weights, matrices | vectors)
        if sum_here:
            for name, gradient in matrices.items():
                simulator.write_gradient(name, gradient)
        steps = self._adam.begin_step(rate)
        simulator.update({name: steps[name] for name in self._synaptic}, scale)
        if vectors:
            self._adam.apply(steps, self._weights, vectors, scale)
            simulator.set_vectors(self._weights)

    def _lift(self, counts: NDArray[np.int64]) -> None:
        """Raise the input of neurons that were silent for an epoch."""
        begin = 0
        for name in self._hidden_names:
            size = self.network.populations[name].size
            silent = counts[begin : begin + size] == 0
            begin += size
            if not silent.any():
                continue
            below = next(c for c in self.network.connections if c.target == name and c.kind != "recurrent")
            copies = self.network.input.delay_line.copies if below.kind == "input" else 1
            weights = self._running().read_synapses(below.name)
            self.regulariser.lift_silent(weights, silent, copies, below.synapses.density)
            self._running().write_synapses(below.name, weights)

    @property
    def _hidden_names(self) -> list[str]:
        return [name for name in self.network.populations if name != "output"]

    @property
    def _synaptic(self) -> list[str]:
        """The parameters that the device learns."""
        connections = [c.name for c in self.network.connections]
        return connections + [f"{c.name}_delay" for c in self.network.connections if c.synapses.delays == "trained"]

    @property
    def _tape_users(self) -> int:
        return 1 + len(self._hidden_names)

    def _most_spikes(self, chunk: Chunk, simulator: Simulator) -> NDArray[np.int64]:
        """Return the greatest number of spikes of one neuron in the trial, of the input and each hidden layer."""
        hidden = [int(simulator.read(name, "SpikeCount").max()) for name in self._hidden_names]
        return np.array([most_of_a_channel(chunk.events), *hidden], np.int64)

    def _overflows(self, spikes: NDArray[np.int64]) -> bool:
        """Make a longer tape if spikes of two trials may not have had room on it, and return whether so."""
        capacity = longer_tape(int(spikes.max()), self.program.capacity, FIRST_CAPACITY)
        if capacity is not None:
            self._rebuild(capacity, self._room)
        return capacity is not None

    def _make_room(self, parts: list[Chunk]) -> None:
        """Give input events room in GeNN's buffers; what has not been run backward yet is lost where there was none."""
        needed = more_room(parts, self.program.capacity, self._room)
        if needed is not None:
            self._rebuild(*needed)

    def _rebuild(self, capacity: int, room: int) -> None:
        logger.info("room for %d spikes of a neuron and %d input events from here on", capacity, room)
        self.close()
        self.program, self._room = replace(self.program, capacity=capacity), room

    def _running(self) -> Simulator:
        """Return the compiled network, built when it is first needed."""
        if self._simulator is None:
            window = self.window_table / np.float32(self.steps)
            self._simulator = Simulator(self.program, self._weights, window, self._room, self.ranks)
            self._push()
        return self._simulator

    def _push(self) -> None:
        """Bring parameters and moments to the device."""
        if self._simulator is None:
            return
        for name in self._synaptic:
            self._simulator.write_synapses(name, self._weights[name])
            self._simulator.set_moments(name, self._adam.first[name], self._adam.second[name])
        self._simulator.set_vectors(self._weights)

    def _pull(self) -> None:
        """Fetch parameters and moments from the device."""
        if self._simulator is None:
            return
        for name in self._synaptic:
            self._weights[name] = self._simulator.read_synapses(name)
            self._adam.first[name], self._adam.second[name] = self._simulator.moments(name)

"""The GeNN engine: trials of a compiled network, loss and optimiser put together.

A trial runs its examples forward and those of the trial before it backward, at the same time. Where the backend runs
one example at a time, a batch takes one trial an example and one more without input, which runs the last example
backward: every example of a batch sees the same weights. Where the backend runs a whole batch at once, that additional
trial would double the time of a batch. There, as in mlGeNN, a batch runs backward while the next one runs forward, and
one additional trial ends an epoch: the gradient of an update is that of the weights one update earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import numpy as np

from models.batch import SpikeBatch
from models.engines.base import Epoch, Gradients, Tally
from models.engines.genn import buffers
from models.engines.genn.available import Backend
from models.engines.genn.batch_runner import BatchRunner
from models.engines.genn.neuron_gradients import neuron_gradients
from models.engines.genn.ranks import Ranks
from models.engines.genn.recorder import record_chunk
from models.engines.genn.simulator import synapse_parameters
from models.engines.genn.trials import ForwardResult
from models.network import Weights
from models.problem import Problem
from models.recording import Recording


class GennEngine(BatchRunner):
    """Eventprop on code that GeNN generates, through mlGeNN's compiler.

    Parameters
    ----------
    lanes : int
        Examples that run at once; the CPU's backend runs one.
    pipelined : bool, optional
        Whether a batch, of at most ``lanes`` examples, runs backward while the next one runs forward. The default is
        yes where there are several lanes.
    ranks : Ranks, optional
        This process's place, where several processes train together.
    """

    name: ClassVar[str] = "genn"

    def __init__(
        self,
        problem: Problem,
        weights: Weights,
        backend: Backend = "single_threaded_cpu",
        lanes: int = 1,
        pipelined: bool | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.pipelined = lanes > 1 if pipelined is None else pipelined
        self._waiting: float | None = None
        self._learned_by_device = list(synapse_parameters(problem.network, problem.dt))
        super().__init__(problem, weights, backend, lanes, ranks or Ranks())

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Learn from every batch, in order; see `models.engines.base.Engine.train_epoch`."""
        # An epoch that an exception ended has left its last batch unlearned.
        self._waiting = None
        return super().train_epoch(batches, learning_rate)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch, and learn nothing."""
        predictions = self._gathered(self._run_backward(batch), len(batch))
        found = self._synapse_gradients() | self._neuron_gradients()
        self._running.clear()
        ordered = {name: found[name] for name in self.network.shapes if name in found}
        return Gradients(predictions.logits, predictions.losses, predictions.hidden_counts, ordered)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning, and keep spikes and voltages, and adjoints if asked for."""
        recordings = []
        for chunk in self._chunks(batch):
            self._make_room([chunk])
            self._trials.rest()
            recordings += record_chunk(self._running, self.problem.loss, chunk, adjoints)
            self._running.clear()
        return recordings

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        if self.pipelined:
            results = [self._run_pipelined(batch)]
            self._waiting = rate
        else:
            results = self._run_backward(batch)
            self._update(rate)
        total = Tally(0, 0, 0.0, self._no_counts())
        for result in results:
            total += Tally.of(result.judgement, result.labels, result.counts)
        return total

    def _end_epoch(self, total: Tally) -> Tally:
        if self._waiting is not None:
            self._trials.flush()
            self._update_waiting()
        of_all = self.ranks.sum(np.array([total.examples, total.correct, total.loss, *total.hidden_counts], np.float64))
        return Tally(int(of_all[0]), int(of_all[1]), float(of_all[2]), of_all[3:].astype(np.int64))

    def _run_pipelined(self, batch: SpikeBatch) -> ForwardResult:
        """Run a batch forward and the one before backward, and learn from that one at its rate, which waits for it."""
        (chunk,) = self._chunks(batch)
        if self._waiting is not None and buffers.more_room([chunk], self.program.capacity, self._room) is not None:
            self._trials.flush()
            self._update_waiting()
        self._make_room([chunk])
        if self._waiting is None:
            self._running.clear()
            self._trials.rest()
            self._busiest = np.zeros(1 + len(self.network.hidden), np.int64)
        result = self._trials.forward(chunk, taping=True)
        if self._waiting is not None:
            self._update_waiting()
        before, self._busiest = self._busiest, result.busiest
        if self._overflows(before + self._busiest):
            return self._run_pipelined(batch)
        self._trials.prepare_backward(result.judgement.gradient * chunk.share, self._push_of(result.counts, len(batch)))
        return result

    def _synapse_gradients(self) -> Weights:
        """Return the gradients of weights and delays."""
        return {name: self.ranks.sum(self._running.gradient(name)) for name in self._learned_by_device}

    def _neuron_gradients(self) -> Weights:
        """Return the gradients of biases and time constants."""
        return neuron_gradients(
            self.network, self._weights, self.problem.dt, lambda name: self.ranks.sum(self._running.sums(name))
        )

    def _update_waiting(self) -> None:
        """Learn from the batch that has just run backward, at its rate."""
        assert self._waiting is not None
        self._update(self._waiting)
        self._waiting = None

    def _update(self, rate: float) -> None:
        """Learn from the gradients on the device: weights and delays there, biases and time constants here."""
        simulator, clip = self._running, self.problem.optimiser.clip
        of_neurons = self._neuron_gradients()
        # On GPUs NCCL sums over processes, within the update.
        sum_here = self.ranks.count > 1 and self.program.backend == "single_threaded_cpu"
        of_synapses = self._synapse_gradients() if clip or sum_here else {}
        scale = 1.0
        if clip:
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

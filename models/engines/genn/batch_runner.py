"""Batches on a compiled network: forward, backward, and with buffers that grow where a batch needs it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Predictions
from models.engines.entry import Entry
from models.engines.genn import buffers
from models.engines.genn.available import Backend
from models.engines.genn.chunks import Chunk, chunks
from models.engines.genn.device_engine import DeviceEngine
from models.engines.genn.entry import ENTRY
from models.engines.genn.program import Program
from models.engines.genn.ranks import Ranks
from models.engines.genn.simulator import Simulator
from models.engines.genn.trials import ForwardResult, Trials
from models.network import Weights
from models.problem import Problem

logger = logging.getLogger(__name__)


class BatchRunner(DeviceEngine[Simulator]):
    """What of the GeNN engine runs batches; `models.engines.genn.engine.GennEngine` learns from them."""

    entry: ClassVar[Entry] = ENTRY

    def __init__(self, problem: Problem, weights: Weights, backend: Backend, lanes: int, ranks: Ranks) -> None:
        self.program = Program(problem, backend, lanes, buffers.FIRST_CAPACITY)
        self.ranks = ranks
        self._room = buffers.FIRST_ROOM * problem.network.input.delay_line.copies * lanes
        super().__init__(problem, weights)

    def _predict(self, batch: SpikeBatch) -> Predictions:
        results = []
        for chunk in self._chunks(batch):
            self._make_room([chunk])
            results.append(self._trials.forward(chunk, taping=False))
        return self._gathered(results, len(batch))

    def _gathered(self, results: list[ForwardResult], examples: int) -> Predictions:
        """Return the results of a batch's chunks, of all processes, in the batch's order."""
        return Predictions(
            self.ranks.spread(np.concatenate([r.judgement.logits for r in results]), examples),
            self.ranks.spread(np.concatenate([r.judgement.losses for r in results]), examples),
            self.ranks.sum(np.sum([r.counts for r in results], axis=0)),
        )

    def _run_backward(self, batch: SpikeBatch) -> list[ForwardResult]:
        """Run a batch forward and backward, and leave its gradient on the device."""
        parts = list(self._chunks(batch))
        self._make_room(parts)
        while True:
            results = self._run_chunks(parts, len(batch))
            if results is not None:
                self._trials.flush()
                return results

    def _run_chunks(self, parts: list[Chunk], examples: int) -> list[ForwardResult] | None:
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
            own_push = self._push_of(result.counts, examples) if push is None else push
            trials.prepare_backward(result.judgement.gradient * chunk.share, own_push)
            results.append(result)
        return results

    def _push_of(self, counts: NDArray[np.int64], examples: int) -> NDArray[np.float32]:
        """Return the regulariser's push on each hidden neuron."""
        if self.problem.regulariser.strength == 0:
            return np.zeros(self.network.hidden_size, np.float32)
        return self.problem.regulariser.push(self.ranks.sum(counts), examples)

    def _push_of_first_pass(self, parts: list[Chunk], examples: int) -> NDArray[np.float32] | None:
        """Return the push where a batch takes several trials: the counts of all come before any runs backward."""
        if self.problem.regulariser.strength == 0 or examples <= self.program.lanes * self.ranks.count:
            return None
        counts = np.sum([self._trials.forward(part, taping=False).counts for part in parts], axis=0)
        return self._push_of(counts, examples)

    @property
    def _trials(self) -> Trials:
        return Trials(self._running, self.problem.loss)

    def _chunks(self, batch: SpikeBatch) -> Iterator[Chunk]:
        p = self.problem
        return chunks(batch, self.ranks, self.program.lanes, self.network.input, p.dt, p.steps)

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
        return Simulator(self.program, self._weights, self._room, self.ranks)

"""Our CPU and GeNN engines as trainers, to be measured beside their peers."""

from __future__ import annotations

import time
from collections.abc import Callable

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.engines.entry import Resources
from models.engines.registry import find
from models.network import Weights
from models.problem import Problem
from results.benchmarks.shd_shaped import Shape


def engine(shape: Shape, threads: int = 0) -> CpuEngine:
    """Return the CPU engine with a shape's network; 0 threads means all cores."""
    return CpuEngine(shape.problem, shape.weights(), threads)


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that a function takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Ours:
    """The CPU engine as a trainer."""

    name = "cpu"

    def __init__(self, problem: Problem, weights: Weights, learning_rate: float) -> None:
        self.problem, self.weights, self.learning_rate = problem, weights, learning_rate

    def prepare(self, batch: SpikeBatch) -> None:
        """Compile, or load the compiled code, by training a small network."""
        self.make(batch)
        recurrent = self.problem.network.hidden[0].recurrent is not None
        small = Shape(channels=10, hidden=8, recurrent=recurrent, steps=20, batch=2, events=20)
        engine(small).train_epoch(small.batches(1), self.learning_rate)

    def make(self, batch: SpikeBatch) -> None:
        """Make the engine for batches of this size."""
        entry = find(self.name, "eventprop")
        self._engine = entry.make(self.problem, self.weights, Resources(batch=len(batch)))

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        return int(self._engine.train_epoch([batch], self.learning_rate).hidden_counts.sum())


class OursOnGenn(Ours):
    """The GeNN engine as a trainer, on the best backend that answers."""

    name = "genn"

    def prepare(self, batch: SpikeBatch) -> None:
        """Generate and build the code."""
        self.make(batch)
        self._engine.predict([batch])

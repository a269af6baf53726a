"""Our engines and training methods as trainers, to be measured beside each other and their peers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from models.batch import SpikeBatch
from models.engines.base import Engine
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
    """An engine as a trainer by the problem's method, on a CPU where it has the choice."""

    device: ClassVar[str] = "cpu"

    def __init__(self, problem: Problem, weights: Weights, learning_rate: float, engine: str = "cpu") -> None:
        self.problem, self.weights, self.learning_rate = problem, weights, learning_rate
        self._entry = find(engine, problem.method)

    def prepare(self, batch: SpikeBatch) -> None:
        """Compile, or load the compiled code and the libraries, by training a small network."""
        self._engine = self.make(self.problem, self.weights, len(batch))
        recurrent = self.problem.network.hidden[0].recurrent is not None
        small = Shape(channels=40, hidden=40, recurrent=recurrent, steps=50, batch=2, events=20)
        problem = replace(self.problem, network=small.network, steps=small.steps)
        weights = self._entry.draw(problem, small.initial, 0)
        self.make(problem, weights, small.batch).train_epoch(small.batches(1), self.learning_rate)

    def make(self, problem: Problem, weights: Weights, batch: int) -> Engine:
        """Return the engine for batches of this size."""
        return self._entry.make(problem, weights, Resources(device=self.device, batch=batch))

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        return int(self._engine.train_epoch([batch], self.learning_rate).hidden_counts.sum())


class OursOnGenn(Ours):
    """The GeNN engine as a trainer, on the best backend that answers."""

    device: ClassVar[str] = "auto"

    def prepare(self, batch: SpikeBatch) -> None:
        """Generate and build the code."""
        self._engine = self.make(self.problem, self.weights, len(batch))
        self._engine.predict([batch])

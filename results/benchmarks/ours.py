"""Our CPU and GeNN engines as trainers, to be measured beside their peers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.engines.entry import Resources
from models.engines.registry import find
from results.benchmarks.shd_shaped import LEARNING_RATE, Shape


def engine(shape: Shape, threads: int = 0) -> CpuEngine:
    """Return the CPU engine with a shape's network; 0 threads means all cores."""
    return CpuEngine(shape.problem, shape.weights(), threads)


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that a function takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Ours:
    """The CPU engine as a trainer of a shape's network."""

    name = "cpu"

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._engine = find(self.name, "eventprop").make(shape.problem, shape.weights(), Resources(batch=shape.batch))

    def prepare(self, batch: SpikeBatch) -> None:
        """Compile, or load the compiled code, by training a small network."""
        small = replace(self.shape, channels=10, hidden=8, steps=20, batch=2, events=20)
        Ours(small).train(small.batches(1)[0])

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        return int(self._engine.train_epoch([batch], LEARNING_RATE).hidden_counts.sum())


class OursOnGenn(Ours):
    """The GeNN engine as a trainer of a shape's network, on the best backend that answers."""

    name = "genn"

    def prepare(self, batch: SpikeBatch) -> None:
        """Generate and build the code."""
        self._engine.predict([batch])

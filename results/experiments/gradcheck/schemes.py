"""Schemes that compute gradients on a time grid: the CPU engine with both kinds of spike times, GeNN and mlGeNN."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.engines.entry import Resources
from models.engines.registry import find
from models.losses import CrossEntropy
from models.network import Weights
from models.problem import Problem
from models.windows import Window
from results.experiments.gradcheck.networks import Instance

if TYPE_CHECKING:
    from results.benchmarks.peers.ml_genn_cpu import MlGennNetwork

SCALE = 5.0
"""Of the loss's logits."""


class Scheme(ABC):
    """A way to compute gradients on a time grid."""

    name: str

    def supports(self, window: Window) -> bool:
        """Whether the scheme has this readout window."""
        return True

    def close(self) -> None:  # noqa: B027
        """Unload compiled networks."""

    @abstractmethod
    def gradients(self, instance: Instance, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the gradient of a batch's mean loss, by weight matrix."""


@dataclass(frozen=True)
class Cpu(Scheme):
    """The CPU engine."""

    spike_times: Literal["plain", "interpolated"]

    @property
    def name(self) -> str:  # type: ignore[override]
        """Name in tables."""
        return f"cpu, {self.spike_times}"

    def gradients(self, instance: Instance, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the engine's gradient."""
        problem = replace(instance.problem(CrossEntropy(window, SCALE), dt), spike_times=self.spike_times)
        return CpuEngine(problem, instance.weights).gradients(batch).weights


class Compiled(Scheme):
    """A scheme that compiles a network once for all instances of a kind; only one network may be loaded at a time."""

    _built: Any = None
    _problem: Problem | None = None

    def close(self) -> None:
        """Unload the network."""
        if self._built is not None:
            self._built.close()
        self._built = None

    def built(self, problem: Problem, build: Callable[[], Any]) -> Any:
        """Return the network that is loaded if it was built for the same problem, else unload it and build another."""
        if self._built is None or self._problem != problem:
            self.close()
            self._problem, self._built = problem, build()
        return self._built


class Genn(Compiled):
    """The GeNN engine on GeNN's CPU backend, which has plain spike times as the CPU engine."""

    name = "genn"

    def gradients(self, instance: Instance, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the engine's gradient."""
        weights, problem = instance.weights, instance.problem(CrossEntropy(window, SCALE), dt)
        entry, resources = find("genn", "eventprop"), Resources(device="single_threaded_cpu")
        engine = self.built(problem, lambda: entry.make(problem, weights, resources))
        engine.set_weights(weights)
        gradient: Weights = engine.gradients(batch).weights
        return gradient


class MlGenn(Compiled):
    """mlGeNN's own Eventprop compiler on GeNN's CPU backend, which has the uniform and the exponential window."""

    name = "mlGeNN"

    def supports(self, window: Window) -> bool:
        """Whether mlGeNN has a readout with this window."""
        from results.benchmarks.peers.ml_genn_cpu import READOUTS

        return type(window) in READOUTS

    def gradients(self, instance: Instance, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return mlGeNN's gradient.

        mlGeNN has neither the loss's scale nor a normalised window; the output weights are multiplied by both.
        """
        from results.benchmarks.peers.ml_genn_cpu import MlGennNetwork

        bare = replace(window, normalise=False)
        loss = CrossEntropy(bare)
        problem = instance.problem(loss, dt)
        factor = np.float32(SCALE * window.table(problem.steps)[0] / bare.table(problem.steps)[0])
        weights = {**instance.weights, "hidden_output": factor * instance.weights["hidden_output"]}

        def build() -> MlGennNetwork:
            made = MlGennNetwork(problem, weights, 0.0)
            made.prepare(batch)
            return made

        built = self.built(problem, build)
        built.set_weights(weights)
        found = built.gradients(batch)
        return {**found, "hidden_output": factor * found["hidden_output"]}


def schemes() -> list[Scheme]:
    """Return all schemes whose packages are installed."""
    installed = all(importlib.util.find_spec(package) for package in ("pygenn", "ml_genn"))
    return [Cpu("plain"), Cpu("interpolated"), *([Genn(), MlGenn()] if installed else [])]

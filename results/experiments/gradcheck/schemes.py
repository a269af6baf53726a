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
from models.losses import CrossEntropy
from models.network import Network, Weights
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
        kind = instance.kind
        steps, loss = round(kind.trial / dt), CrossEntropy(window, SCALE)
        engine = CpuEngine(Problem(kind.network, loss, dt, steps, spike_times=self.spike_times), instance.weights)
        return engine.gradients(batch).weights


class Compiled(Scheme):
    """A scheme that compiles a network once for all instances of a kind; only one network may be loaded at a time."""

    _built: Any = None
    _key: tuple[Network, Window, float] | None = None

    def close(self) -> None:
        """Unload the network."""
        if self._built is not None:
            self._built.close()
        self._built = None

    def built(self, key: tuple[Network, Window, float], build: Callable[[], Any]) -> Any:
        """Return the network that is loaded if it was built with the same key, else unload it and build another."""
        if self._built is None or self._key != key:
            self.close()
            self._key, self._built = key, build()
        return self._built


class Genn(Compiled):
    """The GeNN engine on GeNN's CPU backend, which has plain spike times as the CPU engine."""

    name = "genn"

    def gradients(self, instance: Instance, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the engine's gradient."""
        from models.engines.genn.engine import GennEngine

        network, steps, weights = instance.kind.network, round(instance.kind.trial / dt), instance.weights
        loss = CrossEntropy(window, SCALE)
        engine = self.built((network, window, dt), lambda: GennEngine(network, weights, loss, dt, steps))
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

        network, steps = instance.kind.network, round(instance.kind.trial / dt)
        bare = replace(window, normalise=False)
        factor = np.float32(SCALE * window.table(steps)[0] / bare.table(steps)[0])
        weights = {**instance.weights, "hidden_output": factor * instance.weights["hidden_output"]}

        def build() -> MlGennNetwork:
            made = MlGennNetwork(network, weights, CrossEntropy(bare), dt, steps, 0.0)
            made.prepare(batch)
            return made

        built = self.built((network, window, dt), build)
        built.set_weights(weights)
        found = built.gradients(batch)
        return {**found, "hidden_output": factor * found["hidden_output"]}


def schemes() -> list[Scheme]:
    """Return all schemes whose packages are installed."""
    installed = all(importlib.util.find_spec(package) for package in ("pygenn", "ml_genn"))
    return [Cpu("plain"), Cpu("interpolated"), *([Genn(), MlGenn()] if installed else [])]

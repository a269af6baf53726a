"""What computes a gradient on a time grid: both engines, the CPU's with both kinds of spike times, and mlGeNN."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.losses import CrossEntropy
from models.network import Network, Weights
from models.windows import Window
from results.experiments.gradcheck.networks import Sample

if TYPE_CHECKING:
    from models.engines.genn.engine import GennEngine
    from results.benchmarks.peers.ml_genn_cpu import MlGennNetwork

SCALE = 5.0


class Scheme(ABC):
    """A way to a gradient."""

    name: str

    def offers(self, window: Window) -> bool:
        """Whether the readout can have this window."""
        return True

    def close(self) -> None:  # noqa: B027
        """Let go of what was built."""

    @abstractmethod
    def gradients(self, sample: Sample, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the gradient of the mean loss of a batch, by weight matrix."""


@dataclass(frozen=True)
class Cpu(Scheme):
    """The CPU engine."""

    spike_times: Literal["plain", "interpolated"]

    @property
    def name(self) -> str:  # type: ignore[override]
        """What tables call it."""
        return f"cpu, {self.spike_times}"

    def gradients(self, sample: Sample, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the engine's gradient."""
        kind = sample.kind
        steps, loss = round(kind.trial / dt), CrossEntropy(window, SCALE)
        engine = CpuEngine(kind.network, sample.weights, loss, dt, steps, spike_times=self.spike_times)
        return engine.gradients(batch).weights


class Genn(Scheme):
    """The GeNN engine, on GeNN's CPU backend: the CPU engine's plain scheme."""

    name = "genn"

    def __init__(self) -> None:
        # A network is built once for all samples that follow one another.
        self._engine: GennEngine | None = None
        self._key: tuple[Network, Window, float] | None = None

    def close(self) -> None:
        """Unload the network."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def gradients(self, sample: Sample, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return the engine's gradient."""
        from models.engines.genn.engine import GennEngine

        network, steps = sample.kind.network, round(sample.kind.trial / dt)
        key = (network, window, dt)
        if self._engine is None or self._key != key:
            self.close()
            self._key = key
            self._engine = GennEngine(network, sample.weights, CrossEntropy(window, SCALE), dt, steps)
        self._engine.set_weights(sample.weights)
        return self._engine.gradients(batch).weights


class MlGenn(Scheme):
    """mlGeNN's own Eventprop compiler on GeNN's CPU backend; of windows it has the uniform and the exponential one."""

    name = "mlGeNN"

    def __init__(self) -> None:
        # A network is built once for all samples that follow one another, and only one may be loaded.
        self._built: MlGennNetwork | None = None
        self._key: tuple[Network, Window, float] | None = None

    def offers(self, window: Window) -> bool:
        """Whether mlGeNN has such a readout."""
        from results.benchmarks.peers.ml_genn_cpu import READOUTS

        return type(window) in READOUTS

    def close(self) -> None:
        """Unload the network."""
        if self._built is not None:
            self._built.close()
            self._built = None

    def gradients(self, sample: Sample, window: Window, batch: SpikeBatch, dt: float) -> Weights:
        """Return mlGeNN's gradient; scale and norm of the window, which it does not have, go to the output weights."""
        from results.benchmarks.peers.ml_genn_cpu import MlGennNetwork

        network, steps = sample.kind.network, round(sample.kind.trial / dt)
        bare = replace(window, normalise=False)
        factor = np.float32(SCALE * window.table(steps)[0] / bare.table(steps)[0])
        weights = {**sample.weights, "hidden_output": factor * sample.weights["hidden_output"]}
        key = (network, window, dt)
        if self._built is None or self._key != key:
            self.close()
            self._key, self._built = key, MlGennNetwork(network, weights, CrossEntropy(bare), dt, steps, 0.0)
            self._built.prepare(batch)
        self._built.set_weights(weights)
        found = self._built.gradients(batch)
        return {**found, "hidden_output": factor * found["hidden_output"]}


def schemes() -> list[Scheme]:
    """Return all that can run here."""
    installed = all(importlib.util.find_spec(package) for package in ("pygenn", "ml_genn"))
    return [Cpu("plain"), Cpu("interpolated"), *([Genn(), MlGenn()] if installed else [])]

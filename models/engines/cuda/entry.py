"""The CUDA engine's entry in the registry: whether it is installed, and what it can't do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from models.engines.base import Engine
from models.engines.cuda import device
from models.engines.entry import Entry, Finding, Resources
from models.errors import InputError
from models.network import Spiking, Weights
from models.problem import Problem

MOST_NEURONS = 4096
"""Of a hidden layer: four in each of the 1,024 threads that CUDA gives a block."""

MOST_CHANNELS = 10_000
"""Of the input: what is sorted by source is counted in a block's shared memory, which has 48 kB."""


class CudaEntry(Entry):
    """Eventprop in kernels of our own for NVIDIA GPUs."""

    engine: ClassVar[str] = "cuda"
    title: ClassVar[str] = "CUDA engine"
    devices: ClassVar[tuple[str, ...]] = ("cuda",)
    remedy: ClassVar[str] = f'it needs an NVIDIA GPU and numba-cuda ({device.INSTALL}); engine = "cpu" needs neither'
    repair: ClassVar[str] = f"reinstall the pinned packages: {device.INSTALL}"

    def available(self) -> str | None:
        """Return what is missing, or None."""
        return device.missing()

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem its kernels can't do, or None."""
        network = problem.network
        if problem.loss.observes != "mean voltage":
            what = f"the loss {type(problem.loss).__name__} observes {problem.loss.observes}s"
            return f"learns from windowed means of voltages only, and {what}"
        if isinstance(network.output, Spiking):
            return "has no spiking outputs"
        if problem.interpolated:
            return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
        if any(c.synapses.delays != "none" for c in network.connections):
            return "has no delays of single synapses"
        largest = max(layer.size for layer in network.hidden)
        if largest > MOST_NEURONS:
            return f"has at most {MOST_NEURONS} neurons in a layer, and network.hidden has {largest}"
        if network.input.channels > MOST_CHANNELS:
            return f"has at most {MOST_CHANNELS} input channels, and the data have {network.input.channels}"
        return None

    def speed(self) -> int:
        """Return more than that of the other engines; where it is available, a GPU answers."""
        return 3

    def choose_device(self, wanted: str) -> str:
        """Return the only device."""
        if wanted not in ("auto", *self.devices):
            raise InputError(f"device is {wanted!r}; engine cuda has {', '.join(self.devices)}, or auto")
        return "cuda"

    def examine(self) -> Iterator[Finding]:
        """Yield what is installed of what it needs."""
        return device.examine()

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Imported here, since numba-cuda need not be installed.
        from models.engines.cuda.engine import CudaEngine

        return CudaEngine(problem, weights)


ENTRY = CudaEntry()

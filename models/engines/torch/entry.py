"""What the registry knows of methods that run on PyTorch: whether it is installed, and on which devices."""

from __future__ import annotations

import importlib.util
from abc import abstractmethod
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, ClassVar

from models.engines.base import Engine
from models.engines.entry import Entry, Finding, Resources
from models.errors import InputError
from models.network import Weights
from models.problem import Problem

if TYPE_CHECKING:
    from models.engines.torch.engine import TorchEngine

INSTALL = "pip install torch"


class TorchEntry(Entry):
    """A training method on PyTorch."""

    engine: ClassVar[str] = "torch"
    title: ClassVar[str] = "PyTorch"
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    remedy: ClassVar[str] = INSTALL

    def available(self) -> str | None:
        """Return why PyTorch can't be used, or None; it is not imported for this, which takes seconds."""
        return None if importlib.util.find_spec("torch") else "PyTorch is not installed"

    @abstractmethod
    def engine_class(self) -> type[TorchEngine]:
        """Import and return the method's engine: PyTorch need not be installed, and takes seconds to import."""

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        return self.engine_class()(problem, weights, resources.threads, self.choose_device(resources.device))

    def speed(self) -> int:
        """Return less than that of the engines of this project."""
        return 0

    def choose_device(self, wanted: str) -> str:
        """Return a device of PyTorch; a GPU where "auto" finds one."""
        if wanted not in ("auto", *self.devices):
            raise InputError(f"device is {wanted!r}; engine torch has {', '.join(self.devices)}, or auto")
        if wanted == "cpu":
            return wanted
        if self.answers("cuda"):
            return "cuda"
        if wanted == "cuda":
            raise InputError("device is 'cuda', and PyTorch finds no GPU here; use cpu or auto")
        return "cpu"

    def has(self, device: str) -> bool:
        """Return whether PyTorch is built for a device."""
        if device != "cuda":
            return super().has(device)
        if self.available() is not None:
            return False
        import torch

        return torch.version.cuda is not None

    def answers(self, device: str) -> bool:
        """Return whether a device is there."""
        if device != "cuda":
            return self.has(device)
        if not self.has("cuda"):
            return False
        import torch

        return bool(torch.cuda.is_available())

    def examine(self) -> Iterator[Finding]:
        """Yield whether PyTorch is installed."""
        missing = self.available()
        if missing is not None:
            yield Finding("PyTorch", "absent", f"{missing}; only some training methods need it", INSTALL)
        else:
            yield Finding("PyTorch", "ok", metadata.version("torch"))


class SteppedTorchEntry(TorchEntry):
    """A training method on PyTorch whose neurons spike on the time grid, and whose outputs do not spike."""

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        if any(c.synapses.delays != "none" for c in problem.network.connections):
            return "has no delays of single synapses"
        if problem.loss.spiking_outputs:
            return "has no gradient of the times of the outputs' spikes"
        if problem.interpolated:
            return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
        return None

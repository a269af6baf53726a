"""What the registry knows of methods that run on PyTorch: whether it is installed, and on which devices."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib import metadata
from typing import ClassVar

from models.engines.entry import Entry, Finding
from models.errors import InputError

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

"""The CPU engine's entry in the registry."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Entry, Resources
from models.network import Weights
from models.problem import Problem


class CpuEntry(Entry):
    """Event-driven Eventprop on the CPU: always here, and able to do everything."""

    engine: ClassVar[str] = "cpu"
    title: ClassVar[str] = "CPU engine"
    repair: ClassVar[str] = "reinstall the pinned packages: rm -rf .venv && make setup"

    def refusal(self, problem: Problem) -> str | None:
        """Return None: it can do whatever a problem can say."""
        return None

    def speed(self) -> int:
        """Return that of a CPU."""
        return 1

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Here, since its kernels take a while to load.
        from models.engines.cpu.engine import CpuEngine

        return CpuEngine(problem, weights, resources.threads)


ENTRY = CpuEntry()

"""The entry of e-prop on the CPU in the registry, and what it can't do."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.cpu.entry import CpuEntry
from models.engines.entry import Resources
from models.methods.eprop import scope
from models.methods.eprop.options import EpropOptions
from models.methods.options import MethodOptions
from models.network import Weights
from models.problem import Problem


class EpropOnCpuEntry(CpuEntry):
    """e-prop (Bellec et al. 2020) in Numba; leaky neurons are the CPU engine's, step for step."""

    method: ClassVar[str] = "e-prop"
    options: ClassVar[type[MethodOptions] | None] = EpropOptions

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem e-prop can't do, or None."""
        for name, population in problem.network.populations.items():
            if population.time_constants != "shared":
                return f"has one tau_mem and one tau_syn for all {name} neurons"
        return scope.refusal(problem)

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Here, since its kernels take a while to load.
        from models.methods.eprop.cpu.engine import EpropEngine

        return EpropEngine(problem, weights, resources.threads)


ENTRY = EpropOnCpuEntry()

"""The entry of STDP in the registry."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Entry, Resources
from models.initialisers import Initial
from models.methods.options import MethodOptions
from models.methods.stdp import parameters, scope
from models.methods.stdp.options import StdpOptions
from models.network import Weights
from models.problem import Problem


class WinnerEntry(Entry):
    """What methods that train winner-take-all networks share."""

    engine: ClassVar[str] = "cpu"
    neurons: ClassVar[str] = "winner-take-all"
    title: ClassVar[str] = "winner-take-all networks on the CPU"
    repair: ClassVar[str] = "reinstall the pinned packages: rm -rf .venv && make setup"

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        return scope.refusal(problem, self.method)

    def speed(self) -> int:
        """Return that of a CPU."""
        return 1

    def shapes(self, problem: Problem) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter."""
        return parameters.shapes(problem)

    def draw(self, problem: Problem, initial: Initial, seed: int | tuple[int, ...]) -> Weights:
        """Return the parameters that training begins with: the method's own, whatever other networks begin with."""
        return parameters.draw(problem, seed)


class StdpEntry(WinnerEntry):
    """Unsupervised STDP."""

    method: ClassVar[str] = "stdp"
    options: ClassVar[type[MethodOptions] | None] = StdpOptions

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Here, since its kernels take a while to load.
        from models.methods.stdp.engine import StdpEngine

        if parameters.class_wise(problem.options):
            parameters.refuse_fewer_neurons_than_classes(problem)
        return StdpEngine(problem, weights, resources.threads)


ENTRY = StdpEntry()

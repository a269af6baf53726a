"""The entry of conversion in the registry, and what it can't convert."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Resources
from models.initialisers import Constant
from models.methods.ann.entry import AnnEntry
from models.methods.ann.options import NumbersOptions
from models.methods.ann.parameters import Parameter
from models.methods.conversion.options import ConversionOptions
from models.methods.options import MethodOptions
from models.network import Weights
from models.problem import Problem


class ConversionEntry(AnnEntry):
    """Perceptrons of numbers that become spiking networks, in PyTorch."""

    method: ClassVar[str] = "conversion"
    neurons: ClassVar[str] = "integrate-and-fire without leak"
    options: ClassVar[type[MethodOptions] | None] = ConversionOptions

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        refused = super().refusal(problem)
        if refused is None and isinstance(problem.options, NumbersOptions):
            architecture = problem.options.architecture
            if architecture != "perceptron":
                return f'converts layers of rectified units; training.options.architecture is "{architecture}"'
        return refused

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Here, since PyTorch need not be installed, and takes seconds to import.
        from models.methods.conversion.engine import ConversionEngine

        return ConversionEngine(problem, weights, resources.threads, self.choose_device(resources.device))

    def _parameters(self, problem: Problem) -> dict[str, Parameter]:
        scales = {f"{n}_scale": Parameter((1,), Constant(1.0)) for n in problem.network.populations if n != "output"}
        return super()._parameters(problem) | scales


ENTRY = ConversionEntry()

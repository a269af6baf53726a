"""The entry of conversion in the registry, and what it can't convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.initialisers import Constant
from models.methods.ann.entry import AnnEntry
from models.methods.ann.options import NumbersOptions
from models.methods.ann.parameters import Parameter
from models.methods.conversion.options import ConversionOptions
from models.methods.options import MethodOptions
from models.network import Network
from models.problem import Problem

if TYPE_CHECKING:
    from models.engines.torch.engine import TorchEngine


def scaled(network: Network) -> list[str]:
    """Return the names of the populations whose spikes have a scale: the input and the hidden layers."""
    return ["input", *(name for name in network.populations if name != "output")]


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

    def engine_class(self) -> type[TorchEngine]:
        """Return the engine; see `TorchEntry.engine_class`."""
        from models.methods.conversion.engine import ConversionEngine

        return ConversionEngine

    def _parameters(self, problem: Problem) -> dict[str, Parameter]:
        scales = {f"{name}_scale": Parameter((1,), Constant(1.0)) for name in scaled(problem.network)}
        return super()._parameters(problem) | scales


ENTRY = ConversionEntry()

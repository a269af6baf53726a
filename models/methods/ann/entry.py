"""The entry of second-generation networks in the registry, and what they can't do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.engines.torch.entry import TorchEntry
from models.initialisers import Initial
from models.losses import CrossEntropy
from models.methods.ann import parameters
from models.methods.ann.options import AnnOptions, NumbersOptions
from models.methods.options import MethodOptions
from models.network import Weights
from models.problem import Problem

if TYPE_CHECKING:
    from models.engines.torch.engine import TorchEngine


class AnnEntry(TorchEntry):
    """Networks of numbers on binned input events, in PyTorch."""

    method: ClassVar[str] = "ann"
    neurons: ClassVar[str] = "numbers"
    options: ClassVar[type[MethodOptions] | None] = AnnOptions

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        options, network = problem.options, problem.network
        if problem.method != self.method or not isinstance(options, NumbersOptions):
            return "trains networks of its own, which its training.options describe"
        if not isinstance(problem.loss, CrossEntropy):
            return f'learns from the loss "{CrossEntropy.kind}", not from "{problem.loss.kind}"'
        if options.frames > problem.steps:
            return f"divides a trial of {problem.steps} steps into frames; training.options.frames is {options.frames}"
        if options.bands > network.input.channels:
            return f"divides {network.input.channels} channels into bands; training.options.bands is {options.bands}"
        if options.architecture == "gru" and len(network.hidden) > 1:
            return f"has one layer of gated recurrent units; network.hidden has {len(network.hidden)}"
        if any(c.synapses.density < 1 or c.synapses.delays != "none" for c in network.connections):
            return "has neither absent synapses nor delays of synapses"
        return None

    def shapes(self, problem: Problem) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter."""
        return {name: parameter.shape for name, parameter in self._parameters(problem).items()}

    def draw(self, problem: Problem, initial: Initial, seed: int | tuple[int, ...]) -> Weights:
        """Return the parameters that training begins with: He's, whatever spiking networks begin with."""
        return parameters.draw(self._parameters(problem), seed)

    def engine_class(self) -> type[TorchEngine]:
        """Return the engine; see `TorchEntry.engine_class`."""
        from models.methods.ann.engine import AnnEngine

        return AnnEngine

    def _parameters(self, problem: Problem) -> dict[str, parameters.Parameter]:
        assert isinstance(problem.options, NumbersOptions)
        return parameters.parameters(problem.network, problem.options)


ENTRY = AnnEntry()

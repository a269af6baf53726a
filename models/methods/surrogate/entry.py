"""The entry of surrogate gradients in the registry, and what they can't do."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Resources
from models.engines.torch.entry import TorchEntry
from models.methods.options import MethodOptions
from models.methods.surrogate.options import SurrogateOptions
from models.network import Weights
from models.problem import Problem


class SurrogateEntry(TorchEntry):
    """Backpropagation through time with surrogate gradients, in PyTorch."""

    method: ClassVar[str] = "surrogate"
    options: ClassVar[type[MethodOptions] | None] = SurrogateOptions

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        if any(c.synapses.delays != "none" for c in problem.network.connections):
            return "has no delays of single synapses"
        if problem.loss.spiking_outputs:
            return "has no gradient of the times of the outputs' spikes"
        if problem.interpolated:
            return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
        return None

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Here, since PyTorch need not be installed, and takes seconds to import.
        from models.methods.surrogate.engine import SurrogateEngine

        return SurrogateEngine(problem, weights, resources.threads, self.choose_device(resources.device))


ENTRY = SurrogateEntry()

"""The entry of parallel neurons in the registry, and what they can't do."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Resources
from models.engines.torch.entry import TorchEntry
from models.methods.options import MethodOptions
from models.methods.parallel_lif.options import ParallelOptions
from models.network import Weights
from models.problem import Problem


class ParallelEntry(TorchEntry):
    """Leaky integrate-and-fire neurons without reset, all steps at once (ParaLIF)."""

    method: ClassVar[str] = "parallel-lif"
    neurons: ClassVar[str] = "parallel leaky integrate-and-fire"
    options: ClassVar[type[MethodOptions] | None] = ParallelOptions

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
        from models.methods.parallel_lif.engine import ParallelEngine

        return ParallelEngine(problem, weights, resources.threads, self.choose_device(resources.device))


ENTRY = ParallelEntry()

"""e-prop's entry in the registry: whether it is installed, and what it can't do."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Resources
from models.engines.genn import available
from models.engines.genn.entry import GennEntry, lanes
from models.losses import CrossEntropy
from models.network import Spiking, Weights
from models.problem import Problem


class EpropOnGennEntry(GennEntry):
    """e-prop (Bellec et al. 2020) on the code that GeNN generates, through mlGeNN's compiler."""

    method: ClassVar[str] = "e-prop"
    neurons: ClassVar[str] = "mlGeNN's for e-prop"
    shares_batches: ClassVar[bool] = False

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem e-prop, as mlGeNN has it, can't do, or None."""
        network, loss = problem.network, problem.loss
        populations = network.populations.values()
        if len(network.hidden) > 1:
            return f"trains one hidden layer, which sees the output's error; this network has {len(network.hidden)}"
        if any(p.time_constants != "shared" for p in populations) or len({p.tau_mem for p in populations}) > 1:
            return "has one tau_mem for all neurons, hidden and output"
        if any(p.bias for p in populations):
            return "has no biases"
        if any(c.synapses.delays != "none" for c in network.connections):
            return "has no delays of single synapses"
        if isinstance(network.output, Spiking):
            return "has no spiking outputs"
        if not isinstance(loss, CrossEntropy):
            return f"learns from a cross-entropy at every step, not from the loss {type(loss).__name__}"
        if problem.interpolated:
            return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
        return None

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Imported here, since GeNN need not be installed.
        from models.methods.eprop.engine import EpropEngine

        backend = available.choose(resources.device)
        return EpropEngine(problem, weights, backend, lanes(backend, resources.batch))


ENTRY = EpropOnGennEntry()

"""e-prop's entry in the registry: whether it is installed, and what it can't do."""

from __future__ import annotations

from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Resources
from models.engines.genn import available
from models.engines.genn.entry import GennEntry, lanes
from models.methods.eprop import scope
from models.methods.eprop.options import EpropOptions
from models.methods.options import MethodOptions
from models.network import Weights
from models.problem import Problem

GAMMA = 0.3
"""Height of the pseudo-derivative that mlGeNN's code has."""


class EpropOnGennEntry(GennEntry):
    """e-prop (Bellec et al. 2020) on the code that GeNN generates, through mlGeNN's compiler."""

    method: ClassVar[str] = "e-prop"
    neurons: ClassVar[str] = "mlGeNN's for e-prop"
    shares_batches: ClassVar[bool] = False
    options: ClassVar[type[MethodOptions] | None] = EpropOptions

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem e-prop, as mlGeNN has it, can't do, or None."""
        populations, options = problem.network.populations.values(), EpropOptions.of(problem.options)
        if any(p.time_constants != "shared" for p in populations) or len({p.tau_mem for p in populations}) > 1:
            return "has one tau_mem for all neurons, hidden and output"
        if options.feedback != "symmetric":
            return f'has the feedback "symmetric" only, and training.options.feedback is "{options.feedback}"'
        if options.neurons != "leaky":
            return f'has leaky neurons only, and training.options.neurons is "{options.neurons}"'
        if options.gamma != GAMMA:
            return f"has a gamma of {GAMMA}, and training.options.gamma is {options.gamma}"
        return scope.refusal(problem)

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Imported here, since GeNN need not be installed.
        from models.methods.eprop.genn.engine import EpropEngine

        backend = available.choose(resources.device)
        return EpropEngine(problem, weights, backend, lanes(backend, resources.batch))


ENTRY = EpropOnGennEntry()

"""The entry of stochastic parallelizable spiking neurons in the registry: parallel neurons, feed-forward only."""

from __future__ import annotations

from typing import ClassVar

from models.methods.options import MethodOptions
from models.methods.parallel_lif.entry import ParallelEntry
from models.methods.spsn.options import SpsnOptions
from models.problem import Problem


class SpsnEntry(ParallelEntry):
    """Parallel neurons whose spikes are random (SPSN)."""

    method: ClassVar[str] = "spsn"
    options: ClassVar[type[MethodOptions] | None] = SpsnOptions

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        if any(layer.recurrent is not None for layer in problem.network.hidden):
            return "trains feed-forward layers only, and network.recurrent is true"
        return super().refusal(problem)


ENTRY = SpsnEntry()

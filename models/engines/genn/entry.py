"""The GeNN engine's entry in the registry: whether it is installed, and what it can't do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from models.engines.base import Engine
from models.engines.entry import Entry, Finding, Resources
from models.engines.genn import available, installation
from models.network import Spiking, Weights
from models.problem import Problem

CPU_BACKEND = "single_threaded_cpu"


class GennEntry(Entry):
    """Eventprop on the code that GeNN generates, through mlGeNN's compiler."""

    engine: ClassVar[str] = "genn"
    title: ClassVar[str] = "GeNN engine"
    devices: ClassVar[tuple[str, ...]] = ("cuda", "hip", CPU_BACKEND)
    shares_batches: ClassVar[bool] = True
    remedy: ClassVar[str] = available.WHERE
    repair: ClassVar[str] = (
        "see the compiler's message above; the backend needs a C++ compiler and make, a GPU's its toolkit, too"
    )

    def available(self) -> str | None:
        """Return what of GeNN is missing, or None."""
        return available.missing()

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem mlGeNN's Eventprop compiler, as it is extended here, can't do, or None."""
        if problem.loss.observes != "mean voltage":
            what = f"the loss {type(problem.loss).__name__} observes {problem.loss.observes}s"
            return f"learns from windowed means of voltages only, and {what}"
        if isinstance(problem.network.output, Spiking):
            return "has no spiking outputs"
        if problem.interpolated:
            return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
        return None

    def speed(self) -> int:
        """Return more than the CPU engine's where a GPU answers, and less otherwise."""
        return 2 if available.has_gpu() else 0

    def choose_device(self, wanted: str) -> str:
        """Return GeNN's backend; see `available.choose`."""
        return available.choose(wanted)

    def has(self, device: str) -> bool:
        """Return whether GeNN was built with a backend."""
        return device == "auto" or device in available.backends()

    def answers(self, device: str) -> bool:
        """Return whether GeNN was built with a backend whose device answers."""
        return device == "auto" or any(own == device and available.answers(own) for own in available.backends())

    def examine(self) -> Iterator[Finding]:
        """Yield what is installed of GeNN, and of what it needs."""
        return installation.examine()

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; see `models.engines.entry.Entry.make`."""
        # Imported here, since GeNN need not be installed.
        from models.engines.genn.engine import GennEngine
        from models.engines.genn.ranks import Ranks

        ranks = Ranks.here()
        backend = available.choose(resources.device)
        return GennEngine(problem, weights, backend, lanes(backend, resources.batch, ranks.count), ranks=ranks)


def lanes(backend: str, batch: int, processes: int = 1) -> int:
    """Return how many of a batch's examples run at once: one on a CPU, on a GPU each process's share of them."""
    return 1 if backend == CPU_BACKEND else -(-batch // processes)


ENTRY = GennEntry()

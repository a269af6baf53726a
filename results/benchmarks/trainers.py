"""Trainers of a network, our engines and their peers, behind one interface."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from models.batch import SpikeBatch
from results.benchmarks.child import Answer, Memory
from results.benchmarks.shd_shaped import LEARNING_RATE, Shape

BATCHES = 3
"""Different batches, which are learned from in turn."""


class Learner(Protocol):
    """A network with its optimiser."""

    def prepare(self, batch: SpikeBatch) -> None:
        """Compile what learning from a batch of this size needs, without learning."""
        ...

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        ...


@dataclass(frozen=True)
class Trainer:
    """One way of training.

    Attributes
    ----------
    place : str
        Module and name of the class, with a colon between them; it takes problem, weights and learning rate.
    packages : tuple of str
        Packages that must be installed.
    options : mapping of str to str
        Further arguments of the class.
    one_core : bool
        Whether it can use only one core.
    """

    title: str
    place: str
    packages: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    one_core: bool = False

    @property
    def missing(self) -> str | None:
        """The first of the packages that is not installed."""
        return next((package for package in self.packages if importlib.util.find_spec(package) is None), None)

    @property
    def versions(self) -> str:
        """Its packages with their versions."""
        return ", ".join(f"{package} {importlib.metadata.version(package)}" for package in self.packages)

    def make(self, shape: Shape) -> Learner:
        """Return a network of a shape, with the shape's initial weights."""
        module, name = self.place.split(":")
        made: Any = getattr(importlib.import_module(f"results.benchmarks.{module}"), name)
        learner: Learner = made(shape.problem, shape.weights(), LEARNING_RATE, **self.options)
        return learner


def _pytorch(title: str, reading: str) -> Trainer:
    title = f"surrogate gradient, PyTorch, {title}"
    return Trainer(title, "peers.surrogate:SurrogateNetwork", ("torch",), {"reading": reading})


OURS = "ours"
OURS_ON_GENN = "genn"
GENN = ("ml_genn", "pygenn")

TRAINERS = {
    OURS: Trainer("Eventprop, CPU engine", "ours:Ours"),
    OURS_ON_GENN: Trainer("Eventprop, GeNN engine", "ours:OursOnGenn", GENN, one_core=True),
    "mlgenn": Trainer("Eventprop, mlGeNN's CPU backend", "peers.ml_genn_cpu:MlGennNetwork", GENN, one_core=True),
    "spyx": Trainer("surrogate gradient, Spyx", "peers.spyx_bptt:SpyxNetwork", ("spyx", "jax", "flax", "optax")),
    "snntorch": Trainer("surrogate gradient, snnTorch", "peers.snn_torch:SnnTorchNetwork", ("snntorch", "torch")),
    "step by step": _pytorch("step by step", "step by step"),
    "indexed": _pytorch("input product indexed by step, as in SpyTorch's tutorials", "indexed"),
    "unbound": _pytorch("input product unbound by step", "unbound"),
}


def session(trainer: str, shape: Mapping[str, Any]) -> Callable[[], Answer]:
    """Prepare one of `TRAINERS` for a `Shape` of these fields; return a function that trains on one batch.

    It returns seconds; megabytes, the greatest rise of memory above that after compilation; and hidden_spikes per
    neuron and example. A first batch, which is not timed, has warmed up the trainer.
    """
    sizes = Shape(**shape)
    learner = TRAINERS[trainer].make(sizes)
    made = sizes.batches(BATCHES)
    batches = itertools.cycle(made)
    learner.prepare(made[0])
    memory = Memory()
    learner.train(made[0])

    def measure() -> Answer:
        batch = next(batches)
        start = time.perf_counter()
        spikes = learner.train(batch)
        seconds = time.perf_counter() - start
        hidden_spikes = spikes / (sizes.batch * sizes.hidden)
        return {"seconds": seconds, "megabytes": memory.added(), "hidden_spikes": hidden_spikes}

    return measure

"""Trainers of a network, our engines and methods and their peers, behind one interface."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from models.batch import SpikeBatch
from models.engines import registry
from models.engines.entry import Entry
from models.errors import InputError
from models.network import Weights
from models.problem import Problem
from results.benchmarks.child import Answer, Memory, timed
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

    def lacks(self, shape: Shape) -> str | None:
        """Return why it can't train a network of a shape here, as a sentence, or None."""
        return f"{self.missing} is not installed" if self.missing else None

    def problem(self, shape: Shape) -> Problem:
        """Return what it is to train."""
        return shape.problem

    def weights(self, shape: Shape) -> Weights:
        """Return the weights that it begins with."""
        return shape.weights()

    def make(self, shape: Shape) -> Learner:
        """Return a network of a shape, with the shape's initial weights."""
        module, name = self.place.split(":")
        made: Any = getattr(importlib.import_module(f"results.benchmarks.{module}"), name)
        learner: Learner = made(self.problem(shape), self.weights(shape), LEARNING_RATE, **self.options)
        return learner


@dataclass(frozen=True)
class Method(Trainer):
    """A training method of this project.

    Attributes
    ----------
    method : str
        Name in the registry; ``options`` has the engine's.
    settings : mapping of str to object
        What differs from the defaults of the method's own settings, ``training.options``.
    recurrent : bool
        Whether it is measured on recurrent or on feed-forward networks.
    spikes : bool
        Whether what it counts during training are spikes.
    """

    place: str = "ours:Ours"
    method: str = field(kw_only=True)
    settings: Mapping[str, Any] = field(default_factory=dict)
    recurrent: bool = True
    spikes: bool = True

    @property
    def entry(self) -> Entry:
        """Its entry in the registry."""
        return registry.find(self.options["engine"], self.method)

    def lacks(self, shape: Shape) -> str | None:
        """Return why it can't train a network of a shape here, as a sentence, or None."""
        try:
            registry.refuse(self.entry, self.problem(shape))
        except InputError as error:
            return str(error)
        return None

    def problem(self, shape: Shape) -> Problem:
        """Return what it is to train."""
        own = registry.options(self.method)
        return replace(shape.problem, method=self.method, options=own(**self.settings) if own else None)

    def weights(self, shape: Shape) -> Weights:
        """Return the parameters that it begins with."""
        return self.entry.draw(self.problem(shape), shape.initial, 0)


def _pytorch(title: str, reading: str) -> Trainer:
    title = f"surrogate gradient, PyTorch, {title}"
    return Trainer(title, "peers.surrogate:SurrogateNetwork", ("torch",), {"reading": reading})


def _method(title: str, method: str, engine: str = "cpu", **more: Any) -> Method:
    return Method(title, method=method, options={"engine": engine}, **more)


OURS = "ours"
OURS_ON_GENN = "genn"
GENN = ("ml_genn", "pygenn")

PEERS = {
    OURS: Trainer("Eventprop, CPU engine", "ours:Ours"),
    OURS_ON_GENN: Trainer("Eventprop, GeNN engine", "ours:OursOnGenn", GENN, {"engine": "genn"}, one_core=True),
    "mlgenn": Trainer("Eventprop, mlGeNN's CPU backend", "peers.ml_genn_cpu:MlGennNetwork", GENN, one_core=True),
    "spyx": Trainer("surrogate gradient, Spyx", "peers.spyx_bptt:SpyxNetwork", ("spyx", "jax", "flax", "optax")),
    "snntorch": Trainer("surrogate gradient, snnTorch", "peers.snn_torch:SnnTorchNetwork", ("snntorch", "torch")),
    "step by step": _pytorch("step by step", "step by step"),
    "indexed": _pytorch("input product indexed by step, as in SpyTorch's tutorials", "indexed"),
    "unbound": _pytorch("input product unbound by step", "unbound"),
}
"""Our engines and other libraries by name."""

_TORCH = "torch"

METHODS = {
    method.title: method
    for method in (
        _method("surrogate gradient", "surrogate", _TORCH),
        _method("surrogate gradient, feed-forward", "surrogate", _TORCH, recurrent=False),
        _method("ParaLIF", "parallel-lif", _TORCH),
        _method("ParaLIF, feed-forward", "parallel-lif", _TORCH, recurrent=False),
        _method("SPSN", "spsn", _TORCH, recurrent=False),
        _method("e-prop", "e-prop"),
        _method("e-prop, adaptive thresholds", "e-prop", settings={"neurons": "adaptive"}),
        _method("STDP, classical", "stdp"),
        _method("R-STDP", "r-stdp", settings={"conductance": 0.1}),
        _method("perceptron", "ann", _TORCH, spikes=False),
        _method("CNN", "ann", _TORCH, spikes=False, settings={"architecture": "cnn"}),
        _method("GRU", "ann", _TORCH, spikes=False, settings={"architecture": "gru"}),
        _method("converted perceptron", "conversion", _TORCH, spikes=False),
        _method("logistic regression", "control", "sklearn", spikes=False),
        _method("support vector machine", "control", "sklearn", spikes=False, settings={"classifier": "svm"}),
    )
}
"""Variants of the training methods beside Eventprop by name, which is that of the comparison of methods."""

TRAINERS: dict[str, Trainer] = PEERS | METHODS


def session(trainer: str, shape: Mapping[str, Any]) -> Callable[[], Answer]:
    """Prepare one of `TRAINERS` for a `Shape` of these fields; return a function that trains on one batch.

    It returns seconds; cpu_seconds of all threads; megabytes, the greatest rise of memory above that after compilation;
    and hidden_spikes per neuron and example. A first batch, which is not timed, has warmed up the trainer.
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
        spikes, taken = timed(lambda: learner.train(batch))
        hidden_spikes = spikes / (sizes.batch * sizes.hidden)
        return taken | {"megabytes": memory.added(), "hidden_spikes": hidden_spikes}

    return measure

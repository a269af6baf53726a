"""The entry of the controls in the registry, and what they can't do."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from models.engines.base import Engine
from models.engines.entry import Entry, Resources
from models.initialisers import Initial
from models.losses import CrossEntropy
from models.methods.control.engine import ControlEngine, parameter_shapes
from models.methods.control.options import ControlOptions
from models.methods.options import MethodOptions
from models.network import ANY, Weights
from models.problem import Problem


class ControlEntry(Entry):
    """Logistic regression and a support vector machine on numbers of the events, by scikit-learn."""

    engine: ClassVar[str] = "sklearn"
    method: ClassVar[str] = "control"
    neurons: ClassVar[str] = "none, but a classifier of numbers"
    options: ClassVar[type[MethodOptions] | None] = ControlOptions
    title: ClassVar[str] = "scikit-learn"

    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, or None."""
        options, network = problem.options, problem.network
        if problem.method != self.method or not isinstance(options, ControlOptions):
            return "trains classifiers without neurons, which its training.options describe"
        if not isinstance(problem.loss, CrossEntropy):
            return f'has the loss "{CrossEntropy.kind}", not "{problem.loss.kind}"'
        if any(c.synapses.density < 1 or c.synapses.delays != "none" for c in network.connections):
            return "has neither absent synapses nor delays of synapses"
        if options.features == "latencies":
            return None
        if options.frames > problem.steps:
            return f"divides a trial of {problem.steps} steps into frames; training.options.frames is {options.frames}"
        if options.bands > network.input.channels:
            return f"divides {network.input.channels} channels into bands; training.options.bands is {options.bands}"
        return None

    def speed(self) -> int:
        """Return that of an engine beside which there is no other."""
        return 0

    def shapes(self, problem: Problem) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter; the number of support vectors depends on the data."""
        return parameter_shapes(problem)

    def draw(self, problem: Problem, initial: Initial, seed: int | tuple[int, ...]) -> Weights:
        """Return those of a classifier that is not fitted yet, to which all classes are alike."""
        shapes = self.shapes(problem)
        return {name: np.zeros([0 if n == ANY else n for n in shape], np.float32) for name, shape in shapes.items()}

    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine; it has no use for resources."""
        return ControlEngine(problem, weights)


ENTRY = ControlEntry()

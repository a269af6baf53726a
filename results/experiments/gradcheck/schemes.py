"""Schemes that compute gradients on a time grid: the CPU engine with both kinds of spike times, GeNN and mlGeNN."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from models.engines.entry import Resources
from models.engines.registry import find
from models.losses import CrossEntropy
from models.network import Weights
from models.windows import Exponential, Uniform, Window
from results.experiments.gradcheck.networks import Instance, Kind

SCALE = 5.0
"""Of the loss's logits."""

Gradients = Callable[[Instance], Weights]
"""Gives the gradient of the mean loss of an instance's examples, by weight matrix."""


@dataclass(frozen=True)
class Scheme:
    """A way to compute gradients on a time grid.

    Attributes
    ----------
    name : str
        In tables.
    opened : callable
        Builds the network of a kind with a window and a time step in ms, and unloads it at the end of the ``with``
        block, since some libraries can hold only one at a time.
    windows : tuple of type
        The readout windows that it has.
    """

    name: str
    opened: Callable[[Kind, Window, float], AbstractContextManager[Gradients]]
    windows: tuple[type[Window], ...] = (Window,)


@contextmanager
def _engine(
    engine: str, device: str, spike_times: Literal["plain", "interpolated"], kind: Kind, window: Window, dt: float
) -> Iterator[Gradients]:
    problem = replace(kind.problem(CrossEntropy(window, SCALE), dt), spike_times=spike_times)
    made = find(engine, "eventprop").make(problem, kind.draw(0).weights, Resources(device=device))

    def gradients(instance: Instance) -> Weights:
        made.set_weights(instance.weights)
        return made.gradients(instance.batch(dt)).weights

    with closing(made):
        yield gradients


@contextmanager
def _ml_genn(kind: Kind, window: Window, dt: float) -> Iterator[Gradients]:
    """Give mlGeNN the output weights times the loss's scale and the window's norm, of which it has neither."""
    from results.benchmarks.peers.ml_genn_cpu import MlGennNetwork

    bare = replace(window, normalise=False)
    problem = kind.problem(CrossEntropy(bare), dt)
    factor = np.float32(SCALE * window.table(problem.steps)[0] / bare.table(problem.steps)[0])

    def scaled(weights: Weights) -> Weights:
        return {**weights, "hidden_output": factor * weights["hidden_output"]}

    def gradients(instance: Instance) -> Weights:
        made.set_weights(scaled(instance.weights))
        return scaled(made.gradients(instance.batch(dt)))

    first = kind.draw(0)
    with closing(MlGennNetwork(problem, scaled(first.weights), 0.0)) as made:
        made.prepare(first.batch(dt))
        yield gradients


PLAIN = Scheme("cpu, plain", partial(_engine, "cpu", "auto", "plain"))
INTERPOLATED = Scheme("cpu, interpolated", partial(_engine, "cpu", "auto", "interpolated"))
GENN = Scheme("genn", partial(_engine, "genn", "single_threaded_cpu", "plain"))
ML_GENN = Scheme("mlGeNN", _ml_genn, (Uniform, Exponential))


def schemes() -> list[Scheme]:
    """Return all schemes whose packages are installed."""
    installed = all(importlib.util.find_spec(package) for package in ("pygenn", "ml_genn"))
    return [PLAIN, INTERPOLATED, *([GENN, ML_GENN] if installed else [])]

"""Problems, engines and a toy task for winner-take-all networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.batch import SpikeBatch
from models.engines import registry
from models.engines.entry import Resources
from models.initialisers import Initial
from models.losses import CrossEntropy
from models.methods.stdp.options import WinnerOptions
from models.network import Hidden, Input, Leaky, Network
from models.problem import Problem


def make_problem(
    options: WinnerOptions, hidden: int = 12, channels: int = 210, steps: int = 100, **more: Any
) -> Problem:
    network = Network(Input(channels), (Hidden(hidden),), Leaky(3))
    given = {"loss": CrossEntropy(smoothing=0.1), "method": options.kind, "options": options}
    return Problem(network, **({"dt": 1.0, "steps": steps} | given | more))


def make_engine(problem: Problem, seed: int = 1, threads: int = 1) -> Any:
    entry = registry.find("cpu", problem.method)
    return entry.make(problem, entry.draw(problem, Initial(), seed), Resources(threads))


def toy(examples: int = 30, channels: int = 210, seed: int = 0, chance: float = 0.04) -> SpikeBatch:
    """Three classes, each with many events in a third of the channels and few elsewhere."""
    rng = np.random.default_rng(seed)
    labels = np.arange(examples) % 3
    steps, units, offsets = [], [], [0]
    for label in labels:
        chances = np.where(np.arange(channels) * 3 // channels == label, chance, 0.004)
        found = np.argwhere(rng.random((98, channels)) < chances)
        steps.append(found[:, 0])
        units.append(found[:, 1])
        offsets.append(offsets[-1] + len(found))
    return SpikeBatch(
        np.concatenate(steps).astype(np.int32), np.concatenate(units).astype(np.int32), np.array(offsets), labels
    )

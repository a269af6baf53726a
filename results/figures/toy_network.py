"""A small network for figures, trained when it is drawn on synthetic words: bands of channels that stay or glide."""

from __future__ import annotations

from functools import cache

import numpy as np

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.initialisers import Initial, Normal
from models.losses import CrossEntropy
from models.network import Hidden, Input, Leaky, Network, Weights
from models.problem import Problem
from models.regulariser import Regulariser
from models.windows import Gaussian

CHANNELS = 5
STEPS = 150
WORDS = ("low", "high", "rising", "falling")


def synthetic_words(examples: int, seed: int) -> SpikeBatch:
    """Return a number of synthetic examples, one of each of `WORDS` in turn."""
    rng = np.random.default_rng(seed)
    steps, units, offsets = [], [], [0]
    for example in range(examples):
        times = np.sort(rng.integers(5, 120, 3 * CHANNELS))
        along = times / 120
        centre = {0: 0.25 + 0 * along, 1: 0.75 + 0 * along, 2: 0.15 + 0.7 * along, 3: 0.85 - 0.7 * along}[example % 4]
        places = np.clip((centre + rng.normal(0, 0.05, len(times))) * CHANNELS, 0, CHANNELS - 1).astype(np.int32)
        _, first = np.unique(times * CHANNELS + places, return_index=True)
        steps.append(times[first].astype(np.int32))
        units.append(places[first])
        offsets.append(offsets[-1] + len(first))
    labels = np.arange(examples) % len(WORDS)
    return SpikeBatch(np.concatenate(steps), np.concatenate(units), np.array(offsets), labels)


@cache
def trained_weights() -> Weights:
    """Return the weights of a feed-forward network of 5, 8 and 4 neurons after training."""
    network = Network(Input(CHANNELS), (Hidden(8, recurrent=None),), Leaky(len(WORDS)))
    initial = Initial(input=Normal(2.0, 1.0), output=Normal(0, 0.3))
    loss, regulariser = CrossEntropy(Gaussian(mu=0.5, sigma=0.3), 10.0), Regulariser(lift=0.1)
    problem = Problem(network, loss, 1.0, STEPS, regulariser=regulariser, least_slope=0.1)
    engine = CpuEngine(problem, initial.draw(network, 2))
    for epoch in range(60):
        engine.train_epoch([synthetic_words(32, 100 + epoch)], 0.02)
    return engine.weights

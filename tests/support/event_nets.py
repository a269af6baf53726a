"""Small random networks and trials for gradient tests, on a time grid of whole ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from event_exact import Array, Trial

from models.batch import SpikeBatch, discretise
from models.network import Network, Weights


def draw_weights(network: Network, seed: int, drive: float = 1.0, recurrence: float = 0.6) -> dict[str, Array]:
    """Return weights strong enough that single input events matter; float64 holding float32 numbers."""
    rng = np.random.default_rng(seed)
    copies = network.input.delay_line.copies
    moments = {
        "input_hidden": (drive / copies, 1 / np.sqrt(copies)),
        "hidden_hidden": (0.0, recurrence),
        "hidden_output": (0.0, 1.0),
    }
    return {
        name: rng.normal(*moments[name], shape).astype(np.float32).astype(float)
        for name, shape in network.shapes.items()
    }


def draw_trials(channels: int, seed: int, trials: int = 2, events: int = 3, duration: float = 100.0) -> list[Trial]:
    """Return trials of ``events`` events a channel, none in the last fifth; labels count up."""
    rng = np.random.default_rng((seed, 1))
    slots = int(0.8 * duration)
    made = []
    for label in range(trials):
        chosen = np.sort(rng.choice(slots * channels, events * channels, replace=False))
        made.append(Trial(chosen // channels + 2.0, chosen % channels, label, duration))
    return made


def on_grid(trials: Sequence[Trial], dt: float, channels: int) -> SpikeBatch:
    """Return the trials as an engine wants them."""
    return discretise(
        np.concatenate([t.times for t in trials]).astype(np.float32),
        np.concatenate([t.units for t in trials]).astype(np.uint16),
        np.cumsum([0, *(len(t.times) for t in trials)]),
        np.array([t.label for t in trials]),
        dt,
        round(trials[0].duration / dt),
        channels,
    )


def single(weights: Mapping[str, Array]) -> Weights:
    """Return weights in float32."""
    return {name: w.astype(np.float32) for name, w in weights.items()}

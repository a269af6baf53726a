"""The learning rate: over the epochs, and over the batches of the first ones.

It depends on nothing but the config and what the metrics say of the epochs before, so that a run that continues needs
no more than those to go on as it would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.config import TrainingConfig

WARMUP_FROM = 1e-3
"""The fraction of the rate that a warmup begins with: a thousandth, as in mlGeNN's SHD example."""

Rows = Sequence[Mapping[str, Any]]
"""Of the metrics: one an epoch and split, in order."""


def score(row: Mapping[str, Any]) -> tuple[float, float]:
    """Return what makes one validation better than another: accuracy, and where that is the same the smaller loss."""
    return row["accuracy"], -row["loss"]


def epoch_rate(config: TrainingConfig, epoch: int, rows: Rows) -> float:
    """Return the rate of an epoch, counted from 0, a warmup aside; ``rows`` are the metrics of all epochs before."""
    if config.schedule == "cosine":
        return config.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / config.epochs))
    if config.schedule == "plateau":
        return config.learning_rate * config.plateau_factor ** plateaus(rows, config.plateau_patience)
    return config.learning_rate


def plateaus(rows: Rows, patience: int) -> int:
    """Return how often validation went ``patience`` epochs without a better one; each time it starts anew to wait."""
    best: tuple[float, float] | None = None
    found = waited = 0
    for row in rows:
        if row["split"] != "validation":
            continue
        if best is None or score(row) > best:
            best, waited = score(row), 0
        else:
            waited += 1
        if waited == patience:
            found, waited = found + 1, 0
    return found


def batch_rates(config: TrainingConfig, epoch: int, rows: Rows, batches: int) -> float | Callable[[int], float]:
    """Return the learning rate of an epoch, or of each of its batches while the warmup lasts.

    The rate rises geometrically, from a thousandth, over the first ``warmup_epochs`` epochs. mlGeNN's SHD example
    does so (by 5 % a batch, for 142 of its 255 batches). Adam's first steps are as large as the rate whatever the
    gradient, so they are what has to be small, and how small is not known: a geometric rise spends as many batches on
    every order of magnitude, a linear one has left the smallest two behind after a tenth. An epoch has ``batches``
    batches; the function takes the index of one, counted from 0. See `epoch_rate` for the other arguments.
    """
    full = epoch_rate(config, epoch, rows)
    length = config.warmup_epochs * batches
    if epoch * batches >= length:
        return full

    def rate(batch: int) -> float:
        done = (epoch * batches + batch) / length
        return full * WARMUP_FROM ** (1 - done) if done < 1 else full

    return rate

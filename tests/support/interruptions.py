"""A network in which everything is learned, and training that ends in the middle of an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import load_config
from pipeline.training.examples import load_dataset, split_training
from pipeline.training.trainer import Progress, train

RICH = [
    "network.hidden=[14,12]",
    "network.recurrent=[true,false]",
    "network.bias=true",
    "network.output_bias=true",
    "network.time_constants=trained",
    "network.output_time_constants=fixed",
    "network.initial.spread=0.2",
    "network.initial.feedforward.sd=0.4",
    'network.synapses.input={density=0.7,delays="trained",longest=15}',
    'network.synapses.feedforward={delays="fixed",longest=5}',
    "training.schedule=plateau",
    "training.plateau_patience=1",
    "training.warmup_epochs=1.5",
    "training.clip=0.5",
    "training.weight_decay=0.01",
    "training.regulariser.lift=0.05",
]
"""Overrides of the made-up words' config."""


class Stop(Exception):
    """What ends a run from outside."""


class Stopper(Progress):
    """Ends the run in the middle of an epoch, before one of its batches."""

    def __init__(self, at: int, batch: int = 3) -> None:
        self.at, self.batch = at, batch

    def batches(self, batches: Iterable[Any], total: int, epoch: int) -> Iterator[Any]:
        for i, batch in enumerate(batches):
            if epoch == self.at and i == self.batch:
                raise Stop
            yield batch


def train_until_stopped(config_path: Path, overrides: Sequence[str], at: int = 3) -> None:
    """Train a config on one thread until its run is ended from outside, in the middle of the epoch after ``at``."""
    config = load_config(config_path, overrides)
    parts = split_training(config, load_dataset(config).train)
    with pytest.raises(Stop):
        train(config, parts.training, parts.validation, 1, Stopper(at))

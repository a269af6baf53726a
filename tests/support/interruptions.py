"""A network in which everything is learned, and training that ends in the middle of an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.training.trainer import Progress

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

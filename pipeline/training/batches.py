"""Examples to batches: order, augmentation, time grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch, discretise
from pipeline.config import Config
from pipeline.data.augmentation import augmented, shifts
from pipeline.data.container import SpikeData

SHUFFLE_STREAM = 1
"""Stream of the run's seed beside `pipeline.training.problem.WEIGHT_STREAM`; the augmentation has its own."""

PREDICTION_BATCH = 64
"""Examples a batch where nothing is learned; no result depends on it."""


@dataclass
class Counted:
    """Batches that are counted as they are taken."""

    batches: Iterable[SpikeBatch]
    given: int = 0
    dropped: int = 0

    def __iter__(self) -> Iterator[SpikeBatch]:
        """Hand on the batches."""
        for batch in self.batches:
            self.given += batch.given
            self.dropped += batch.beyond
            yield batch

    @property
    def beyond(self) -> float:
        """Fraction of their events that were dropped since they lie beyond the trial's end."""
        return self.dropped / max(self.given, 1)


def on_grid(data: SpikeData, config: Config) -> SpikeBatch:
    """Return all of ``data`` as one batch on the config's time grid."""
    return discretise(data.times, data.units, data.offsets, data.labels, config.data.dt, config.steps, data.channels)


def training_batches(data: SpikeData, config: Config, epoch: int) -> Iterator[SpikeBatch]:
    """Yield an epoch's batches: shuffled and augmented by (seed, epoch, example).

    The next batch is made in a thread while the engine learns from the one before. The last batch is as large as
    what is left. Epochs are counted from 0.
    """
    order = np.random.default_rng([config.seed, SHUFFLE_STREAM, epoch]).permutation(len(data))
    augmentation = config.augmentation

    def make(chosen: NDArray[np.int64]) -> SpikeBatch:
        moves = shifts(augmentation, config.seed, epoch, chosen)
        if moves is not None:
            arrays = (data.times, data.units, data.offsets, data.labels)
            return discretise(*arrays, config.data.dt, config.steps, data.channels, chosen, moves)
        return on_grid(augmented(data, augmentation, config.seed, epoch, chosen), config)

    chunks = [order[i : i + config.training.batch] for i in range(0, len(order), config.training.batch)]
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(make, chunks[0])
        for chunk in chunks[1:]:
            ready, waiting = waiting.result(), pool.submit(make, chunk)
            yield ready
        yield waiting.result()


def prediction_batches(data: SpikeData, config: Config) -> Iterator[SpikeBatch]:
    """Yield all examples, unchanged and in order."""
    for start in range(0, len(data), PREDICTION_BATCH):
        yield on_grid(data.select(np.arange(start, min(start + PREDICTION_BATCH, len(data)))), config)

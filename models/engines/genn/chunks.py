"""Chunks of a batch: the examples that run at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.genn.events import by_channel, no_events
from models.engines.genn.ranks import Ranks
from models.network import Input


@dataclass(frozen=True)
class Chunk:
    """Examples of a batch that run at once.

    Attributes
    ----------
    labels : ndarray of int64, shape (examples,)
    share : float
        Fraction of the whole batch, of all processes.
    """

    events: list[PreprocessedSpikes]
    labels: NDArray[np.int64]
    share: float


def chunks(batch: SpikeBatch, ranks: Ranks, lanes: int, source: Input, dt: float, steps: int) -> Iterator[Chunk]:
    """Yield this process's examples of a batch, ``lanes`` at a time; at least one chunk, which may have no example."""
    own = ranks.own(batch)
    examples = by_channel(own, source, dt, steps)
    for begin in range(0, max(len(own), 1), lanes):
        labels = own.labels[begin : begin + lanes]
        events = examples[begin : begin + lanes] or [no_events(source)]
        yield Chunk(events, labels, len(labels) / max(len(batch), 1))

"""Parts of a batch: the examples that run at once, and what a forward pass through them gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.genn.events import by_channel, most_of_a_channel, nothing
from models.engines.genn.ranks import Ranks
from models.losses import Judgement
from models.network import Input


@dataclass(frozen=True)
class Chunk:
    """Examples of a batch that run at once.

    Attributes
    ----------
    events : list of PreprocessedSpikes
    labels : ndarray of int64, shape (examples,)
    share : float
        Of the whole batch, of all processes.
    """

    events: list[PreprocessedSpikes]
    labels: NDArray[np.int64]
    share: float


@dataclass(frozen=True)
class Seen:
    """What a forward pass gave.

    Attributes
    ----------
    judgement : Judgement
    labels : ndarray of int64, shape (examples,)
    counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron.
    """

    judgement: Judgement
    labels: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def correct(self) -> int:
        """How many examples are right."""
        return int((self.judgement.logits.argmax(axis=1) == self.labels).sum())


def chunks(batch: SpikeBatch, ranks: Ranks, lanes: int, source: Input, dt: float, steps: int) -> Iterator[Chunk]:
    """Yield this process's examples of a batch, ``lanes`` at a time; at least one chunk, which may have none."""
    own = ranks.own(batch)
    examples = by_channel(own, source, dt, steps)
    for begin in range(0, max(len(own), 1), lanes):
        labels = own.labels[begin : begin + lanes]
        events = examples[begin : begin + lanes] or [nothing(source)]
        yield Chunk(events, labels, len(labels) / max(len(batch), 1))


def padded(gradient: NDArray[np.float64], lanes: int) -> NDArray[np.float64]:
    """Return a gradient for all lanes: 0 for those without an example."""
    full = np.zeros((lanes, gradient.shape[1]))
    full[: len(gradient)] = gradient
    return full


def longer_tape(spikes: int, capacity: int, first: int) -> int | None:
    """Return the capacity that a neuron's spikes in two trials need, or None if they have it.

    Parameters
    ----------
    spikes : int
        Of the busiest neuron, in two consecutive trials.
    capacity : int
        What there is.
    first : int
        The least that is tried; doubled until it does.
    """
    if spikes < capacity - 2:
        return None
    room = first
    while room <= spikes + spikes // 4 + 2:
        room *= 2
    return room


def more_room(parts: list[Chunk], capacity: int, room: int) -> tuple[int, int] | None:
    """Return capacity of the tape and room for events that the input needs, or None if it has them."""
    events = max((sum(len(e.spike_times) for e in part.events) for part in parts), default=0)
    most = max((most_of_a_channel(part.events) for part in parts), default=0)
    needed = capacity
    while 2 * most + 2 >= needed:
        needed *= 2
    if events <= room and needed == capacity:
        return None
    return needed, room if events <= room else events + events // 4

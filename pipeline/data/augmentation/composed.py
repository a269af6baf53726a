"""All augmentations of a training set; their draws depend only on seed, epoch and example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.errors import FieldError
from pipeline.data.augmentation.transforms import blend, dilate_time, drop_events, jitter_channels, shift_channels
from pipeline.data.container import SpikeData, offsets_of
from pipeline.events import Events

_STREAM = 0x617567
"""Makes these draws independent of others with the same seed and epoch."""


@dataclass(frozen=True)
class Augmentation:
    """Augmentations of every example in every epoch, applied in the order of the fields; 0 switches one off.

    Attributes
    ----------
    blend : float
        Probability that an example is blended with another random one of its class, of any speaker. 0.5 gives
        the mix of Nowotny et al. (2025), who use equal numbers of blended and other examples.
    dilation : float
        Largest relative change of time, at least 0 and below 1.
    shift : int
        Largest common shift of all events, in channels; 40 in Nowotny et al. (2025).
    jitter : float
        Standard deviation of the shift of each event, in channels.
    drop : float
        Probability that an event is dropped.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    blend: float = 0.0
    dilation: float = 0.0
    shift: int = 0
    jitter: float = 0.0
    drop: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name, good, wanted in (
            ("blend", 0 <= self.blend <= 1, "a probability from 0 to 1"),
            ("dilation", 0 <= self.dilation < 1, "at least 0 and below 1"),
            ("shift", self.shift >= 0 and int(self.shift) == self.shift, "an integer of at least 0"),
            ("jitter", 0 <= self.jitter < np.inf, "at least 0"),
            ("drop", 0 <= self.drop <= 1, "a probability from 0 to 1"),
        ):
            if not good:
                raise FieldError("augmentation", name, getattr(self, name), wanted)

    def __bool__(self) -> bool:
        """Return whether any augmentation is switched on."""
        return self != Augmentation()

    def apply(self, data: SpikeData, index: int, rng: np.random.Generator) -> Events:
        """Return a new version of example ``index`` of ``data``; ``data`` is not modified."""
        original = data.events(index)
        events = Events(original.times.copy(), original.units.copy())
        if self.blend and rng.random() < self.blend:
            events = blend(events, rng, data.events(_partner(data, index, rng)), data.channels)
        if self.dilation:
            events = dilate_time(events, rng, self.dilation)
        if self.shift:
            events = shift_channels(events, rng, self.shift, data.channels)
        if self.jitter:
            events = jitter_channels(events, rng, self.jitter, data.channels)
        if self.drop:
            events = drop_events(events, rng, self.drop)
        return events


def shifts(augmentation: Augmentation, seed: int, epoch: int, order: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the shift, in channels, of each example by `augmented`; None if it also does something else.

    If all it does is shift, no new examples are needed: their reader can shift the events of the old ones.
    """
    if augmentation != Augmentation(shift=augmentation.shift):
        return None
    if not augmentation.shift:
        return np.zeros(len(order), np.int64)
    largest = augmentation.shift
    draws = (np.random.default_rng([_STREAM, seed, epoch, index]) for index in order.tolist())
    return np.array([int(rng.integers(-largest, largest, endpoint=True)) for rng in draws], np.int64)


def augmented(
    data: SpikeData, augmentation: Augmentation, seed: int, epoch: int, order: Sequence[int] | NDArray[np.int64]
) -> SpikeData:
    """Return a batch of augmented examples: new versions of those at the indices ``order``, in that order.

    A new version depends only on ``data`` (the training part, which also has the partners for blending), the
    augmentation, the seed, the epoch and the example's index: not on the rest of the batch, its order or the thread.
    """
    chosen = np.asarray(order, dtype=np.int64)
    if not augmentation:
        return data.select(chosen)
    examples = [
        augmentation.apply(data, index, np.random.default_rng([_STREAM, seed, epoch, index]))
        for index in chosen.tolist()
    ]
    return replace(
        data,
        times=np.concatenate([np.empty(0, dtype=np.float32), *(events.times for events in examples)]),
        units=np.concatenate([np.empty(0, dtype=np.uint16), *(events.units for events in examples)]),
        offsets=offsets_of([len(events.times) for events in examples]),
        labels=data.labels[chosen],
        speakers=data.speakers[chosen],
        keys=None,
    )


def _partner(data: SpikeData, index: int, rng: np.random.Generator) -> int:
    """Return another example of the class, or the example itself if there is no other."""
    same = np.flatnonzero(data.labels == data.labels[index])
    others = same[same != index]
    return int(rng.choice(others)) if len(others) else index

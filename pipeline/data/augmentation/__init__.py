"""Augmentations: pure functions from events and a random generator to new events, and their composition."""

from pipeline.data.augmentation.composed import Augmentation, augmented, shifts
from pipeline.data.augmentation.transforms import blend, dilate_time, drop_events, jitter_channels, shift_channels

__all__ = [
    "Augmentation",
    "augmented",
    "blend",
    "dilate_time",
    "drop_events",
    "jitter_channels",
    "shift_channels",
    "shifts",
]

"""Streams of a run's seed; the augmentation has its own."""

WEIGHT_STREAM = 0
SHUFFLE_STREAM = 1

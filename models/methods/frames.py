"""Input events as numbers: how many fall into each frame of time and band of channels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch

Compression = Literal["root", "log"]
"""Of the number n of events in a frame and band: sqrt(n) or ln(1 + n)."""

Normalisation = Literal["example", "none"]
"""Whether an example's numbers are shifted and scaled to mean 0 and deviation 1."""

LEAST_DEVIATION = 1e-5
"""What an example without differences is divided by."""


def counts(batch: SpikeBatch, steps: int, channels: int, frames: int, bands: int) -> NDArray[np.int64]:
    """Return the number of events by example, frame and band, shape (examples, frames, bands).

    Step s of ``steps`` is in frame floor(s * frames / steps), and channels are in bands likewise: where the division
    leaves a remainder, some have one step or channel more than others.
    """
    examples = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    frame = batch.steps.astype(np.int64) * frames // steps
    band = batch.units.astype(np.int64) * bands // channels
    cells = np.bincount((examples * frames + frame) * bands + band, minlength=len(batch) * frames * bands)
    return cells.reshape(len(batch), frames, bands)


def numbers(found: NDArray[np.int64], compression: Compression, normalisation: Normalisation) -> NDArray[np.float32]:
    """Return what a network sees of counts, of their shape: compressed, and normalised example by example."""
    compressed = np.sqrt(found) if compression == "root" else np.log1p(found)
    if normalisation == "example":
        compressed = compressed - compressed.mean(axis=(1, 2), keepdims=True)
        deviation = np.sqrt(np.square(compressed).mean(axis=(1, 2), keepdims=True))
        compressed /= np.maximum(deviation, LEAST_DEVIATION)
    return compressed.astype(np.float32)

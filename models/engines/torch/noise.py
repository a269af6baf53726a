"""What random spikes are drawn with."""

from __future__ import annotations

import numpy as np
import torch

STREAM = 15
"""Tells these numbers apart from others that are drawn from small seeds."""


class Noise:
    """Uniform numbers for one pass of a batch.

    They depend on the number of the update alone: training that was interrupted goes on with the same ones, on every
    device. In predictions all examples meet the same numbers, whose axis is 1 long: an example gets the same answer
    alone and among others, every time.

    Parameters
    ----------
    update : int
        Number of the update, from 1; 0 for predictions.
    examples : int
        Of the batch.
    """

    def __init__(self, update: int, examples: int, device: torch.device) -> None:
        self._stream = np.random.default_rng((STREAM, update))
        self._examples = examples if update else 1
        self._device = device

    def uniform(self, steps: int, neurons: int) -> torch.Tensor:
        """Return the next numbers, from 0 and below 1, shape (steps, examples or 1, neurons)."""
        drawn = self._stream.random((steps, self._examples, neurons), dtype=np.float32)
        return torch.from_numpy(drawn).to(self._device)

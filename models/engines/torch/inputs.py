"""Input events as what reaches the first layer's neurons at each step."""

from __future__ import annotations

import numpy as np
import torch

from models.batch import SpikeBatch
from models.engines.coefficients import whole_steps
from models.network import Input


class Drive:
    """The input of a batch: a sparse matrix of events, (steps * examples, input rows), which weights multiply."""

    def __init__(self, batch: SpikeBatch, inputs: Input, dt: float, steps: int, device: torch.device) -> None:
        self.steps, self.examples = steps, len(batch)
        examples = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        spacing = whole_steps(inputs.delay_line.spacing, dt)
        places, rows = [], []
        for copy in range(inputs.delay_line.copies):
            at = batch.steps.astype(np.int64) + copy * spacing
            inside = at < steps
            places.append((at * len(batch) + examples)[inside])
            rows.append((copy * inputs.channels + batch.units.astype(np.int64))[inside])
        index = torch.from_numpy(np.stack([np.concatenate(places), np.concatenate(rows)]))
        size = (steps * len(batch), inputs.size)
        ones = torch.ones(index.shape[1])
        self._events = torch.sparse_coo_tensor(index, ones, size, check_invariants=False).coalesce().to(device)

    def through(self, weights: torch.Tensor) -> torch.Tensor:
        """Return what arrives at each step, shape (steps, examples, neurons)."""
        return torch.sparse.mm(self._events, weights).view(self.steps, self.examples, -1)

"""What e-prop's outputs say: the windowed mean over time of softmax(scale V(t) / temperature).

What e-prop minimises is the windowed mean over time of the cross-entropy of those probabilities. What is reported is
the cross-entropy of their mean, which is what the network answers by.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.losses import CrossEntropy

Array = NDArray[np.float64]

_TINY = 1e-12
"""Keeps the logarithm of a probability finite."""


def judge(loss: CrossEntropy, means: Array, labels: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return logits, shape (examples, classes), the logarithms of windowed mean probabilities, and their losses."""
    logits = np.log(means + _TINY)
    losses, _ = CrossEntropy(loss.window, smoothing=loss.smoothing).cross_entropy(logits, labels)
    return logits, losses


def targets(loss: CrossEntropy, labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Return target probabilities, shape (examples, classes)."""
    wanted = np.full((len(labels), classes), loss.smoothing / classes, np.float32)
    wanted[np.arange(len(labels)), labels] += 1 - loss.smoothing
    return wanted

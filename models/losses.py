"""Softmax cross-entropy of the windowed readout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.windows import Window


@dataclass(frozen=True)
class CrossEntropy:
    """Cross-entropy of softmax over z_k = (scale / T) * integral of w(t / T) V_k(t) dt.

    Attributes
    ----------
    window : Window
        w.
    scale : float
        Gain of the logits: an inverse temperature.
    """

    window: Window
    scale: float = 1.0

    def logits(self, mean_voltage: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return z, shape (examples, classes), from the trial's mean of window times voltage."""
        return self.scale * mean_voltage

    def losses(self, logits: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the cross-entropy of every example, in nats, shape (examples,)."""
        shifted = logits - logits.max(axis=1, keepdims=True)
        losses: NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
        return losses

    def drive(self, logits: NDArray[np.float64], labels: NDArray[np.int64], steps: int) -> NDArray[np.float32]:
        """Return dL/dV of each output at one step, before the window, for the mean loss over the batch.

        Parameters
        ----------
        logits : ndarray of float64, shape (examples, classes)
        labels : ndarray of int64, shape (examples,)
        steps : int
            Steps of a trial.

        Returns
        -------
        ndarray of float32, shape (examples, classes)
        """
        error = softmax(logits)
        error[np.arange(len(labels)), labels] -= 1
        return (error * (self.scale / (steps * len(labels)))).astype(np.float32)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities, shape (examples, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities

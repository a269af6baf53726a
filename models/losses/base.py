"""What all losses share: what they observe of the output population, and what they make of it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from models.choice import Choice
from models.errors import require
from models.windows import Uniform, Window

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

Observed = Literal["mean voltage", "peak voltage", "voltage", "first spike"]
"""Of each example and output neuron: the trial's mean of window times voltage; the greatest voltage; the voltage at
every step, shape (examples, steps, classes); or the time of the first spike in ms, infinite where there is none."""


@dataclass(frozen=True)
class Judgement:
    """What a loss says of a batch.

    Attributes
    ----------
    logits : ndarray of float64, shape (examples, classes)
        The greatest is the answer.
    losses : ndarray of float64, shape (examples,)
    gradient : ndarray of float64, shape of what was observed
        Of the mean of ``losses``.
    """

    logits: Array
    losses: Array
    gradient: Array


@dataclass(frozen=True)
class Loss(Choice, ABC):
    """What training minimises.

    Attributes
    ----------
    kind : str
        Name of the loss in configs and tables.
    """

    tag: ClassVar[str] = "kind"
    usual: ClassVar[str | None] = "cross-entropy"
    kept: ClassVar[tuple[str, ...]] = ("scale", "smoothing", "window")
    observes: ClassVar[Observed]

    kind: str = field(default="", kw_only=True, repr=False)

    @abstractmethod
    def judge(self, observed: NDArray[np.floating], labels: Labels, trial: float = math.inf) -> Judgement:
        """Return logits, losses and the gradient of their mean.

        Parameters
        ----------
        observed : ndarray, shape (examples, classes), or (examples, steps, classes) where voltages are observed
        labels : ndarray of int64, shape (examples,)
        trial : float
            Length of a trial in ms; only losses of spike times need it.
        """

    @property
    def spiking_outputs(self) -> bool:
        """Whether the output neurons must spike."""
        return self.observes == "first spike"

    @property
    def readout(self) -> Window:
        """The readout window; uniform where the loss has none."""
        window = getattr(self, "window", None)
        return window if isinstance(window, Window) else Uniform()


@dataclass(frozen=True)
class SoftmaxLoss(Loss):
    """Cross-entropy of softmax(logits / temperature).

    Attributes
    ----------
    smoothing : float
        Label smoothing: this share of the target probability is spread evenly over all classes (Szegedy et al. 2016).
    """

    temperature: float = field(default=1.0, kw_only=True)
    smoothing: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(self.temperature > 0, "loss", "temperature", self.temperature, "above 0")
        require(0 <= self.smoothing < 1, "loss", "smoothing", self.smoothing, "at least 0 and below 1")

    def cross_entropy(self, logits: Array, labels: Labels) -> tuple[Array, Array]:
        """Return losses in nats, shape (examples,), and d(their mean) / d(logits), shape (examples, classes)."""
        examples, classes = logits.shape
        target = np.full((examples, classes), self.smoothing / classes)
        target[np.arange(examples), labels] += 1 - self.smoothing
        scaled = logits / self.temperature
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -(target * log_p).sum(axis=1), (np.exp(log_p) - target) / (self.temperature * max(examples, 1))


class ScaledSoftmaxLoss(SoftmaxLoss, ABC):
    """Cross-entropy of softmax whose logits are ``scale``, a field of the members, times what is observed."""

    scale: float

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        require(self.scale > 0, "loss", "scale", self.scale, "above 0")

    def judge(self, observed: NDArray[np.floating], labels: Labels, trial: float = math.inf) -> Judgement:
        """Judge observations of shape (examples, classes)."""
        logits = self.scale * np.asarray(observed, dtype=np.float64)
        losses, gradient = self.cross_entropy(logits, labels)
        return Judgement(logits, losses, self.scale * gradient)


def softmax(logits: Array) -> Array:
    """Return probabilities, shape (examples, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities

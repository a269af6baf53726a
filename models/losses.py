"""Losses: what the readout shows, how wrong that is, and in which direction it is better.

A loss says what it observes of the output population (`Loss.observes`); engines hand that over and get the derivative
of the batch's mean loss with respect to it back. How the derivative reaches the weights is the engines' business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
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
class Loss(ABC):
    """What training makes small."""

    observes: ClassVar[Observed]

    @abstractmethod
    def judge(self, observed: NDArray[np.floating], labels: Labels) -> Judgement:
        """Return logits, losses and their mean's gradient.

        Parameters
        ----------
        observed : ndarray, shape (examples, classes), or (examples, steps, classes) where voltages are observed
        labels : ndarray of int64, shape (examples,)
        """

    @property
    def readout(self) -> Window:
        """The readout window; uniform where the loss has none."""
        window = getattr(self, "window", None)
        return window if isinstance(window, Window) else Uniform()


@dataclass(frozen=True)
class _Softmax(Loss):
    """Cross-entropy of softmax(logits / temperature).

    Attributes
    ----------
    temperature : float
        Divides the logits.
    smoothing : float
        Label smoothing: this share of the wanted probability is spread evenly over all classes (Szegedy et al. 2016).
    """

    temperature: float = field(default=1.0, kw_only=True)
    smoothing: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if not self.temperature > 0:
            raise InputError(f"loss.temperature is {self.temperature}; it must be above 0")
        if not 0 <= self.smoothing < 1:
            raise InputError(f"loss.smoothing is {self.smoothing}; it must be at least 0 and below 1")

    def cross_entropy(self, logits: Array, labels: Labels) -> tuple[Array, Array]:
        """Return losses in nats, shape (examples,), and d(their mean) / d(logits), shape (examples, classes)."""
        examples, classes = logits.shape
        wanted = np.full((examples, classes), self.smoothing / classes)
        wanted[np.arange(examples), labels] += 1 - self.smoothing
        scaled = logits / self.temperature
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -(wanted * log_p).sum(axis=1), (np.exp(log_p) - wanted) / (self.temperature * max(examples, 1))


@dataclass(frozen=True)
class CrossEntropy(_Softmax):
    """Cross-entropy over z_k = (scale / T) * integral of w(t / T) V_k(t) dt (Nowotny, Turner and Knight 2025).

    Attributes
    ----------
    window : Window
        w.
    scale : float
        Gain of the logits.
    """

    window: Window
    scale: float = 1.0
    observes: ClassVar[Observed] = "mean voltage"

    def judge(self, observed: NDArray[np.floating], labels: Labels) -> Judgement:
        """Judge the trials' means of window times voltage, shape (examples, classes)."""
        logits = self.scale * np.asarray(observed, dtype=np.float64)
        losses, gradient = self.cross_entropy(logits, labels)
        return Judgement(logits, losses, self.scale * gradient)


@dataclass(frozen=True)
class MaxOverTime(_Softmax):
    """Cross-entropy over z_k = scale * max over t of V_k(t) (Cramer et al. 2020)."""

    scale: float = 1.0
    observes: ClassVar[Observed] = "peak voltage"

    def judge(self, observed: NDArray[np.floating], labels: Labels) -> Judgement:
        """Judge the greatest voltages, shape (examples, classes)."""
        logits = self.scale * np.asarray(observed, dtype=np.float64)
        losses, gradient = self.cross_entropy(logits, labels)
        return Judgement(logits, losses, self.scale * gradient)


@dataclass(frozen=True)
class FirstSpike(_Softmax):
    """Cross-entropy of softmax(-t_k / temperature) over the outputs' first spike times t_k.

    Plus ``early * (exp(t_label / tau) - 1)``, which pulls the right one to the trial's begin (Wunderlich and Pehle
    2021, equation 25). An output without a spike counts as one at the trial's end; it has no gradient.

    Attributes
    ----------
    trial : float
        Length of a trial in ms.
    temperature : float
        In ms.
    early : float
    tau : float
        In ms.
    """

    trial: float
    early: float = 0.0
    tau: float = 100.0
    observes: ClassVar[Observed] = "first spike"

    def judge(self, observed: NDArray[np.floating], labels: Labels) -> Judgement:
        """Judge first spike times in ms, shape (examples, classes), infinite where there is no spike."""
        spiked = ~np.isposinf(observed)
        times = np.where(spiked, observed, self.trial)
        losses, gradient = self.cross_entropy(-times, labels)
        gradient = -gradient
        rows = np.arange(len(labels))
        lateness = np.exp(times[rows, labels] / self.tau)
        losses = losses + self.early * (lateness - 1)
        gradient[rows, labels] += self.early * lateness / (self.tau * max(len(labels), 1))
        return Judgement(-times, losses, gradient * spiked)


@dataclass(frozen=True)
class MeanSquare(Loss):
    """(1 / T) * integral of w(t / T) * sum over k of (V_k(t) - y_k)^2 / 2 dt, y being ``target`` for the label, else 0.

    Attributes
    ----------
    window : Window
        w.
    target : float
        Voltage that the right output should have, relative to a hidden neuron's threshold of 1.
    """

    window: Window
    target: float = 1.0
    observes: ClassVar[Observed] = "voltage"

    def judge(self, observed: NDArray[np.floating], labels: Labels) -> Judgement:
        """Judge voltages at the end of every step, shape (examples, steps, classes)."""
        examples, steps, classes = observed.shape
        weight = self.window.table(steps).astype(np.float64)[:, None] / steps
        error = observed - self.wanted(labels, classes)[:, None, :]
        losses = 0.5 * (weight * error**2).sum(axis=(1, 2))
        return Judgement((weight * observed).sum(axis=1), losses, weight * error / max(examples, 1))

    def wanted(self, labels: Labels, classes: int) -> Array:
        """Return y, shape (examples, classes)."""
        return self.target * np.eye(classes)[labels]


def softmax(logits: Array) -> Array:
    """Return probabilities, shape (examples, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities

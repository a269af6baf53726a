"""Readout windows: how much the output voltage counts at each time of the trial.

A window is a function w(u) of the fraction u = t / T of the trial. Every consumer (the loss, both engines'
adjoints, the figures) reads the one table that `Window.table` gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError


@dataclass(frozen=True)
class Window(ABC):
    """A weighting of the trial.

    Attributes
    ----------
    normalise : bool
        Scale to mean 1 over the trial, so that a change of window is no change of the loss's scale. Without
        it the Gaussian and the exponential window are the thesis's own (section 5, equation 19).
    """

    normalise: bool = True

    @abstractmethod
    def shape(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return w(u) before normalisation, for ``u`` of shape (steps,) in 0..1."""

    def table(self, steps: int) -> NDArray[np.float32]:
        """Return w at the middle of each of ``steps`` time steps.

        Parameters
        ----------
        steps : int
            Time steps of a trial, T.

        Returns
        -------
        ndarray of float32, shape (steps,)
            Dimensionless, never negative.

        Raises
        ------
        InputError
            If the window weighs nothing at all, or has another length than the trial.
        """
        values = self.shape((np.arange(steps) + 0.5) / steps)
        mean = values.mean()
        if not np.isfinite(mean) or mean <= 0:
            raise InputError(f"{self} is zero over the whole trial; at least one step must count")
        return (values / mean if self.normalise else values).astype(np.float32)


@dataclass(frozen=True)
class Uniform(Window):
    """w(u) = 1: every moment counts the same."""

    def shape(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ones, shape (steps,)."""
        return np.ones_like(u)


@dataclass(frozen=True)
class Exponential(Window):
    """w(u) = exp(-u): early output counts most (Nowotny, Turner and Knight 2025; equation 19 of the thesis)."""

    def shape(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return exp(-u), shape (steps,)."""
        return np.exp(-u)


@dataclass(frozen=True)
class Gaussian(Window):
    """w(u) = exp(-(u - mu)^2 / (2 sigma^2)), the thesis's proposal (section 5).

    Attributes
    ----------
    mu, sigma : float
        Centre and width, as fractions of the trial.
    """

    mu: float = 0.5
    sigma: float = 0.2

    def __post_init__(self) -> None:
        """Refuse a width that is no width."""
        _check_width(self.sigma)

    def shape(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the bell, shape (steps,)."""
        return np.exp(-((u - self.mu) ** 2) / (2 * self.sigma**2))


@dataclass(frozen=True)
class Bump(Window):
    """w(u) = max(0, offset + depth (u - mu) exp(-(u - mu)^2 / (2 sigma^2))).

    The shape of the thesis's experiments, 2 (0.4 + 4.4 u exp(-u^2 / 0.08)), is offset = 0.8, depth = 8.8, mu = 0,
    sigma = 0.2 without normalisation; the defaults are that.
    """

    mu: float = 0.0
    sigma: float = 0.2
    offset: float = 0.8
    depth: float = 8.8

    def __post_init__(self) -> None:
        """Refuse a width that is no width."""
        _check_width(self.sigma)

    def shape(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the bump, floored at 0, shape (steps,)."""
        distance = u - self.mu
        return np.maximum(0.0, self.offset + self.depth * distance * np.exp(-(distance**2) / (2 * self.sigma**2)))


@dataclass(frozen=True)
class Tabulated(Window):
    """One number a time step, from anywhere.

    Attributes
    ----------
    values : tuple of float
        As many as the trial has steps; none negative.
    """

    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no window."""
        table = np.asarray(self.values, dtype=np.float64)
        if not np.all(np.isfinite(table)) or np.any(table < 0):
            raise InputError("the tabulated window has a value that is negative or not finite; all must be 0 or more")

    def shape(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values, shape (steps,)."""
        if len(self.values) != len(u):
            raise InputError(f"the tabulated window has {len(self.values)} values; the trial has {len(u)} steps")
        return np.asarray(self.values, dtype=np.float64)

    def __str__(self) -> str:
        """Name the window without its many values."""
        return f"Tabulated({len(self.values)} values)"


def _check_width(sigma: float) -> None:
    if not sigma > 0:
        raise InputError(f"window.sigma is {sigma}; it must be above 0")

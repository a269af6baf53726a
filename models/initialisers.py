"""Distributions that a network's parameters are drawn from before training."""

from __future__ import annotations

import math
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.network import Network, Weights

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Initialiser(ABC):
    """A distribution of parameters."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw an array of ``shape``; the first of several dimensions is the presynaptic one."""

    @abstractmethod
    def split(self, copies: int) -> Initialiser:
        """Return what each of ``copies`` synapses is drawn from for their sum to be as this one is."""


@dataclass(frozen=True)
class Constant(Initialiser):
    """The same value for all."""

    value: float = 0.0

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return ``value`` throughout."""
        return np.full(shape, self.value)

    def split(self, copies: int) -> Constant:
        """Divide the value."""
        return Constant(self.value / copies)


@dataclass(frozen=True)
class Normal(Initialiser):
    """A normal distribution."""

    mean: float = 0.0
    sd: float = 0.02

    def __post_init__(self) -> None:
        """Refuse a deviation below 0."""
        if self.sd < 0:
            raise InputError(f"sd of a normal initialiser is {self.sd}; it must be 0 or more")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return rng.normal(self.mean, self.sd, shape)

    def split(self, copies: int) -> Normal:
        """Divide mean and variance."""
        return Normal(self.mean / copies, self.sd / math.sqrt(copies))


@dataclass(frozen=True)
class Uniform(Initialiser):
    """A uniform distribution from ``low`` to ``high``."""

    low: float = -0.05
    high: float = 0.05

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        if self.high < self.low:
            raise InputError(f"a uniform initialiser goes from {self.low} to {self.high}; high must not be below low")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return rng.uniform(self.low, self.high, shape)

    def split(self, copies: int) -> Uniform:
        """Divide mean and variance."""
        mean, half = (self.low + self.high) / 2 / copies, (self.high - self.low) / 2 / math.sqrt(copies)
        return Uniform(mean - half, mean + half)


@dataclass(frozen=True)
class Kaiming(Initialiser):
    """A normal distribution of mean 0 and deviation gain / sqrt(number of presynaptic neurons) (He et al. 2015)."""

    gain: float = 1.0

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return rng.normal(0.0, self.gain / math.sqrt(shape[0]), shape)

    def split(self, copies: int) -> Kaiming:
        """Return itself: the copies count as presynaptic neurons already."""
        return self


@dataclass(frozen=True)
class LogNormal(Initialiser):
    """A distribution of positive numbers whose logarithm is normal.

    Attributes
    ----------
    median : float
    spread : float
        Deviation of the natural logarithm.
    """

    median: float = 1.0
    spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what has no logarithm."""
        if self.median <= 0 or self.spread < 0:
            raise InputError(
                f"a lognormal initialiser has median {self.median} and spread {self.spread}; "
                "the first must be above 0, the other not below"
            )

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw from the distribution."""
        return self.median * np.exp(self.spread * rng.normal(size=shape))

    def split(self, copies: int) -> LogNormal:
        """Divide the median."""
        return replace(self, median=self.median / copies)


@dataclass(frozen=True)
class Initial:
    """What all of a network's parameters are drawn from.

    The weights' defaults are those of mlGeNN's published SHD network for undelayed input. What is drawn for the input
    is split among the copies of a delay line, so that the hidden layer's drive stays what it was.

    Attributes
    ----------
    input, recurrent, feedforward, output : Initialiser
        Weights by the kind of connection.
    bias : Initialiser
    delay : Initialiser or None
        In ms, clipped to 0..longest; None is uniform over that range.
    spread : float
        Deviation of the logarithm of the neurons' time constants about their population's, where each has its own.
    """

    input: Initialiser = Normal(0.03, 0.01)
    recurrent: Initialiser = Normal(0.0, 0.02)
    feedforward: Initialiser = Normal(0.02, 0.03)
    output: Initialiser = Normal(0.0, 0.03)
    bias: Initialiser = Constant(0.0)
    delay: Initialiser | None = None
    spread: float = 0.0

    def draw(self, network: Network, seed: int | tuple[int, ...]) -> Weights:
        """Draw parameters for ``network``; each has a stream of its own, named after it.

        Parameters
        ----------
        network : Network
            What to draw for.
        seed : int or tuple of int
            Seed of all streams.

        Returns
        -------
        dict of str to ndarray of float32
        """
        key = seed if isinstance(seed, tuple) else (seed,)

        def rng(name: str) -> np.random.Generator:
            return np.random.default_rng((*key, zlib.crc32(name.encode())))

        drawn: dict[str, Array] = {}
        for c in network.connections:
            stream = rng(c.name)
            initialiser: Initialiser = getattr(self, c.kind)
            if c.kind == "input":
                initialiser = initialiser.split(network.input.delay_line.copies)
            drawn[c.name] = initialiser.draw(stream, c.shape)
            if c.synapses.density < 1:
                drawn[c.name] *= stream.random(c.shape) < c.synapses.density
            if c.synapses.delays != "none":
                delay = self.delay or Uniform(0.0, c.synapses.longest)
                name = f"{c.name}_delay"
                drawn[name] = np.clip(delay.draw(rng(name), c.shape), 0.0, c.synapses.longest)
        for name, population in network.populations.items():
            if population.bias:
                drawn[f"{name}_bias"] = self.bias.draw(rng(f"{name}_bias"), (population.size,))
            if population.time_constants != "shared":
                for tau in ("tau_mem", "tau_syn"):
                    spread = LogNormal(getattr(population, tau), self.spread)
                    drawn[f"{name}_{tau}"] = spread.draw(rng(f"{name}_{tau}"), (population.size,))
        return {name: drawn[name].astype(np.float32) for name in network.shapes}

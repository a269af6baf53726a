"""What all of a network's parameters are drawn from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from models.errors import require
from models.initialisers.base import Array, Initialiser
from models.initialisers.constant import Constant
from models.initialisers.lognormal import LogNormal
from models.initialisers.normal import Normal
from models.initialisers.uniform import Uniform
from models.network import Network, Weights


@dataclass(frozen=True)
class Initial:
    """What all of a network's parameters are drawn from.

    The weights' defaults are those of mlGeNN's published SHD network for undelayed input. What is drawn for the input
    is split among the copies of a delay line, so that the hidden layer's drive stays what it was.

    Attributes
    ----------
    input, recurrent, feedforward, output : Initialiser
        Weights by the kind of connection.
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

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(self.spread >= 0, "initial", "spread", self.spread, "0 or more")

    def draw(self, network: Network, seed: int | tuple[int, ...]) -> Weights:
        """Draw parameters for ``network``; each has a stream of its own, named after it."""
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
                times = delay.draw(rng(f"{c.name}_delay"), c.shape)
                drawn[f"{c.name}_delay"] = np.clip(times, 0.0, c.synapses.longest)
        for name, population in network.populations.items():
            if population.bias:
                drawn[f"{name}_bias"] = self.bias.draw(rng(f"{name}_bias"), (population.size,))
            if population.time_constants != "shared":
                for tau in ("tau_mem", "tau_syn"):
                    spread = LogNormal(getattr(population, tau), self.spread)
                    drawn[f"{name}_{tau}"] = spread.draw(rng(f"{name}_{tau}"), (population.size,))
        return {name: drawn[name].astype(np.float32) for name in network.shapes}

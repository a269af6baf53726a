"""Which parameters each architecture has, and what they are drawn from (He et al. 2015)."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np

from models.initialisers import Constant, Initialiser, Kaiming
from models.methods.ann.options import NumbersOptions
from models.network import Network, Weights

KERNEL = (9, 5)
"""Frames and bands that a unit of the first convolution sees; it moves on by two of each."""

DEPTHWISE = (3, 3)
"""Of a depthwise convolution."""

GATES = 3
"""Of a gated recurrent unit: reset, update, and the new state."""

RECTIFIED, PLAIN = Kaiming(math.sqrt(2.0)), Kaiming()
"""Of weights onto rectified units, which halve the variance, and onto others."""


@dataclass(frozen=True)
class Parameter:
    """An array of the network: its shape, (inputs, outputs) of weights, and what it is drawn from."""

    shape: tuple[int, ...]
    initialiser: Initialiser

    @property
    def decays(self) -> bool:
        """Whether it is a matrix of weights: others have no decay."""
        return isinstance(self.initialiser, Kaiming)


def parameters(network: Network, options: NumbersOptions) -> dict[str, Parameter]:
    """Return the parameters of an architecture by name, first layer to last."""
    found = {"perceptron": _perceptron, "cnn": _cnn, "gru": _gru}[options.architecture](network, options)
    return found | {"output_bias": Parameter((network.output.size,), Constant(0.0))}


def units(network: Network, options: NumbersOptions) -> int:
    """Return the number of hidden units whose activity is counted."""
    return options.channels * (1 + 2 * options.blocks) if options.architecture == "cnn" else network.hidden_size


def draw(found: dict[str, Parameter], seed: int | tuple[int, ...]) -> Weights:
    """Draw parameters; each has a stream of its own, named after it."""
    key = seed if isinstance(seed, tuple) else (seed,)
    drawn = {}
    for name, parameter in found.items():
        rng = np.random.default_rng((*key, zlib.crc32(name.encode())))
        drawn[name] = parameter.initialiser.draw(rng, parameter.shape).astype(np.float32)
    return drawn


def _perceptron(network: Network, options: NumbersOptions) -> dict[str, Parameter]:
    found = {}
    below, size = "input", options.frames * options.bands
    for name, population in network.populations.items():
        initialiser = PLAIN if name == "output" else RECTIFIED
        found[f"{below}_{name}"] = Parameter((size, population.size), initialiser)
        found[f"{name}_bias"] = Parameter((population.size,), Constant(0.0))
        below, size = name, population.size
    return found


def _cnn(network: Network, options: NumbersOptions) -> dict[str, Parameter]:
    channels = options.channels
    layers = {"first": math.prod(KERNEL)}
    for block in range(1, options.blocks + 1):
        layers |= {f"depthwise{block}": math.prod(DEPTHWISE), f"pointwise{block}": channels}
    found = {}
    for name, size in layers.items():
        found[name] = Parameter((size, channels), RECTIFIED)
        found[f"{name}_scale"] = Parameter((channels,), Constant(1.0))
        found[f"{name}_shift"] = Parameter((channels,), Constant(0.0))
    return found | {"last_output": Parameter((channels, network.output.size), PLAIN)}


def _gru(network: Network, options: NumbersOptions) -> dict[str, Parameter]:
    size = network.hidden_size
    return {
        "input_hidden": Parameter((options.bands, GATES * size), PLAIN),
        "hidden_hidden": Parameter((size, GATES * size), PLAIN),
        "input_bias": Parameter((GATES * size,), Constant(0.0)),
        "hidden_bias": Parameter((GATES * size,), Constant(0.0)),
        "hidden_output": Parameter((size, network.output.size), PLAIN),
    }

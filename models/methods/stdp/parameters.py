"""The parameters of winner-take-all networks: names, shapes and first values."""

from __future__ import annotations

import zlib

import numpy as np

from models.errors import InputError
from models.methods.latency import CHANNELS
from models.methods.options import MethodOptions
from models.methods.stdp.neurons import first_threshold
from models.methods.stdp.options import StdpOptions, WinnerOptions
from models.network import Weights
from models.problem import Problem


def class_wise(options: MethodOptions | None) -> bool:
    """Whether the network is the class-wise one."""
    return isinstance(options, StdpOptions) and options.decoder == "one-neuron-a-class"


def shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter by name.

    Besides the weights of the input, in [0, 1], these are thresholds in mV above `neurons.REST`, the decoder of spike
    counts, and the range of each number that receptive fields are fitted to.
    """
    network, options = problem.network, problem.options
    assert isinstance(options, WinnerOptions)
    hidden, classes = network.hidden_size, network.output.size
    fields = options.input == "receptive-fields"
    found: dict[str, tuple[int, ...]] = {
        "input_hidden": (CHANNELS * options.fields if fields else network.input.size, hidden),
        "hidden_theta": (hidden,),
        "hidden_output": (hidden, classes),
        "output_bias": (classes,),
    }
    return found | ({"field_lowest": (CHANNELS,), "field_highest": (CHANNELS,)} if fields else {})


def draw(problem: Problem, seed: int | tuple[int, ...]) -> Weights:
    """Return the parameters that training begins with.

    Weights are uniform in 0..1, in the class-wise network in 0..0.1, as in the code of Rybka et al. (2024). Decoder and
    ranges are 0 until the first epoch has fitted them.
    """
    key = seed if isinstance(seed, tuple) else (seed,)
    current = class_wise(problem.options)
    drawn = {name: np.zeros(shape, np.float32) for name, shape in shapes(problem).items()}
    weights = drawn["input_hidden"]
    rng = np.random.default_rng((*key, zlib.crc32(b"input_hidden")))
    weights[:] = rng.random(weights.shape, np.float32) * np.float32(0.1 if current else 1.0)
    drawn["hidden_theta"][:] = first_threshold(current)
    return drawn


def refuse_fewer_neurons_than_classes(problem: Problem) -> None:
    """Refuse a network that has no neuron for some class where neurons stand for classes."""
    hidden, classes = problem.network.hidden_size, problem.network.output.size
    if hidden < classes:
        raise InputError(
            f"network.hidden is {hidden}; neurons stand for {classes} classes, so it must be that at least"
        )

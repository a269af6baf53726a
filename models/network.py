"""What a network is: populations, the connections between them, and the names of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

Weights = dict[str, NDArray[np.float32]]
"""Weight matrices by connection name, each float32 of shape (pre, post)."""


@dataclass(frozen=True)
class DelayLine:
    """Copies of every input channel, each delayed by one more ``spacing``.

    Copy ``c`` of channel ``u`` is input neuron ``c * channels + u`` and repeats the channel's events
    ``c * spacing`` later (Nowotny, Turner and Knight 2025 use ten copies, 30 ms apart).

    Attributes
    ----------
    copies : int
        Number of copies, the undelayed one included; 1 is no delay line.
    spacing : float
        Delay between consecutive copies in ms.
    """

    copies: int = 1
    spacing: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if self.copies < 1:
            raise InputError(f"delay_line.copies is {self.copies}; it must be at least 1")
        if self.spacing < 0 or (self.copies > 1 and self.spacing == 0):
            raise InputError(f"delay_line.spacing is {self.spacing} ms for {self.copies} copies; it must be above 0")


@dataclass(frozen=True)
class Input:
    """Channels that spike when the data say so."""

    channels: int = 700
    delay_line: DelayLine = field(default_factory=DelayLine)

    def __post_init__(self) -> None:
        """Refuse impossible sizes."""
        if self.channels < 1:
            raise InputError(f"input.channels is {self.channels}; it must be at least 1")

    @property
    def size(self) -> int:
        """Number of presynaptic rows: channels times copies."""
        return self.channels * self.delay_line.copies


@dataclass(frozen=True)
class Leaky:
    """A population of leaky neurons with exponential synapses.

    ``tau_mem dV/dt = -V + I`` and ``tau_syn dI/dt = -I`` (equations 6-8 of the thesis with unit resistance).

    Attributes
    ----------
    size : int
        Number of neurons.
    tau_mem, tau_syn : float
        Membrane and synaptic time constants in ms; they must differ.
    """

    size: int
    tau_mem: float = 20.0
    tau_syn: float = 5.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if self.size < 1:
            raise InputError(f"population size is {self.size}; it must be at least 1")
        for name in ("tau_mem", "tau_syn"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} is {getattr(self, name)} ms; it must be above 0 and finite")
        if self.tau_mem == self.tau_syn:
            raise InputError(f"tau_mem and tau_syn are both {self.tau_mem} ms; they must differ")


@dataclass(frozen=True)
class Spiking(Leaky):
    """Leaky integrate-and-fire neurons: at ``threshold`` a spike, and the voltage is reset to 0."""

    threshold: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        if not 0 < self.threshold < math.inf:
            raise InputError(f"threshold is {self.threshold}; it must be above 0 and finite")


@dataclass(frozen=True)
class Network:
    """An input, one hidden layer of spiking neurons and a readout of leaky integrators.

    Attributes
    ----------
    input : Input
        Channels and their delay line.
    hidden : Spiking
        The hidden layer.
    output : Leaky
        One leaky integrator a class; they never spike.
    recurrent : bool
        Whether the hidden layer is connected to itself, all to all.
    """

    input: Input
    hidden: Spiking
    output: Leaky
    recurrent: bool = True

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Shape (pre, post) of every weight matrix, by connection name."""
        shapes = {"input_hidden": (self.input.size, self.hidden.size)}
        if self.recurrent:
            shapes["hidden_hidden"] = (self.hidden.size, self.hidden.size)
        shapes["hidden_output"] = (self.hidden.size, self.output.size)
        return shapes

    def check(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Refuse weights of other names or shapes than this network's.

        Raises
        ------
        InputError
            Naming the first matrix that is missing, superfluous or of a wrong shape.
        """
        if set(weights) != set(self.shapes):
            raise InputError(f"weights are {sorted(weights)}; this network has {sorted(self.shapes)}")
        for name, shape in self.shapes.items():
            if weights[name].shape != shape:
                raise InputError(f"weights {name} have shape {weights[name].shape}; this network's is {shape}")


@dataclass(frozen=True)
class InitialWeights:
    """Normal distributions that initial weights are drawn from.

    The defaults are those of mlGeNN's published SHD network for undelayed input. The mean of the input
    weights is divided by the number of copies of the delay line, their standard deviation by its square
    root, so that the hidden layer's drive stays what it was.
    """

    input_mean: float = 0.03
    input_sd: float = 0.01
    recurrent_mean: float = 0.0
    recurrent_sd: float = 0.02
    output_mean: float = 0.0
    output_sd: float = 0.03

    def draw(self, network: Network, seed: int | tuple[int, ...]) -> Weights:
        """Draw weights for ``network``; each matrix has a stream of its own.

        Parameters
        ----------
        network : Network
            What to draw for.
        seed : int or tuple of int
            Seed of all streams.

        Returns
        -------
        dict of str to ndarray of float32, each (pre, post)
        """
        copies = network.input.delay_line.copies
        moments = {
            "input_hidden": (self.input_mean / copies, self.input_sd / math.sqrt(copies)),
            "hidden_hidden": (self.recurrent_mean, self.recurrent_sd),
            "hidden_output": (self.output_mean, self.output_sd),
        }
        streams = dict(zip(moments, np.random.SeedSequence(seed).spawn(len(moments)), strict=True))
        return {
            name: np.random.default_rng(streams[name]).normal(*moments[name], size=shape).astype(np.float32)
            for name, shape in network.shapes.items()
        }

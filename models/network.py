"""What a network is: populations, the connections between them, and the names of the parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, require

ANY = -1
"""As a length in the shape of a parameter: it depends on the data."""

Weights = dict[str, NDArray[np.float32]]
"""Parameters by name, each float32: weights ``a_b`` of shape (pre, post), their delays ``a_b_delay`` of the same shape
in ms, and of a population ``a_bias``, ``a_tau_mem`` and ``a_tau_syn``, shape (size,)."""

Kind = Literal["input", "recurrent", "feedforward", "output"]
"""Of a connection: from the input, of a hidden layer with itself, between hidden layers, to the readout."""

Learned = Literal["none", "fixed", "trained"]


@dataclass(frozen=True)
class DelayLine:
    """Copies of every input channel, each delayed by one more ``spacing``.

    Copy ``c`` of channel ``u`` is input neuron ``c * channels + u`` and repeats the channel's events
    ``c * spacing`` later (Nowotny, Turner and Knight 2025 use ten copies, 30 ms apart).

    Attributes
    ----------
    copies : int
        The undelayed one included; 1 is no delay line.
    spacing : float
        In ms.
    """

    copies: int = 1
    spacing: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(self.copies >= 1, "delay_line", "copies", self.copies, "at least 1")
        possible = self.spacing >= 0 if self.copies == 1 else self.spacing > 0
        require(possible, "delay_line", "spacing", f"{self.spacing} ms for {self.copies} copies", "above 0")


@dataclass(frozen=True)
class Input:
    """Channels that spike when the data say so."""

    channels: int = 700
    delay_line: DelayLine = field(default_factory=DelayLine)

    def __post_init__(self) -> None:
        """Refuse impossible sizes."""
        require(self.channels >= 1, "input", "channels", self.channels, "at least 1")

    @property
    def size(self) -> int:
        """Number of presynaptic rows: channels times copies."""
        return self.channels * self.delay_line.copies


@dataclass(frozen=True)
class Synapses:
    """What a connection's synapses are like.

    Attributes
    ----------
    density : float
        Probability that a synapse exists. In a connection of density below 1 a weight of exactly 0 is an absent
        synapse, which learning leaves absent.
    delays : {"none", "fixed", "trained"}
        Whether each synapse has a delay of its own, and whether it is learned (Meszaros, Knight and Nowotny 2025).
    longest : float
        Upper bound of the delays in ms.
    """

    density: float = 1.0
    delays: Learned = "none"
    longest: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(0 < self.density <= 1, "synapses", "density", self.density, "above 0 and at most 1")
        if self.delays == "none":
            require(self.longest == 0, "synapses", "longest", f'{self.longest} ms and delays is "none"', "0 then")
        else:
            wanted = "above 0 for delays, and finite"
            require(0 < self.longest < math.inf, "synapses", "longest", f"{self.longest} ms", wanted)


@dataclass(frozen=True)
class Leaky:
    """A population of leaky neurons with exponential synapses.

    ``tau_mem dV/dt = -V + I + bias`` and ``tau_syn dI/dt = -I`` (equations 6-8 of the thesis with unit resistance).

    Attributes
    ----------
    tau_mem, tau_syn : float
        Membrane and synaptic time constants in ms; they must differ.
    time_constants : {"shared", "fixed", "trained"}
        Whether all neurons have these time constants, or each its own, and whether those are learned (Nowotny, Turner
        and Knight 2025).
    bias : bool
        Whether each neuron has a constant current of its own, which is learned.
    synapses : Synapses
        Of the connection from the population below.
    """

    size: int
    tau_mem: float = 20.0
    tau_syn: float = 5.0
    time_constants: Literal["shared", "fixed", "trained"] = "shared"
    bias: bool = False
    synapses: Synapses = field(default_factory=Synapses, kw_only=True)

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

    threshold: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        if not 0 < self.threshold < math.inf:
            raise InputError(f"threshold is {self.threshold}; it must be above 0 and finite")


@dataclass(frozen=True)
class Hidden(Spiking):
    """A hidden layer: spiking neurons, connected to themselves all to all unless ``recurrent`` is None."""

    recurrent: Synapses | None = field(default_factory=Synapses, kw_only=True)


@dataclass(frozen=True)
class Connection:
    """One weight matrix's place in the network.

    Attributes
    ----------
    source, target : str
        Names of the populations.
    shape : tuple of int
        (pre, post).
    """

    source: str
    target: str
    shape: tuple[int, int]
    synapses: Synapses
    kind: Kind

    @property
    def name(self) -> str:
        """Name of the weight matrix."""
        return f"{self.source}_{self.target}"


@dataclass(frozen=True)
class Network:
    """An input, hidden layers of spiking neurons one above the other, and a readout.

    Attributes
    ----------
    input : Input
        Channels and their delay line.
    hidden : tuple of Hidden
        The hidden layers, first to last. A single one is called ``hidden``, several ``hidden1``, ``hidden2``...
    output : Leaky
        One neuron a class: leaky integrators that never spike, or `Spiking` ones for a loss of spike times.
    """

    input: Input
    hidden: tuple[Hidden, ...]
    output: Leaky

    def __post_init__(self) -> None:
        """Refuse a network without hidden layer."""
        if not self.hidden:
            raise InputError("a network needs a hidden layer")

    @property
    def populations(self) -> dict[str, Leaky]:
        """All populations but the input by name, first to last."""
        names = ["hidden"] if len(self.hidden) == 1 else [f"hidden{i + 1}" for i in range(len(self.hidden))]
        return {**dict(zip(names, self.hidden, strict=True)), "output": self.output}

    @property
    def hidden_size(self) -> int:
        """Hidden neurons of all layers."""
        return sum(layer.size for layer in self.hidden)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections, first to last; a layer's recurrent one follows the one from below."""
        found = []
        below, size, kind = "input", self.input.size, "input"
        for name, population in self.populations.items():
            kind = "output" if name == "output" else kind
            found.append(Connection(below, name, (size, population.size), population.synapses, kind))  # type: ignore[arg-type]
            if isinstance(population, Hidden) and population.recurrent is not None:
                shape = (population.size, population.size)
                found.append(Connection(name, name, shape, population.recurrent, "recurrent"))
            below, size, kind = name, population.size, "feedforward"
        return tuple(found)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter, by name; see `Weights`."""
        shapes: dict[str, tuple[int, ...]] = {c.name: c.shape for c in self.connections}
        shapes |= {f"{c.name}_delay": c.shape for c in self.connections if c.synapses.delays != "none"}
        for name, population in self.populations.items():
            if population.bias:
                shapes[f"{name}_bias"] = (population.size,)
            if population.time_constants != "shared":
                shapes |= {f"{name}_tau_mem": (population.size,), f"{name}_tau_syn": (population.size,)}
        return shapes

    @property
    def fixed(self) -> frozenset[str]:
        """Names of the parameters that learning leaves as they are."""
        delays = {f"{c.name}_delay" for c in self.connections if c.synapses.delays == "fixed"}
        fixed = [name for name, population in self.populations.items() if population.time_constants == "fixed"]
        return frozenset(delays | {f"{name}_{tau}" for name in fixed for tau in ("tau_mem", "tau_syn")})

    def check(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Refuse parameters of other names or shapes than this network's, and impossible ones.

        Raises
        ------
        InputError
            Naming the first parameter that is missing, superfluous, of a wrong shape or out of its range.
        """
        check_shapes(weights, self.shapes)
        for name in self.shapes:
            if name.endswith(("_tau_mem", "_tau_syn")) and not np.all(weights[name] > 0):
                raise InputError(f"{name} has a value of {weights[name].min()} ms; all must be above 0")
        for c in self.connections:
            delays = weights.get(f"{c.name}_delay", np.zeros(1))
            if not np.all((delays >= 0) & (delays <= c.synapses.longest * (1 + 1e-6))):
                raise InputError(
                    f"{c.name}_delay goes from {delays.min()} to {delays.max()} ms; "
                    f"all must lie in 0..{c.synapses.longest}"
                )


def fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return whether a shape is the one that is wanted, in which `ANY` stands for any length."""
    return len(found) == len(wanted) and all(w in (ANY, n) for n, w in zip(found, wanted, strict=True))


def check_shapes(weights: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse parameters of other names or shapes than those of a network.

    Raises
    ------
    InputError
        Naming the first that has a wrong shape, or all names if they differ.
    """
    if set(weights) != set(shapes):
        raise InputError(f"weights are {sorted(weights)}; this network has {sorted(shapes)}")
    for name, shape in shapes.items():
        if not fits(weights[name].shape, shape):
            raise InputError(f"weights {name} have shape {weights[name].shape}; this network's is {shape}")

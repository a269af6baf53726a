"""How gradients become updates: the optimiser's settings, and what they mean for each parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.errors import require
from models.network import Network

TIME_CONSTANTS = (1.0, 1000.0)
"""ms: learned time constants stay in this range, from about a step's length to about a trial's."""


@dataclass(frozen=True)
class Optimiser:
    """How gradients become updates, but for the learning rate.

    Attributes
    ----------
    clip : float
        Largest Euclidean norm of the gradient of all trained parameters together; a longer one is shortened to it. 0
        leaves all as they are.
    weight_decay : float
        Decoupled decay of AdamW (Loshchilov and Hutter 2019): a step multiplies weights by 1 - learning rate *
        weight_decay beside Adam's update. Of connection weights only: biases, delays and time constants do not decay.
    delay_rate, tau_rate : float
        Factors on the learning rate for delays and time constants. Adam's steps are as large as the rate whatever the
        gradient, so that its unit is the parameter's: with a rate of 1e-3 the defaults are 0.02 ms a step.
    """

    clip: float = 0.0
    weight_decay: float = 0.0
    delay_rate: float = 20.0
    tau_rate: float = 20.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        for name, value in vars(self).items():
            require(0 <= value < math.inf, "optimiser", name, value, "0 or more, and finite")


@dataclass(frozen=True)
class Rule:
    """How one parameter is learned: factor on the rate, decay, bounds, and whether its zeros are absent synapses."""

    rate: float = 1.0
    decay: float = 0.0
    bounds: tuple[float, float] | None = None
    sparse: bool = False


def rules(network: Network, optimiser: Optimiser) -> dict[str, Rule]:
    """Return how each trained parameter of a network is learned, by name."""
    found = {name: Rule() for name in network.shapes if name not in network.fixed}
    for connection in network.connections:
        delay = f"{connection.name}_delay"
        found[connection.name] = Rule(decay=optimiser.weight_decay, sparse=connection.synapses.density < 1)
        if delay in found:
            found[delay] = Rule(optimiser.delay_rate, bounds=(0.0, connection.synapses.longest))
    for name in found:
        if name.endswith(("_tau_mem", "_tau_syn")):
            found[name] = Rule(optimiser.tau_rate, bounds=TIME_CONSTANTS)
    return found

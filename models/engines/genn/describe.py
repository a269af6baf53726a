"""From the network's description to mlGeNN's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ml_genn import Connection, Population
from ml_genn import Network as GennNetwork
from ml_genn.compilers.event_prop_compiler import default_params
from ml_genn.connectivity import Dense
from ml_genn.neurons import LeakyIntegrate, LeakyIntegrateFire, SpikeInput
from ml_genn.synapses import Exponential
from numpy.typing import NDArray

from models.engines.genn.readout import WindowedAvgVar
from models.network import Connection as Described
from models.network import Network, Spiking, Weights


@dataclass(frozen=True)
class GennDescription:
    """mlGeNN's description of a network.

    Attributes
    ----------
    network : ml_genn.Network
    populations, connections : dict
        mlGeNN's by the names that ours have; the input is a population, too.
    """

    network: Any
    populations: dict[str, Any]
    connections: dict[str, Any]


def describe(
    network: Network, weights: Weights, window: NDArray[np.float32], dt: float, events: int
) -> GennDescription:
    """Return a network's description in mlGeNN's words, everything named and every weight given.

    Names that mlGeNN counts up itself would differ from one process to the next, and with them the generated code.

    Parameters
    ----------
    network : Network
    weights : dict of str to ndarray
    window : ndarray of float32, shape (steps + 1,)
        What the output voltage counts in each of GeNN's steps.
    dt : float
        Step in ms.
    events : int
        Input events of all examples of a trial that there is room for.
    """
    described = GennNetwork(default_params)
    with described:
        populations = {"input": Population(SpikeInput(max_spikes=events), network.input.size, name="input")}
        for name, population in network.populations.items():
            if name == "output":
                neuron = LeakyIntegrate(tau_mem=population.tau_mem / dt, readout=WindowedAvgVar(window))
            else:
                assert isinstance(population, Spiking)
                neuron = LeakyIntegrateFire(
                    v_thresh=population.threshold, tau_mem=population.tau_mem / dt, tau_refrac=None
                )
            populations[name] = Population(neuron, population.size, name=name)
        connections = {
            c.name: Connection(
                populations[c.source],
                populations[c.target],
                Dense(weights[c.name], delay_steps(c, weights, dt)),
                Exponential(network.populations[c.target].tau_syn / dt),
                name=c.name,
                max_delay_steps=longest_steps(c, dt) or None,
            )
            for c in network.connections
        }
    return GennDescription(described, populations, connections)


def delay_steps(connection: Described, weights: Weights, dt: float) -> Any:
    """Return a connection's delays in steps: whole ones where they are fixed, as they are where they are learned."""
    if connection.synapses.delays == "none":
        return 0
    delays = weights[f"{connection.name}_delay"] / np.float32(dt)
    return delays if connection.synapses.delays == "trained" else np.floor(delays + np.float32(0.5))


def longest_steps(connection: Described, dt: float) -> int:
    """Return the bound of a connection's delays, rounded up to whole steps."""
    return int(np.ceil(connection.synapses.longest / dt - 1e-9))

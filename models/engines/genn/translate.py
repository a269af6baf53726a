"""From this project's description of a network to mlGeNN's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ml_genn import Connection, Population
from ml_genn import Network as MlNetwork
from ml_genn.compilers.event_prop_compiler import default_params
from ml_genn.connectivity import Dense
from ml_genn.neurons import LeakyIntegrate, LeakyIntegrateFire, SpikeInput
from ml_genn.synapses import Exponential
from numpy.typing import NDArray

from models.engines.genn.readout import WindowedAvgVar
from models.network import Connection as OwnConnection
from models.network import Network, Spiking, Weights


@dataclass(frozen=True)
class MlGennNetwork:
    """mlGeNN's description of a network.

    Attributes
    ----------
    populations, connections : dict
        mlGeNN's objects by this project's names; the input is a population, too.
    """

    network: Any
    populations: dict[str, Any]
    connections: dict[str, Any]


def to_mlgenn(
    network: Network,
    weights: Weights,
    window: NDArray[np.float32],
    dt: float,
    events: int,
    defaults: Any = default_params,
    refractory: float | None = None,
    synapse: Callable[[float], Any] = Exponential,
) -> MlGennNetwork:
    """Return a network's description for mlGeNN, everything named and every weight given.

    mlGeNN's automatic names count up within a process; they would change the generated code from process to process.

    Parameters
    ----------
    window : ndarray of float32
        Weight of the readout in each of GeNN's steps.
    events : int
        Input events, of all examples of a trial, that there is room for.
    defaults : dict
        Default parameters of mlGeNN's compiler.
    refractory : float or None
        Refractory period of hidden neurons in steps; None for neurons without one.
    synapse : callable
        Returns mlGeNN's synapse for a tau_syn in steps.
    """
    described = MlNetwork(defaults)
    with described:
        populations = {"input": Population(SpikeInput(max_spikes=events), network.input.size, name="input")}
        for name, population in network.populations.items():
            if name == "output":
                neuron = LeakyIntegrate(tau_mem=population.tau_mem / dt, readout=WindowedAvgVar(window))
            else:
                assert isinstance(population, Spiking)
                neuron = LeakyIntegrateFire(
                    v_thresh=population.threshold, tau_mem=population.tau_mem / dt, tau_refrac=refractory
                )
            populations[name] = Population(neuron, population.size, name=name)
        connections = {
            c.name: Connection(
                populations[c.source],
                populations[c.target],
                Dense(weights[c.name], delay_steps(c, weights, dt)),
                synapse(network.populations[c.target].tau_syn / dt),
                name=c.name,
                max_delay_steps=longest_steps(c, dt) or None,
            )
            for c in network.connections
        }
    return MlGennNetwork(described, populations, connections)


def delay_steps(connection: OwnConnection, weights: Weights, dt: float) -> Any:
    """Return a connection's delays in steps: rounded where they are fixed, as they are where they are learned."""
    if connection.synapses.delays == "none":
        return 0
    delays = weights[f"{connection.name}_delay"] / np.float32(dt)
    return delays if connection.synapses.delays == "trained" else np.floor(delays + np.float32(0.5))


def longest_steps(connection: OwnConnection, dt: float) -> int:
    """Return the bound of a connection's delays in steps, rounded up."""
    return int(np.ceil(connection.synapses.longest / dt - 1e-9))

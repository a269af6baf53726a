"""A network as one population of neurons and a list of synapses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.engines.exact.compiled import Array, Ints
from models.network import Network, Spiking


class Circuit(NamedTuple):
    """A network as compiled functions take it.

    Sources of spikes are the input's rows, then all neurons. The synapses of a source with the same delay form a
    branch: a spike arrives at all of them at the same time.

    Attributes
    ----------
    tau_mem, tau_syn : ndarray, shape (neurons,)
        In ms.
    bias, threshold : ndarray, shape (neurons,)
        Infinite thresholds are those of neurons that never spike.
    branches : ndarray of int64, shape (sources + 1,)
        Source ``i`` has branches ``branches[i]`` to ``branches[i + 1] - 1``.
    delay : ndarray, shape (branches,)
        In ms.
    synapses : ndarray of int64, shape (branches + 1,)
        Branch ``i`` has synapses ``synapses[i]`` to ``synapses[i + 1] - 1``.
    target : ndarray of int64, shape (synapses,)
    weight : ndarray, shape (synapses,)
    """

    tau_mem: Array
    tau_syn: Array
    bias: Array
    threshold: Array
    branches: Ints
    delay: Array
    synapses: Ints
    target: Ints
    weight: Array


_FLOATS, _INTS = ("delay", "weight"), ("source", "target", "connection", "place")
_SYNAPSE = [(name, np.float64) for name in _FLOATS] + [(name, np.int64) for name in _INTS]


@dataclass(frozen=True)
class Layout:
    """Positions of a network's parameters in its circuit.

    Attributes
    ----------
    neurons : dict of str to slice
        Neurons of each population.
    synapses : dict of str to tuple of ndarray
        Of each connection, the indices of its synapses in the circuit and in its flattened weight matrix.
    """

    neurons: dict[str, slice]
    synapses: dict[str, tuple[Ints, Ints]]


def flatten(network: Network, weights: Mapping[str, Array]) -> tuple[Circuit, Layout]:
    """Return a network's circuit and its layout; the parameters must fit it, see `Network.check`."""
    sizes = [population.size for population in network.populations.values()]
    edges = np.concatenate([[0], np.cumsum(sizes)])
    neurons = {name: slice(edges[i], edges[i + 1]) for i, name in enumerate(network.populations)}
    first_source = {"input": 0} | {name: network.input.size + part.start for name, part in neurons.items()}

    tables = []
    for number, c in enumerate(network.connections):
        weight = weights[c.name].ravel()
        # In a sparse connection a weight of 0 means that there is no synapse.
        place = np.flatnonzero(weight) if c.synapses.density < 1 else np.arange(weight.size)
        table = np.zeros(len(place), dtype=_SYNAPSE)
        table["source"] = first_source[c.source] + place // c.shape[1]
        table["target"] = neurons[c.target].start + place % c.shape[1]
        table["weight"] = weight[place]
        table["connection"], table["place"] = number, place
        if c.synapses.delays != "none":
            table["delay"] = weights[f"{c.name}_delay"].ravel()[place]
        tables.append(table)
    table = np.concatenate(tables)
    table = table[np.lexsort((table["delay"], table["source"]))]
    branch = np.ones(len(table), dtype=bool)
    branch[1:] = (np.diff(table["source"]) != 0) | (np.diff(table["delay"]) != 0)
    starts = np.flatnonzero(branch)

    def each(key: str) -> Array:
        """Return a neuron parameter of all populations."""
        parts = [
            weights.get(f"{name}_{key}", np.full(population.size, getattr(population, key)))
            for name, population in network.populations.items()
        ]
        return np.concatenate(parts, dtype=np.float64)

    thresholds = [p.threshold if isinstance(p, Spiking) else math.inf for p in network.populations.values()]
    circuit = Circuit(
        tau_mem=each("tau_mem"),
        tau_syn=each("tau_syn"),
        bias=each("bias"),
        threshold=np.repeat(thresholds, sizes),
        branches=np.searchsorted(table["source"][starts], np.arange(network.input.size + edges[-1] + 1)),
        delay=table["delay"][starts],
        synapses=np.append(starts, len(table)),
        target=table["target"].copy(),
        weight=table["weight"].copy(),
    )
    synapses = {}
    for number, c in enumerate(network.connections):
        here = np.flatnonzero(table["connection"] == number)
        synapses[c.name] = here, table["place"][here]
    return circuit, Layout(neurons, synapses)

"""What an example costs in inference, whatever computes it: NeuroBench's synaptic operations (Yik et al. 2025).

A synaptic operation multiplies by a weight and adds up. It is an accumulate where a spike (1, or -1) is multiplied, and
otherwise a multiply-accumulate. Effective operations are those without a factor of 0, dense ones are all that there are
if none is skipped, in every step of the trial. NeuroBench gives means over time steps; here they are over whole
examples. Neither it nor we count what neurons do by themselves: decay, thresholds, biases, normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.coefficients import whole_steps
from models.network import Input, Weights
from models.problem import Problem


@dataclass(frozen=True)
class Operations:
    """What one example costs; the mean over some examples.

    Attributes
    ----------
    parameters : int
        Numbers that are trained; absent synapses have none.
    hidden_spikes : float
        Of all hidden neurons.
    accumulates, macs : float
        Effective ones: a spike, of the input too, gives an accumulate for each of its synapses whose weight is not 0.
    dense : float
        Accumulates and multiply-accumulates.
    """

    parameters: int
    hidden_spikes: float
    accumulates: float
    macs: float
    dense: float


class Work(NamedTuple):
    """Sums over the examples of a batch; see `Operations`."""

    hidden_spikes: float = 0.0
    accumulates: float = 0.0
    macs: float = 0.0
    dense: float = 0.0


def spiking_work(
    problem: Problem, weights: Weights, batch: SpikeBatch, hidden: float, carried: Mapping[str, NDArray[np.int64]]
) -> Work:
    """Return what a network of spiking neurons does with a batch.

    Parameters
    ----------
    hidden : float
        Spikes of all hidden neurons.
    carried : dict of str to ndarray of int64, each (neurons,)
        By name of each connection from hidden neurons, the spikes of each of its sources.
    """
    network, accumulates, dense = problem.network, 0, 0
    for connection in network.connections:
        if connection.kind == "input":
            spikes = arrivals(batch, network.input, problem.dt, problem.steps)
        else:
            spikes = carried[connection.name]
        accumulates += effective(spikes, weights[connection.name])
        dense += weights[connection.name].size * problem.steps * len(batch)
    return Work(hidden, accumulates, dense=dense)


def effective(counts: NDArray[np.generic], weights: NDArray[np.generic]) -> int:
    """Return the effective operations of so many spikes, or numbers, of each source through weights (pre, post)."""
    return int(counts @ np.count_nonzero(weights, axis=1))


def arrivals(batch: SpikeBatch, inputs: Input, dt: float, steps: int) -> NDArray[np.int64]:
    """Return how many events of each input row arrive within the trial, delayed copies included, shape (rows,)."""
    spacing = whole_steps(inputs.delay_line.spacing, dt)
    found = [
        np.bincount(batch.units[batch.steps + copy * spacing < steps], minlength=inputs.channels)
        for copy in range(inputs.delay_line.copies)
    ]
    return np.concatenate(found)

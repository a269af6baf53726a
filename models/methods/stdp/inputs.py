"""What reaches the network: events as spikes, or numbers as Poisson spikes of receptive fields."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.coefficients import whole_steps
from models.methods.stdp.options import WinnerOptions
from models.methods.stdp.present import Arrivals
from models.network import Input

Array = NDArray[np.float64]

CUT_OFF = 0.09
"""Responses of receptive fields below this are 0."""

LEAST_RATE = 0.018
"""Hz: of an input whose receptive field does not respond."""

NEGLIGIBLE = 1e-9
"""Probability of so many spikes in a step that there are never more."""


def of_events(batch: SpikeBatch, given: Input, dt: float, steps: int, resolution: float) -> Arrivals:
    """Return a batch's events as spikes, at the beginning of their step of ``dt`` ms.

    Copy c of a channel's delay line is input c * channels + channel; its spikes beyond ``steps`` steps are dropped.
    """
    ratio, line = round(dt / resolution), given.delay_line
    examples = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    late = [copy * whole_steps(line.spacing, dt) for copy in range(line.copies)]
    step = np.concatenate([batch.steps.astype(np.int64) + more for more in late])
    inputs = np.concatenate([batch.units + copy * given.channels for copy in range(line.copies)])
    slot = np.tile(examples, line.copies) * steps + step
    order = np.flatnonzero(step < steps)
    order = order[np.argsort(slot[order], kind="stable")]
    return _arrivals(slot[order], inputs[order], np.ones(len(order)), len(batch), steps, ratio)


def responses(values: Array, lowest: NDArray[np.float32], highest: NDArray[np.float32], fields: int) -> Array:
    """Return the responses of receptive fields, shape (examples, channels * fields), in 0..1.

    Field k of a number is a Gaussian about lowest + k (highest - lowest) / (fields - 1) of deviation
    2 / 3 (highest - lowest) / (fields - 2) (Yu et al. 2014, as in the code of Rybka et al. 2024).
    """
    range_ = highest.astype(np.float64) - lowest
    centres = lowest + range_ * np.arange(fields)[:, None] / (fields - 1)
    deviation = 2 / 3 * range_ / (fields - 2)
    deviation[deviation == 0] = 1.0
    found = np.exp(-np.square((values[:, None, :] - centres) / deviation) / 2)
    found[found < CUT_OFF] = 0
    return found.reshape(len(values), -1)


def normalised(values: Array, options: WinnerOptions) -> Array:
    """Return an example's numbers as its receptive fields see them, shape (examples, channels)."""
    if options.normalisation == "none":
        return values
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length == 0, 1, length)


def poisson(responses: Array, options: WinnerOptions, uniform: Callable[[int, tuple[int, int]], Array]) -> Arrivals:
    """Return Poisson spikes with rates in proportion to responses, for options.duration ms.

    ``uniform`` returns the random numbers in [0, 1) of an example, of a shape.
    """
    steps = round(options.duration / options.resolution)
    rates = LEAST_RATE + responses * (options.rate - LEAST_RATE)
    slots, inputs, many = [], [], []
    for b, mean in enumerate(rates * options.resolution / 1000):
        numbers = uniform(b, (steps, len(mean)))
        term = np.exp(-mean)
        up_to, found, k = term.copy(), np.zeros(numbers.shape, np.uint8), 0
        while (1 - up_to).max() > NEGLIGIBLE:
            found += numbers >= up_to
            k += 1
            term = term * mean / k
            up_to += term
        step, channel = np.nonzero(found)
        slots.append(b * steps + step)
        inputs.append(channel)
        many.append(found[step, channel])
    return _arrivals(np.concatenate(slots), np.concatenate(inputs), np.concatenate(many), len(responses), steps, 1)


def _arrivals(
    slots: NDArray[np.integer],
    inputs: NDArray[np.integer],
    many: NDArray[np.generic],
    examples: int,
    steps: int,
    ratio: int,
) -> Arrivals:
    """Return arrivals from their ascending places among all examples' steps, each of ``ratio`` network's steps."""
    bounds = np.concatenate(([0], np.cumsum(np.bincount(slots, minlength=examples * steps))))
    starts = np.empty((examples, steps * ratio + 1), np.int64)
    for late in range(ratio):
        starts[:, late + 1 :: ratio] = bounds[1:].reshape(examples, steps)
    starts[:, 0] = bounds[:-1].reshape(examples, steps)[:, 0]
    return Arrivals(starts, inputs.astype(np.int32), many.astype(np.float32))

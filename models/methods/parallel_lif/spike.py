"""From voltages at all steps to spikes, with the derivatives of Yarga and Wood's code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from models.methods.parallel_lif.options import ParallelOptions
from models.methods.spsn.options import SpsnOptions
from models.methods.surrogate.options import SurrogateOptions
from models.methods.surrogate.spike import Spike


def fire(
    voltage: torch.Tensor,
    threshold: float,
    options: ParallelOptions | SpsnOptions,
    uniform: Callable[[], torch.Tensor],
) -> torch.Tensor:
    """Return spikes, 0 or 1, of the shape of ``voltage``, (steps, examples, neurons).

    ``uniform`` draws numbers from 0 to 1, for spikes that are random; all examples may share them.
    """
    if options.spikes == "stochastic":
        return _Bernoulli.apply(torch.sigmoid(voltage), uniform())
    if options.spikes == "gumbel":
        # The difference of two Gumbel variables is a logistic one: the softmax of V and -V with Gumbel noise is this.
        soft = torch.sigmoid(2 * voltage + torch.logit(uniform()))
        return (soft > 0.5).to(soft.dtype) + (soft - soft.detach())
    assert isinstance(options, ParallelOptions)
    height = options.scale / 2 if options.shape == "atan" else 1.0
    surrogate = SurrogateOptions(shape=options.shape, scale=options.scale, height=height)
    if options.spikes == "threshold":
        return Spike.apply(voltage - threshold, surrogate)
    return Spike.apply(voltage - earlier(voltage) - options.delta, surrogate)


def earlier(states: torch.Tensor) -> torch.Tensor:
    """Return the states of one step before, 0 before the first."""
    return torch.cat([torch.zeros_like(states[:1]), states[:-1]])


class _Bernoulli(torch.autograd.Function):  # type: ignore[misc]
    """1 with the given probability, else 0; the probability stands for its derivative by the probability."""

    @staticmethod
    def forward(ctx: Any, probability: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        """Return the spikes."""
        ctx.save_for_backward(probability)
        return (uniform < probability).to(probability.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Return the gradient by the probability."""
        (probability,) = ctx.saved_tensors
        return gradient * probability, None

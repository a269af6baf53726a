"""Spikes whose derivative is a surrogate."""

from __future__ import annotations

import math
from typing import Any

import torch

from models.methods.surrogate.options import SurrogateOptions


def derivative(x: torch.Tensor, options: SurrogateOptions) -> torch.Tensor:
    """Return what stands for the derivative by x = (V - threshold) / threshold; see `SurrogateOptions`."""
    if options.shape == "fast-sigmoid":
        return options.height / (1 + options.scale * x.abs()) ** 2
    if options.shape == "atan":
        return options.height / (1 + (math.pi / 2 * options.scale * x) ** 2)
    return options.height * (1 - options.scale * x.abs()).clamp(min=0)


class Spike(torch.autograd.Function):  # type: ignore[misc]
    """1 where x >= 0, else 0; its derivative is `derivative`."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, options: SurrogateOptions) -> torch.Tensor:
        """Return the spikes."""
        ctx.save_for_backward(x)
        ctx.options = options
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Return the gradient by x."""
        (x,) = ctx.saved_tensors
        return gradient * derivative(x, ctx.options), None

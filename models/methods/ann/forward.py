"""The architectures' forward passes, from numbers by frame and band to logits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from models.engines.torch.engine import Tensors
from models.methods.ann.options import NumbersOptions
from models.methods.ann.parameters import DEPTHWISE, KERNEL

Drop = Callable[[torch.Tensor], torch.Tensor]
"""Takes some units' output, shape (examples, units), away."""

Note = Callable[[Callable[[torch.Tensor, torch.Tensor], torch.Tensor], torch.Tensor, torch.Tensor], None]
"""Is told of each product with weights: what multiplies, what is multiplied, and the weights."""

Answer = tuple[torch.Tensor, tuple[torch.Tensor, ...]]
"""Logits, shape (examples, classes), and by hidden layer which units are active, shape (examples, units)."""


def _nothing(*_: object) -> None:
    pass


def forward(
    parameters: Tensors, seen: torch.Tensor, options: NumbersOptions, drop: Drop, note: Note = _nothing
) -> Answer:
    """Run a network on numbers of shape (examples, frames, bands)."""
    architectures = {"perceptron": _perceptron, "cnn": _cnn, "gru": _gru}
    return architectures[options.architecture](parameters, seen, options, drop, note)


def _perceptron(parameters: Tensors, seen: torch.Tensor, options: NumbersOptions, drop: Drop, note: Note) -> Answer:
    matrices = [weights for name, weights in parameters.items() if not name.endswith("_bias")]
    biases = [bias for name, bias in parameters.items() if name.endswith("_bias")]
    below, active = seen.flatten(1), []
    for weights, bias in zip(matrices[:-1], biases[:-1], strict=True):
        note(torch.matmul, below, weights)
        below = (below @ weights + bias).relu()
        active.append(below > 0)
        below = drop(below)
    note(torch.matmul, below, matrices[-1])
    return below @ matrices[-1] + biases[-1], tuple(active)


def _cnn(parameters: Tensors, seen: torch.Tensor, options: NumbersOptions, drop: Drop, note: Note) -> Answer:
    """Run a first convolution, then blocks of a depthwise and a pointwise one, then the mean over frames and bands.

    Each convolution is followed by a normalisation over all of an example's channels, frames and bands (Wu and He 2018,
    with one group) and a rectification. A normalisation over a batch would need statistics of the training examples.
    """
    active = []

    def finish(name: str, convolved: torch.Tensor) -> torch.Tensor:
        scale, shift = parameters[f"{name}_scale"], parameters[f"{name}_shift"]
        rectified = functional.group_norm(convolved, 1, scale, shift).relu()
        active.append((rectified > 0).flatten(2).any(dim=2))
        return rectified

    def convolved(x: torch.Tensor, kernel: torch.Tensor, **how: Any) -> torch.Tensor:
        convolve = partial(functional.conv2d, **how)
        note(convolve, x, kernel)
        return convolve(x, kernel)

    kernel = parameters["first"].T.reshape(-1, 1, *KERNEL)
    padding = (KERNEL[0] // 2, KERNEL[1] // 2)
    there = finish("first", convolved(seen[:, None], kernel, stride=2, padding=padding))
    for block in range(1, options.blocks + 1):
        depthwise, pointwise = f"depthwise{block}", f"pointwise{block}"
        kernel = parameters[depthwise].T.reshape(-1, 1, *DEPTHWISE)
        there = finish(depthwise, convolved(there, kernel, padding=1, groups=options.channels))
        there = finish(pointwise, convolved(there, parameters[pointwise].T[:, :, None, None]))
    pooled = drop(there.mean(dim=(2, 3)))
    note(torch.matmul, pooled, parameters["last_output"])
    return pooled @ parameters["last_output"] + parameters["output_bias"], tuple(active)


def _gru(parameters: Tensors, seen: torch.Tensor, options: NumbersOptions, drop: Drop, note: Note) -> Answer:
    """Run one layer of gated recurrent units over the frames; its states' mean over the frames is read out."""
    matrices = [parameters[name].T.contiguous() for name in ("input_hidden", "hidden_hidden")]
    biases = [parameters[name] for name in ("input_bias", "hidden_bias")]
    start = seen.new_zeros(1, len(seen), parameters["hidden_hidden"].shape[0])
    states, _ = torch.gru(seen, start, [*matrices, *biases], True, 1, 0.0, False, False, True)
    pooled = states.mean(dim=1)
    note(torch.matmul, seen, parameters["input_hidden"])
    note(torch.matmul, torch.cat([start.transpose(0, 1), states[:, :-1]], dim=1), parameters["hidden_hidden"])
    note(torch.matmul, pooled, parameters["hidden_output"])
    return drop(pooled) @ parameters["hidden_output"] + parameters["output_bias"], (pooled != 0,)

"""A perceptron as a network of integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

START = 0.5
"""Of the voltages, in thresholds: a rate is then the nearest one to an output, not the next lower one."""


@dataclass(frozen=True)
class Layer:
    """Weights (inputs, outputs) and biases of a layer; a hidden one has the scale that its rates are multiplied by."""

    weights: torch.Tensor
    bias: torch.Tensor
    scale: torch.Tensor

    def arriving(self, below: torch.Tensor) -> torch.Tensor:
        """Return what arrives in a step, of numbers from below of shape (examples, inputs)."""
        return below @ self.weights + self.bias


def poisson(seen: torch.Tensor, scale: torch.Tensor, uniform: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield an input's spikes step by step, -1, 0 or 1, of the shape of ``seen``, (examples, inputs).

    An input spikes with probability abs(x) / scale, and its spikes have the sign of x: a rate times the scale tends to
    x, up to the scale.

    Parameters
    ----------
    uniform : Tensor, shape (steps, examples or 1, inputs)
        Random numbers from 0 to 1.
    """
    probability, sign = seen.abs() / scale, seen.sign()
    for drawn in uniform.unbind():
        yield sign * (drawn < probability)


def spikes(hidden: Sequence[Layer], arriving: Iterable[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Yield which neurons of each hidden layer spike, each (examples, neurons), step by step.

    In a step a neuron's voltage grows by its input; at 1 it spikes and loses 1, the soft reset. A layer's weights are
    multiplied by the scale of the one below and divided by its own (Diehl et al. 2015), its biases only divided, so
    that rates times scales tend to the outputs of rectified units, up to the scale.

    Parameters
    ----------
    arriving : iterable of Tensor, each (examples, neurons)
        What arrives at the first layer in each step, before it is divided by the scale.
    """
    voltages: list[torch.Tensor] = []
    for current in arriving:
        if not voltages:
            voltages = [torch.full_like(current[:, :1], START).expand(-1, len(layer.bias)) for layer in hidden]
        fired: list[torch.Tensor] = []
        for i, layer in enumerate(hidden):
            below = current if i == 0 else layer.arriving(fired[-1] * hidden[i - 1].scale)
            voltage = voltages[i] + below / layer.scale
            fired.append((voltage >= 1).to(voltage.dtype))
            voltages[i] = voltage - fired[-1]
        yield fired


def run(layers: Sequence[Layer], arriving: Iterable[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return logits, shape (examples, classes), and by hidden layer each neuron's spikes, shape (examples, neurons).

    The last layer's units never spike: logits are its inputs' means over the steps. See `spikes`.
    """
    *hidden, last = layers
    counts: list[torch.Tensor] = []
    steps = 0
    for fired in spikes(hidden, arriving):
        counts = [count + more for count, more in zip(counts, fired, strict=True)] if counts else fired
        steps += 1
    return last.arriving(counts[-1] / steps * hidden[-1].scale), counts


def balanced(layers: Sequence[Layer], arriving: Callable[[], Iterable[torch.Tensor]]) -> list[float]:
    """Return the hidden layers' scales by threshold balancing (Sengupta et al. 2019).

    Layer by layer, the threshold is the greatest input that any neuron has in any step while the layers below spike,
    with the thresholds that they got before. Without an input above 0 it stays 1: the layer never spikes.

    Parameters
    ----------
    arriving : callable
        Gives what arrives at the first layer in each step, anew for each layer.
    """
    done: list[Layer] = []
    for layer in layers[:-1]:
        below = arriving()
        if done:
            below = (layer.arriving(fired[-1] * done[-1].scale) for fired in spikes(done, below))
        greatest = max(float(inputs.max()) for inputs in below)
        done.append(replace(layer, scale=torch.full_like(layer.scale, greatest if greatest > 0 else 1.0)))
    return [float(layer.scale) for layer in done]

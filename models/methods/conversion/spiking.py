"""A perceptron as a network of integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

START = 0.5
"""Of the voltages, in thresholds: a rate is then the nearest one to an output, not the next lower one."""


@dataclass(frozen=True)
class Layer:
    """Weights (inputs, outputs) and biases of a layer; a hidden one has the scale that its rates are multiplied by."""

    weights: torch.Tensor
    bias: torch.Tensor
    scale: torch.Tensor


def run(layers: Sequence[Layer], seen: torch.Tensor, steps: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return logits, shape (examples, classes), and by hidden layer each neuron's spikes, shape (examples, neurons).

    In a step a neuron's voltage grows by its input; at 1 it spikes and loses 1, the soft reset. A layer's weights are
    multiplied by the scale of the one below and divided by its own (Diehl et al. 2015), its biases only divided, so
    that rates times scales tend to the outputs of rectified units, up to the scale. The last layer's units never
    spike: logits are its inputs' means over the steps.

    Parameters
    ----------
    seen : Tensor, shape (examples, inputs)
        A constant current.
    """
    hidden = layers[:-1]
    voltages = [torch.full_like(seen[:, :1], START).expand(-1, len(layer.bias)) for layer in hidden]
    spikes = [torch.zeros_like(voltage) for voltage in voltages]
    drive = (seen @ hidden[0].weights + hidden[0].bias) / hidden[0].scale
    for _ in range(steps):
        arriving = drive
        for i, layer in enumerate(hidden):
            voltage = voltages[i] + arriving
            fired = (voltage >= 1).to(voltage.dtype)
            voltages[i] = voltage - fired
            spikes[i] = spikes[i] + fired
            if i + 1 < len(hidden):
                above = hidden[i + 1]
                arriving = (fired * layer.scale @ above.weights + above.bias) / above.scale
    return spikes[-1] / steps * hidden[-1].scale @ layers[-1].weights + layers[-1].bias, spikes

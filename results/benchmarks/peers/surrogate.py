"""A spiking network with one hidden layer trained with surrogate gradients, in plain PyTorch.

The same network, time step and loss as the CPU engine's, unrolled in time and differentiated by autograd; at a spike
the derivative of the step function is replaced by that of a fast sigmoid (Zenke and Ganguli 2018; Neftci, Mostafa and
Zenke 2019). The input is a dense tensor, which is read in one of three ways: each step multiplies its slice by the
weights; or one product for all steps is computed first and then indexed by step, as in the SpyTorch tutorials; or that
product is unbound by step at once, which spares autograd a gradient of the whole tensor at each step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch

from models.batch import SpikeBatch
from models.network import Weights
from models.problem import Problem
from results.benchmarks.peers.discrete import decays, readout

Reading = Literal["step by step", "indexed", "unbound"]
"""How a step gets its input current; see the module's docstring."""

STEEPNESS = 10.0
"""Steepness of the fast sigmoid in 1 / threshold."""


class Spike(torch.autograd.Function):  # type: ignore[misc]
    """A step function whose derivative is 1 / (1 + steepness |x|)^2."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """Return 1 where x >= 0, else 0."""
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """Return ``gradient`` times the surrogate derivative."""
        (x,) = ctx.saved_tensors
        return gradient / (1 + STEEPNESS * x.abs()) ** 2


class SurrogateNetwork:
    """A network with one hidden layer, recurrent or not, without a delay line; and its weights and optimiser."""

    def __init__(
        self, problem: Problem, weights: Weights, learning_rate: float, reading: Reading = "step by step"
    ) -> None:
        self.network, self.steps = problem.network, problem.steps
        (self.layer,) = self.network.hidden
        self.reading = reading
        self.window = torch.from_numpy(readout(problem))
        self.weights = {name: torch.from_numpy(w.copy()).requires_grad_() for name, w in weights.items()}
        self._hidden, self._output = (decays(p, problem.dt) for p in (self.layer, self.network.output))
        self._adam = torch.optim.Adam(self.weights.values(), lr=learning_rate)

    def dense(self, batch: SpikeBatch) -> torch.Tensor:
        """Return the events as ones among zeros, shape (examples, steps, channels)."""
        example = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        x = torch.zeros(len(batch), self.steps, self.network.input.channels)
        x[torch.from_numpy(example), torch.from_numpy(batch.steps).long(), torch.from_numpy(batch.units).long()] = 1
        return x

    def forward(self, batch: SpikeBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (examples, classes) and hidden spikes (examples, steps, hidden)."""
        alpha, beta, gain = self._hidden
        alpha_out, beta_out, gain_out = self._output
        w_rec, w_out = self.weights.get("hidden_hidden"), self.weights["hidden_output"]
        drive = self._input_currents(self.dense(batch), self.weights["input_hidden"])
        current = torch.zeros(len(batch), self.layer.size)
        voltage, spikes = torch.zeros_like(current), torch.zeros_like(current)
        current_out = torch.zeros(len(batch), self.network.output.size)
        voltage_out, total = torch.zeros_like(current_out), torch.zeros_like(current_out)
        recorded = []
        for step in range(self.steps):
            current = current + drive(step)
            if w_rec is not None:
                current = current + spikes @ w_rec
            current_out = current_out + spikes @ w_out
            voltage = alpha * voltage + gain * current
            current = beta * current
            spikes = Spike.apply(voltage - self.layer.threshold)
            voltage = voltage * (1 - spikes.detach())
            voltage_out = alpha_out * voltage_out + gain_out * current_out
            current_out = beta_out * current_out
            total = total + self.window[step] * voltage_out
            recorded.append(spikes)
        return total, torch.stack(recorded, dim=1)

    def _input_currents(self, x: torch.Tensor, w_in: torch.Tensor) -> Callable[[int], torch.Tensor]:
        if self.reading == "step by step":
            return lambda step: x[:, step] @ w_in
        product = x @ w_in
        if self.reading == "indexed":
            return lambda step: product[:, step]
        slices = product.unbind(dim=1)
        return lambda step: slices[step]

    def prepare(self, batch: SpikeBatch) -> None:
        """Do nothing: eager PyTorch compiles nothing."""

    def gradients(self, batch: SpikeBatch) -> tuple[float, int]:
        """Set the gradients of the mean loss; return the loss and the number of hidden spikes."""
        self._adam.zero_grad()
        logits, spikes = self.forward(batch)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(batch.labels))
        loss.backward()
        return float(loss.detach()), int(spikes.detach().sum())

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        _, spikes = self.gradients(batch)
        self._adam.step()
        return spikes

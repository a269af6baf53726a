"""snnTorch: its recurrent neurons with synaptic current in eager PyTorch, in the loop over time of its tutorials.

What is the same as ours: sizes, steps, input, initial weights (scaled, for snnTorch adds the current itself to the
voltage), time constants, threshold, when a spike arrives, the readout's window, Adam. What differs: the threshold is
subtracted from the voltage, which is snnTorch's default and its cheapest reset; the recurrent connection has a bias,
which begins at 0. The surrogate gradient is snnTorch's fast sigmoid. Input is dense, time first, as its tutorials have
it.
"""

from __future__ import annotations

import numpy as np
import snntorch as snn
import torch
from numpy.typing import NDArray
from snntorch import surrogate

from models.batch import SpikeBatch
from models.network import Network, Weights
from models.problem import Problem
from results.benchmarks.peers.discrete import decays, readout


class SnnTorchNetwork:
    """The network with its weights and optimiser."""

    def __init__(self, problem: Problem, weights: Weights, learning_rate: float) -> None:
        self.channels = problem.network.input.channels
        self.layers = _Layers(problem.network, weights, problem.dt)
        self.window = torch.from_numpy(readout(problem))
        self._adam = torch.optim.Adam(self.layers.parameters(), lr=learning_rate)

    def dense(self, batch: SpikeBatch) -> torch.Tensor:
        """Return the events as ones among zeros, shape (steps, examples, channels)."""
        example = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        x = torch.zeros(len(self.window), len(batch), self.channels)
        x[torch.from_numpy(batch.steps).long(), torch.from_numpy(example), torch.from_numpy(batch.units).long()] = 1
        return x

    def prepare(self, batch: SpikeBatch) -> None:
        """Do nothing: eager PyTorch compiles nothing."""

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        spikes, voltages = self.layers(self.dense(batch))
        logits = torch.einsum("t,tbk->bk", self.window, voltages)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(batch.labels))
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()
        return int(spikes.detach().sum())


class _Layers(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, network: Network, weights: Weights, dt: float) -> None:
        super().__init__()
        (layer,) = network.hidden
        keep_v, keep_i, gain = decays(layer, dt)
        keep_v_out, keep_i_out, gain_out = decays(network.output, dt)
        self.inward = _linear(weights["input_hidden"] * gain)
        how = {"alpha": keep_i, "beta": keep_v, "threshold": layer.threshold, "spike_grad": surrogate.fast_sigmoid()}
        self.recurrent = layer.recurrent is not None
        if self.recurrent:
            self.hidden = snn.RSynaptic(linear_features=layer.size, **how)
            with torch.no_grad():
                self.hidden.recurrent.weight.copy_(torch.from_numpy(weights["hidden_hidden"].T * gain))
                self.hidden.recurrent.bias.zero_()
        else:
            self.hidden = snn.Synaptic(**how)
        self.outward = _linear(weights["hidden_output"] * gain_out)
        self.output = snn.Synaptic(alpha=keep_i_out, beta=keep_v_out, reset_mechanism="none")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return hidden spikes (steps, examples, hidden) and output voltages (steps, examples, classes)."""
        state = self.hidden.init_rsynaptic() if self.recurrent else self.hidden.init_synaptic()
        current_out, voltage_out = self.output.init_synaptic()
        spikes_recorded, voltages_recorded = [], []
        for step in range(len(x)):
            spikes, *kept = self.hidden(self.inward(x[step]), *state)
            state = (spikes, *kept) if self.recurrent else kept
            _, current_out, voltage_out = self.output(self.outward(spikes), current_out, voltage_out)
            spikes_recorded.append(spikes)
            voltages_recorded.append(voltage_out)
        return torch.stack(spikes_recorded), torch.stack(voltages_recorded)


def _linear(weights: NDArray[np.float32]) -> torch.nn.Linear:
    layer = torch.nn.Linear(*weights.shape, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights.T))
    return layer

"""Training as a network of numbers, predictions as a spiking one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Engine, Tally
from models.engines.operations import Work
from models.engines.torch.engine import Run, Tensors, spikes_of_neurons
from models.errors import InputError
from models.methods.ann.engine import AnnEngine
from models.methods.conversion.options import ConversionOptions
from models.methods.conversion.spiking import Layer, run
from models.network import Weights
from models.problem import Problem
from models.recording import Recording

MOST = 1024
"""Training examples of an epoch over which a layer's scale is taken, the last ones."""


class ConversionEngine(AnnEngine):
    """A perceptron that is trained as in `AnnEngine`; predictions are those of the spiking network that it becomes.

    Hidden counts of training are those of `AnnEngine`, those of predictions are spikes. Scales of layers are parameters
    that are not learned: they are taken anew at the end of each epoch.
    """

    activity: ClassVar[str] = Engine.activity

    def __init__(self, problem: Problem, weights: Weights, threads: int = 0, device: str = "cpu") -> None:
        self._latest: list[NDArray[np.float32]] = []
        super().__init__(problem, weights, threads, device)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name."""
        return super().shapes | {f"{name}_scale": (1,) for name, _ in self._hidden_layers()}

    def run(self, parameters: Tensors, batch: SpikeBatch, voltages: bool = False) -> Run:
        """Run a batch, as a network of numbers where gradients are wanted; see `TorchEngine.run`."""
        if torch.is_grad_enabled():
            numbers = {name: array for name, array in parameters.items() if not name.endswith("_scale")}
            return super().run(numbers, batch)
        assert isinstance(self.options, ConversionOptions)
        seen = self._tensor(self.seen(batch)).flatten(1)
        logits, spikes = run(self._layers(parameters), seen, self.options.steps)
        return Run(logits, tuple((layer * self._heard(batch))[None] for layer in spikes))

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Refuse: the network's steps are not those of the trial."""
        raise InputError(
            f'training.method "{self.problem.method}" has other time steps than the trial: nothing to show'
        )

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: accumulates of spikes, and once an example the constant current's products."""
        assert isinstance(self.options, ConversionOptions)
        with torch.no_grad():
            ran = self.run(self._parameters(()), batch)
        first, *above = [weights != 0 for name, weights in self.weights.items() if weights.ndim == 2]
        macs = np.count_nonzero(self.seen(batch).reshape(len(batch), -1), axis=0) @ np.count_nonzero(first, axis=1)
        counts = [spikes_of_neurons(spikes) for spikes in ran.spikes]
        accumulates = sum(
            int(spikes @ np.count_nonzero(present, axis=1)) for spikes, present in zip(counts, above, strict=True)
        )
        dense = len(batch) * (first.size + self.options.steps * sum(present.size for present in above))
        return Work(sum(map(np.sum, counts)), accumulates, float(macs), dense)

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        self._latest = [*self._latest, self.seen(batch)]
        while sum(map(len, self._latest[1:])) >= MOST:
            self._latest = self._latest[1:]
        return super()._learn(batch, rate)

    def _end_epoch(self, total: Tally) -> Tally:
        """Take the scales of the layers that the epoch has made."""
        if self._latest:
            assert isinstance(self.options, ConversionOptions)
            below = np.concatenate(self._latest).reshape(-1, self.options.frames * self.options.bands)
            for (name, _), layer in zip(self._hidden_layers(), self._layers(self._parameters(())), strict=False):
                below = np.maximum(below @ layer.weights.cpu().numpy() + layer.bias.cpu().numpy(), 0)
                # A layer without outputs has no scale of its own, and needs none.
                self._weights[f"{name}_scale"][:] = np.percentile(below, self.options.percentile) or 1.0
            self._latest = []
        return super()._end_epoch(total)

    def _layers(self, parameters: Tensors) -> list[Layer]:
        found, below = [], "input"
        for name in self.network.populations:
            scale = parameters.get(f"{name}_scale", torch.ones(1))
            found.append(Layer(parameters[f"{below}_{name}"], parameters[f"{name}_bias"], scale))
            below = name
        return found

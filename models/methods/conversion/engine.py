"""Training as a network of numbers, predictions as a spiking one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Engine, Tally
from models.engines.operations import Work, effective
from models.engines.torch.engine import Run, Tensors, spikes_of_neurons
from models.engines.torch.noise import Noise
from models.errors import InputError
from models.methods.ann.engine import AnnEngine
from models.methods.conversion.entry import scaled
from models.methods.conversion.options import ConversionOptions
from models.methods.conversion.spiking import Layer, balanced, poisson, run
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
        return super().shapes | {f"{name}_scale": (1,) for name in scaled(self.network)}

    @property
    def options(self) -> ConversionOptions:
        """The method's settings."""
        assert isinstance(self.problem.options, ConversionOptions)
        return self.problem.options

    def run(self, parameters: Tensors, batch: SpikeBatch, voltages: bool = False) -> Run:
        """Run a batch, as a network of numbers where gradients are wanted; see `TorchEngine.run`."""
        if torch.is_grad_enabled():
            numbers = {name: array for name, array in parameters.items() if not name.endswith("_scale")}
            return super().run(numbers, batch)
        layers = self._layers(parameters)
        logits, spikes = run(layers, self._arriving(layers[0], parameters["input_scale"], self._inputs(batch)))
        return Run(logits, tuple((layer * self._heard(batch))[None] for layer in spikes))

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Refuse: the network's steps are not those of the trial."""
        raise InputError(
            f'training.method "{self.problem.method}" has other time steps than the trial: nothing to show'
        )

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: accumulates of spikes, and once an example the products of a constant current."""
        parameters, seen = self._parameters(()), self._inputs(batch)
        with torch.no_grad():
            ran = self.run(parameters, batch)
        first, *above = [weights for weights in self.weights.values() if weights.ndim == 2]
        counts = [spikes_of_neurons(spikes) for spikes in ran.spikes]
        work = Work(
            sum(map(np.sum, counts)), accumulates=sum(map(effective, counts, above)),
            dense=len(batch) * self.options.steps * sum(weights.size for weights in above),
        )  # fmt: skip
        if self.options.input == "constant":
            macs = effective(seen.count_nonzero(dim=0).cpu().numpy(), first)
            return work._replace(macs=macs, dense=work.dense + len(batch) * first.size)
        sent = sum(spikes.abs().sum(dim=0) for spikes in self._poisson(parameters["input_scale"], seen))
        assert isinstance(sent, torch.Tensor)
        accumulates = effective(sent.cpu().numpy(), first)
        dense = len(batch) * self.options.steps * first.size
        return work._replace(accumulates=work.accumulates + accumulates, dense=work.dense + dense)

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        self._latest = [*self._latest, self.seen(batch)]
        while sum(map(len, self._latest[1:])) >= MOST:
            self._latest = self._latest[1:]
        return super()._learn(batch, rate)

    def _end_epoch(self, total: Tally) -> Tally:
        """Take the scales of the layers that the epoch has made."""
        if self._latest:
            numbers = np.concatenate(self._latest).reshape(-1, self.options.frames * self.options.bands)
            found = self._balanced(numbers) if self.options.scaling == "threshold" else self._normalised(numbers)
            for name, scale in zip(scaled(self.network), found, strict=True):
                self._weights[f"{name}_scale"][:] = scale
            self._latest = []
        return super()._end_epoch(total)

    def _normalised(self, numbers: NDArray[np.float32]) -> list[float]:
        """Return the scales by data normalisation over numbers of shape (examples, inputs)."""
        # A layer without outputs has no scale of its own, and needs none.
        found, below = [float(np.percentile(np.abs(numbers), self.options.percentile)) or 1.0], numbers
        for layer in self._layers(self._parameters(()))[:-1]:
            below = np.maximum(below @ layer.weights.cpu().numpy() + layer.bias.cpu().numpy(), 0)
            found.append(float(np.percentile(below, self.options.percentile)) or 1.0)
        return found

    def _balanced(self, numbers: NDArray[np.float32]) -> list[float]:
        """Return the scales by threshold balancing over numbers of shape (examples, inputs)."""
        layers, seen = self._layers(self._parameters(())), self._tensor(numbers)
        scale = seen.abs().max().reshape(1)
        scale = torch.where(scale > 0, scale, 1)
        return [float(scale), *balanced(layers, lambda: self._arriving(layers[0], scale, seen))]

    def _inputs(self, batch: SpikeBatch) -> torch.Tensor:
        return self._tensor(self.seen(batch)).flatten(1)

    def _arriving(self, first: Layer, scale: torch.Tensor, seen: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield what arrives at the first layer, shape (examples, neurons), step by step."""
        if self.options.input == "constant":
            return repeat(first.arriving(seen), self.options.steps)
        return (first.arriving(spikes * scale) for spikes in self._poisson(scale, seen))

    def _poisson(self, scale: torch.Tensor, seen: torch.Tensor) -> Iterator[torch.Tensor]:
        # All examples meet the same random numbers: an example gets the same answer alone and among others.
        return poisson(seen, scale, Noise(0, 1, self.device).uniform(self.options.steps, seen.shape[1]))

    def _layers(self, parameters: Tensors) -> list[Layer]:
        found, below = [], "input"
        for name in self.network.populations:
            scale = parameters.get(f"{name}_scale", torch.ones(1, device=self.device))
            found.append(Layer(parameters[f"{below}_{name}"], parameters[f"{name}_bias"], scale))
            below = name
        return found

"""Second-generation networks behind the interface of spiking ones."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.operations import Work
from models.engines.torch.engine import Run, Tensors, TorchEngine
from models.errors import InputError
from models.losses import CrossEntropy
from models.methods import frames
from models.methods.ann.forward import forward
from models.methods.ann.options import NumbersOptions
from models.methods.ann.parameters import parameters, units
from models.network import Weights, check_shapes
from models.optimiser import Rule
from models.problem import Problem
from models.recording import Recording
from models.regulariser import Regulariser

DROPOUT_STREAM = 5
"""Tells the numbers of dropout apart from others that are drawn from small seeds."""


class AnnEngine(TorchEngine):
    """A network of numbers on binned input events; see `NumbersOptions` and `TorchEngine`.

    What stands for a hidden neuron's spikes is the number of examples in which the unit is active, that is, its output
    is not 0 (of a channel of the convolutional network: anywhere). An example without events makes no unit active.
    """

    activity: ClassVar[str] = "neurons active in {:.0%} of the examples"

    def __init__(self, problem: Problem, weights: Weights, threads: int = 0, device: str = "cpu") -> None:
        assert isinstance(problem.loss, CrossEntropy)
        # Only what has a meaning for numbers: no window, no firing rates.
        loss = CrossEntropy(temperature=problem.loss.temperature, smoothing=problem.loss.smoothing)
        # The run's seed draws the first weights, which a run that goes on begins with, too.
        self._key = zlib.crc32(b"".join(array.tobytes() for array in weights.values()))
        super().__init__(replace(problem, loss=loss, regulariser=Regulariser()), weights, threads, device)

    @property
    def options(self) -> NumbersOptions:
        """The method's settings."""
        assert isinstance(self.problem.options, NumbersOptions)
        return self.problem.options

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name."""
        return {name: parameter.shape for name, parameter in parameters(self.network, self.options).items()}

    def run(self, parameters: Tensors, batch: SpikeBatch, voltages: bool = False) -> Run:
        """Run a batch; see `TorchEngine.run`. Units are dropped where gradients are wanted."""
        rng = np.random.default_rng((DROPOUT_STREAM, self._key, self._adam.step))

        def drop(units: torch.Tensor) -> torch.Tensor:
            if not torch.is_grad_enabled() or self.options.dropout == 0:
                return units
            kept = rng.random(tuple(units.shape)) >= self.options.dropout
            return units * self._tensor(kept / (1 - self.options.dropout))

        logits, active = forward(parameters, self._tensor(self.seen(batch)), self.options, drop)
        return Run(logits, tuple((layer * self._heard(batch))[None] for layer in active))

    def seen(self, batch: SpikeBatch) -> NDArray[np.float32]:
        """Return what the network sees of a batch, shape (examples, frames, bands)."""
        steps, channels = self.problem.steps, self.network.input.channels
        found = frames.counts(batch, steps, channels, self.options.frames, self.options.bands)
        return frames.numbers(found, self.options.compression, self.options.normalisation)

    def _heard(self, batch: SpikeBatch) -> torch.Tensor:
        """Return 1 for examples that have events, else 0, shape (examples, 1)."""
        return self._tensor(np.diff(batch.offsets)[:, None] > 0)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Refuse: there are no spikes and voltages to keep."""
        raise InputError(f'training.method "{self.problem.method}" has numbers in place of spikes and voltages to show')

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: products of the architecture's layers, of their padding none.

        Products of gated units by each other have no weights and are not counted, nor is the counting of events.
        """
        macs = dense = 0.0

        def note(
            multiply: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], x: torch.Tensor, weights: torch.Tensor
        ) -> None:
            nonlocal macs, dense
            macs += float(multiply((x != 0).float(), (weights != 0).float()).sum(dtype=torch.float64))
            dense += float(multiply(torch.ones_like(x), torch.ones_like(weights)).sum(dtype=torch.float64))

        with torch.no_grad():
            forward(self._parameters(()), self._tensor(self.seen(batch)), self.options, lambda units: units, note)
        return Work(macs=macs, dense=dense)

    def _check(self, weights: Weights) -> None:
        check_shapes(weights, self.shapes)

    def _rules(self) -> dict[str, Rule]:
        decay = self.problem.optimiser.weight_decay
        found = parameters(self.network, self.options)
        return {name: Rule(decay=decay if parameter.decays else 0.0) for name, parameter in found.items()}

    def _no_counts(self) -> NDArray[np.int64]:
        return np.zeros(units(self.network, self.options), dtype=np.int64)

"""What all methods share that PyTorch differentiates: the loss, the regulariser, the optimiser, predictions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Engine, Gradients, Predictions, Tally
from models.errors import InputError
from models.kernels import threads_here
from models.network import Weights
from models.problem import Problem
from models.recording import Recording, Spikes

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Run:
    """What a network did with a batch.

    Attributes
    ----------
    observed : Tensor
        What the loss observes of the outputs; see `models.losses.base.Observed`.
    spikes : tuple of Tensor, each (steps, examples, neurons)
        1 where a neuron spiked, by hidden layer.
    voltages : tuple of Tensor, each (steps, examples, neurons)
        At the end of each step, by population, first to last; empty unless asked for.
    first_pass : dict of str to Tensor, each (steps, examples, neurons)
        By name of a hidden layer that is computed twice: the spikes of the first time, which act on itself alone.
    """

    observed: torch.Tensor
    spikes: tuple[torch.Tensor, ...]
    voltages: tuple[torch.Tensor, ...] = ()
    first_pass: Mapping[str, torch.Tensor] = field(default_factory=dict)


class TorchEngine(Engine):
    """A network that PyTorch runs and differentiates; the optimiser is the engines' own.

    Results are the same bits for the same number of threads; sums are added up in another order for another number.

    Parameters
    ----------
    threads : int
        Of the CPU; 0 leaves PyTorch's own number.
    device : {"cpu", "cuda"}
    """

    name: ClassVar[str] = "torch"

    def __init__(self, problem: Problem, weights: Weights, threads: int = 0, device: str = "cpu") -> None:
        if threads:
            # Numba, which the optimiser uses, first: as it starts its threads it sets OpenMP's number, PyTorch's too.
            numba.set_num_threads(threads_here(threads))
            torch.set_num_threads(threads)
        self.device = torch.device(device)
        super().__init__(problem, weights)

    @abstractmethod
    def run(self, parameters: Tensors, batch: SpikeBatch, voltages: bool = False) -> Run:
        """Run a batch with parameters; keep the voltages if asked."""

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch, with the regulariser's, and learn nothing."""
        learned = list(self._rules())
        parameters = self._parameters(learned)
        ran = self.run(parameters, batch)
        judgement = self.problem.loss.judge(ran.observed.detach().cpu().numpy(), batch.labels, self.problem.trial)
        total = (ran.observed * self._tensor(judgement.gradient)).sum()
        for spikes in ran.spikes:
            push = self.problem.regulariser.push(spikes_of_neurons(spikes), len(batch))
            if push.any():
                total = total + (spikes.sum(dim=(0, 1)) * self._tensor(push)).sum()
        found = torch.autograd.grad(total, [parameters[name] for name in learned], allow_unused=True)
        gradients = {
            name: np.zeros_like(self._weights[name]) if slope is None else slope.cpu().numpy()
            for name, slope in zip(learned, found, strict=True)
        }
        return Gradients(judgement.logits, judgement.losses, self._hidden_counts(ran), gradients)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside; there are no adjoints to keep."""
        if adjoints:
            raise InputError(f'training.method "{self.problem.method}" has no adjoints; "eventprop" has')
        with torch.no_grad():
            ran = self.run(self._parameters(()), batch, voltages=True)
        logits = self.problem.loss.judge(ran.observed.cpu().numpy(), batch.labels, self.problem.trial).logits
        names, dt = list(self.network.populations), self.problem.dt
        found = []
        for b in range(len(batch)):
            spikes = {}
            for name, fired in zip(names, ran.spikes, strict=False):
                steps, neurons = np.nonzero(fired[:, b].cpu().numpy())
                spikes[name] = Spikes((steps.astype(np.float64) + 1) * dt, neurons.astype(np.int32))
            voltages = {n: v[:, b].cpu().numpy().copy() for n, v in zip(names, ran.voltages, strict=True)}
            found.append(Recording(dt, logits[b], spikes, voltages))
        return found

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        found = self.gradients(batch)
        self._adam.update(self._weights, found.weights, rate)
        return Tally.of(found, batch.labels, found.hidden_counts)

    def _predict(self, batch: SpikeBatch) -> Predictions:
        with torch.no_grad():
            ran = self.run(self._parameters(()), batch)
        judgement = self.problem.loss.judge(ran.observed.cpu().numpy(), batch.labels, self.problem.trial)
        return Predictions(judgement.logits, judgement.losses, self._hidden_counts(ran))

    def _hidden_counts(self, ran: Run) -> NDArray[np.int64]:
        """Return the spikes of each hidden neuron, of all passes."""
        counts = np.concatenate([spikes_of_neurons(spikes) for spikes in ran.spikes])
        for name, part in self._hidden_layers():
            if name in ran.first_pass:
                counts[part] += spikes_of_neurons(ran.first_pass[name])
        return counts

    def _observe(self, output: torch.Tensor) -> torch.Tensor:
        """Return what the loss observes of the outputs' voltages, shape (steps, examples, classes)."""
        observes = self.problem.loss.observes
        if observes == "mean voltage":
            window = self._tensor(self.window_table / self.problem.steps)
            return torch.einsum("t,tbk->bk", window, output)
        return output.amax(dim=0) if observes == "peak voltage" else output.transpose(0, 1)

    def _parameters(self, learned: list[str] | tuple[str, ...]) -> Tensors:
        """Return the current parameters as tensors, of which the gradient of those named is wanted."""
        return {name: self._tensor(w).requires_grad_(name in learned) for name, w in self._weights.items()}

    def _tensor(self, array: NDArray[np.generic]) -> torch.Tensor:
        return torch.from_numpy(np.array(array, dtype=np.float32)).to(self.device)


def spikes_of_neurons(spikes: torch.Tensor) -> NDArray[np.int64]:
    """Return the spikes of each neuron, shape (neurons,)."""
    counts: NDArray[np.int64] = spikes.detach().sum(dim=(0, 1), dtype=torch.float64).cpu().numpy().astype(np.int64)
    return counts

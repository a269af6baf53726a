"""The CPU engine: layers, loss and optimiser put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numba
import numpy as np

from models.batch import SpikeBatch
from models.engines.base import Engine, Gradients, Predictions, Tally
from models.engines.cpu.arguments import Events, ForwardTape
from models.engines.cpu.layer import Layer
from models.engines.cpu.output import make_output
from models.engines.cpu.parameters import Grid
from models.engines.cpu.recorder import record_batch
from models.kernels import threads_here
from models.losses import Judgement
from models.network import Weights
from models.problem import Problem
from models.recording import Recording

GROUPS = 8
"""Gradient accumulators a batch. A constant: the sum's order, and so its rounding, must not depend on threads."""


@dataclass(frozen=True)
class SlopedGradients(Gradients):
    """Gradients, and how close they came to diverging.

    Attributes
    ----------
    min_slope : float
        The least tau_mem dV/dt at any hidden spike; infinite where there is none. Near 0 a spike barely reaches the
        threshold, and gradients are large.
    """

    min_slope: float


class CpuEngine(Engine):
    """Event-driven Eventprop on the CPU.

    Parameters
    ----------
    problem : Problem
    weights : dict of str to ndarray
        Initial parameters; copied.
    threads : int
        Threads to use; 0 takes all that Numba has. No result depends on it.

    Raises
    ------
    InputError
        If weights do not fit the network, the loss does not fit the output, or the delay line does not fit dt.
    """

    name: ClassVar[str] = "cpu"

    def __init__(self, problem: Problem, weights: Weights, threads: int = 0) -> None:
        self.threads = threads_here(threads)
        self.grid = Grid(problem.dt, problem.steps, problem.interpolated, self.threads, problem.least_slope)
        super().__init__(problem, weights)

    def gradients(self, batch: SpikeBatch) -> SlopedGradients:
        """Return the gradient of the mean loss over a batch, and learn nothing."""
        numba.set_num_threads(self.threads)
        events, tapes = self._forward(batch, learning=True)
        judgement = self._judge(tapes, batch)
        groups = np.linspace(0, len(batch), min(GROUPS, len(batch)) + 1).astype(np.int64)
        found, moved = self.output.learn(tapes[-1], judgement, groups)
        counts = [p.spikes_of_neurons(layer.size) for p, layer in zip(tapes, self.layers, strict=True)]
        for i in range(len(self.layers) - 1, -1, -1):
            push = self.problem.regulariser.push(counts[i], len(batch))
            gradients, moved, _ = self.layers[i].backward(events[i], tapes[i], moved, push, groups, wants_below=i > 0)
            found |= gradients
        ordered = {name: found[name] for name in self._weights if name in found}
        min_slope = min(p.min_slope for p in tapes)
        return SlopedGradients(judgement.logits, judgement.losses, np.concatenate(counts), ordered, min_slope)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside.

        Parameters
        ----------
        batch : SpikeBatch
        adjoints : bool
            Keep dL/dV and dL/dI of each example's own loss too.

        Returns
        -------
        list of Recording, one an example
        """
        numba.set_num_threads(self.threads)
        return record_batch(self.layers, self.output, self.problem.loss, batch, adjoints)

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        found = self.gradients(batch)
        self._adam.update(self._weights, found.weights, rate)
        self._push()
        return Tally.of(found, batch.labels, found.hidden_counts)

    def _predict(self, batch: SpikeBatch) -> Predictions:
        numba.set_num_threads(self.threads)
        _, tapes = self._forward(batch)
        judgement = self._judge(tapes, batch)
        counts = [p.spikes_of_neurons(layer.size) for p, layer in zip(tapes, self.layers, strict=True)]
        return Predictions(judgement.logits, judgement.losses, np.concatenate(counts))

    def _adopt(self) -> None:
        """Let weights be views of what the kernels read."""
        self.layers = [Layer(self.network, name, self.grid, self._weights) for name, _ in self._hidden_layers()]
        self.output = make_output(self.network, self._weights, self.problem.loss, self.grid)

    def _push(self) -> None:
        for layer in self.layers:
            if layer.changes:
                layer.refresh()
        if self.output.layer.changes:
            self.output.refresh()

    def _forward(self, batch: SpikeBatch, learning: bool = False) -> tuple[list[Events], list[ForwardTape]]:
        events, tapes = [Events.of_input(batch)], []
        for layer in self.layers:
            tapes.append(layer.forward(events[-1], states=learning and layer.wants_states))
            events.append(tapes[-1].events())
        return events, tapes

    def _judge(self, tapes: list[ForwardTape], batch: SpikeBatch) -> Judgement:
        observed = self.output.read(tapes[-1])
        for p in tapes:
            observed[p.diverged] = np.nan
        return self.problem.loss.judge(observed, batch.labels, self.problem.trial)

"""Trials of a network that learns: examples run forward, and those of the trial before backward, at the same time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.engines.genn.chunks import Chunk
from models.engines.genn.events import most_of_a_channel, no_events
from models.engines.genn.simulator import Simulator
from models.losses import Judgement, Loss


@dataclass(frozen=True)
class ForwardResult:
    """The result of a chunk's forward pass.

    Attributes
    ----------
    labels : ndarray of int64, shape (examples,)
    counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron.
    busiest : ndarray of int64, shape (1 + hidden layers,)
        Spikes of the busiest neuron of the input and of each hidden layer.
    """

    judgement: Judgement
    labels: NDArray[np.int64]
    counts: NDArray[np.int64]
    busiest: NDArray[np.int64]


class Trials:
    """Runs chunks through a simulator, and prepares what the next trial runs backward."""

    def __init__(self, simulator: Simulator, loss: Loss) -> None:
        self.simulator, self._loss = simulator, loss
        self._network, self._lanes = simulator.program.network, simulator.program.lanes
        self._hidden = [name for name in self._network.populations if name != "output"]

    def forward(self, chunk: Chunk, taping: bool) -> ForwardResult:
        """Run a chunk forward, and the trial before backward; ``taping`` if this one is to run backward in the next."""
        self.simulator.set_taping(taping)
        self.simulator.run(chunk.events)
        examples = len(chunk.labels)
        observed = self.simulator.read("output", "VAvg")[:examples].astype(np.float64)
        spikes = [self.simulator.read(name, "SpikeCount") for name in self._hidden]
        return ForwardResult(
            self._loss.judge(observed, chunk.labels),
            chunk.labels,
            np.concatenate([s[:examples].sum(axis=0) for s in spikes]).astype(np.int64),
            np.array([most_of_a_channel(chunk.events), *(int(s.max()) for s in spikes)], np.int64),
        )

    def prepare_backward(self, gradient: NDArray[np.float64], push: NDArray[np.float32]) -> None:
        """Set what the next trial runs backward from.

        Parameters
        ----------
        gradient : ndarray of float64, shape (examples, classes)
            Of the loss by what it observed.
        push : ndarray of float32, shape (hidden,)
            The regulariser's.
        """
        of_lanes = np.zeros((self._lanes, gradient.shape[1]))
        of_lanes[: len(gradient)] = gradient
        self.simulator.write("output", "LossGradient", of_lanes)
        begin = 0
        for name in self._hidden:
            size = self._network.populations[name].size
            self.simulator.write(name, "Push", push[begin : begin + size])
            begin += size

    def rest(self) -> None:
        """Let the next trial run nothing backward."""
        self.prepare_backward(np.zeros((0, self._network.output.size)), np.zeros(self._network.hidden_size, np.float32))

    def flush(self) -> None:
        """Run the last examples backward, with nothing to run forward."""
        self.simulator.set_taping(False)
        self.simulator.run([no_events(self._network.input)])
        self.rest()

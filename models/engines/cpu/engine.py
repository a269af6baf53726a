"""The CPU engine: layers, loss and optimiser put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

from models.adam import Adam, Optimiser
from models.batch import SpikeBatch
from models.engines.base import Epoch, Gradients, Predictions, Regulariser
from models.engines.cpu.layer import Events, ForwardTape, Grid, Layer
from models.engines.cpu.output import make_output
from models.engines.cpu.recorder import record_batch
from models.errors import InputError
from models.losses import Judgement, Loss
from models.network import Network, Weights
from models.recording import Recording

GROUPS = 8
"""Gradient accumulators a batch. A constant: the sum's order, and so its rounding, must not depend on threads."""


@dataclass(frozen=True)
class SlopedGradients(Gradients):
    """Gradients, and how close they came to diverging.

    Attributes
    ----------
    min_slope : float
        The least tau_mem dV/dt at any hidden spike; infinite where there is none. Near 0 a spike hardly reaches
        threshold, and gradients are great.
    """

    min_slope: float


class CpuEngine:
    """Event-driven Eventprop on the CPU.

    Parameters
    ----------
    network : Network
        What to run.
    weights : dict of str to ndarray
        Initial parameters; copied.
    loss : Loss
    dt : float
        Time step in ms.
    steps : int
        Steps of a trial.
    regulariser : Regulariser
        Of the hidden firing rates.
    optimiser : Optimiser
        Settings of Adam.
    threads : int
        Threads to use; 0 takes all that Numba has. No result depends on it.
    spike_times : {"plain", "interpolated"}
        Whether spikes lie on the time grid, or where the voltage crosses the threshold between its points; see
        `forward`.
    least_slope : float
        What tau_mem dV/dt at a spike counts as in the adjoint's jump where it is smaller, in thresholds. The jump is as
        great as the slope is small, and one spike that only just reaches the threshold can outweigh a batch; 0 leaves
        the gradient as it is.

    Raises
    ------
    InputError
        If weights do not fit the network, the loss does not fit the output, or the delay line does not fit dt.
    """

    name = "cpu"

    def __init__(
        self,
        network: Network,
        weights: Weights,
        loss: Loss,
        dt: float,
        steps: int,
        regulariser: Regulariser | None = None,
        optimiser: Optimiser | None = None,
        threads: int = 0,
        spike_times: Literal["plain", "interpolated"] = "plain",
        least_slope: float = 0.0,
    ) -> None:
        if spike_times not in ("plain", "interpolated"):
            raise InputError(f'spike_times is "{spike_times}"; it must be "plain" or "interpolated"')
        self.network = network
        self.loss = loss
        self.dt = dt
        self.steps = steps
        self.regulariser = regulariser or Regulariser()
        self.optimiser = optimiser or Optimiser()
        self.threads = min(threads or numba.config.NUMBA_NUM_THREADS, numba.config.NUMBA_NUM_THREADS)
        self.grid = Grid(dt, steps, spike_times == "interpolated", self.threads, least_slope)
        self.set_weights(weights)

    @property
    def weights(self) -> Weights:
        """Return the current parameters by name; copies."""
        return {name: w.copy() for name, w in self._weights.items()}

    @property
    def window_table(self) -> NDArray[np.float32]:
        """Return the readout window, shape (steps,)."""
        return self.loss.readout.table(self.steps)

    def set_weights(self, weights: Weights) -> None:
        """Replace the parameters; the optimiser starts anew.

        Raises
        ------
        InputError
            If they are another network's.
        """
        self.network.check(weights)
        self._weights = {name: np.array(weights[name], dtype=np.float32, order="C") for name in self.network.shapes}
        self.layers = [Layer(self.network, name, self.grid, self._weights) for name in self._hidden_names]
        self.output = make_output(self.network, self._weights, self.loss, self.grid)
        self._adam = Adam.of(self.network, self._weights, self.optimiser)

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float | Callable[[int], float]) -> Epoch:
        """Learn from every batch, in order.

        Parameters
        ----------
        batches : iterable of SpikeBatch
            Consumed one by one, each before the next is asked for.
        learning_rate : float or callable
            Adam's step size, or what gives it for the number of the batch, counted from 0.

        Returns
        -------
        Epoch
        """
        examples, correct, loss = 0, 0, 0.0
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        for index, batch in enumerate(batches):
            result = self.gradients(batch)
            rate = learning_rate(index) if callable(learning_rate) else learning_rate
            self._adam.update(self._weights, result.weights, rate)
            self._refresh()
            examples += len(batch)
            correct += int((result.logits.argmax(axis=1) == batch.labels).sum())
            loss += float(result.losses.sum())
            counts += result.hidden_counts
        if examples and self.regulariser.lift:
            self._lift(counts)
        return Epoch(examples, loss / max(examples, 1), correct / max(examples, 1), counts)

    def gradients(self, batch: SpikeBatch) -> SlopedGradients:
        """Return the gradient of the mean loss over a batch.

        Parameters
        ----------
        batch : SpikeBatch

        Returns
        -------
        SlopedGradients
        """
        numba.set_num_threads(self.threads)
        events, tapes = self._forward(batch, learning=True)
        judgement = self._judge(tapes, batch)
        groups = np.linspace(0, len(batch), min(GROUPS, len(batch)) + 1).astype(np.int64)
        found, moved = self.output.learn(tapes[-1], judgement, groups)
        counts = [p.spikes_of_neurons(layer.size) for p, layer in zip(tapes, self.layers, strict=True)]
        for i in range(len(self.layers) - 1, -1, -1):
            push = self.regulariser.push(counts[i], len(batch))
            gradients, moved, _ = self.layers[i].backward(events[i], tapes[i], moved, push, groups, wants_below=i > 0)
            found |= gradients
        ordered = {name: found[name] for name in self._weights if name in found}
        min_slope = min(p.min_slope for p in tapes)
        return SlopedGradients(ordered, judgement.logits, judgement.losses, np.concatenate(counts), min_slope)

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order.

        Parameters
        ----------
        batches : iterable of SpikeBatch

        Returns
        -------
        Predictions
        """
        numba.set_num_threads(self.threads)
        logits = [np.empty((0, self.network.output.size))]
        losses = [np.empty(0)]
        counts = np.zeros(self.network.hidden_size, dtype=np.int64)
        for batch in batches:
            _, tapes = self._forward(batch)
            judgement = self._judge(tapes, batch)
            logits.append(judgement.logits)
            losses.append(judgement.losses)
            spikes = [p.spikes_of_neurons(layer.size) for p, layer in zip(tapes, self.layers, strict=True)]
            counts += np.concatenate(spikes)
        return Predictions(np.concatenate(logits), np.concatenate(losses), counts)

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
        return record_batch(self.layers, self.output, self.loss, batch, adjoints)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return parameters, Adam's moments and its step count; copies."""
        return self._adam.state(self._weights)

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned.

        Raises
        ------
        InputError
            If the state is another network's.
        """
        self._adam.load_state(state, self._weights)
        self._refresh()

    @property
    def _hidden_names(self) -> list[str]:
        return [name for name in self.network.populations if name != "output"]

    def _refresh(self) -> None:
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
        return self.loss.judge(observed, batch.labels)

    def _lift(self, counts: NDArray[np.int64]) -> None:
        """Raise the input of neurons that were silent for an epoch."""
        begin = 0
        for layer in self.layers:
            weights = self._weights[layer.below.name]
            silent = counts[begin : begin + layer.size] == 0
            self.regulariser.lift_silent(weights, silent, layer.copies, layer.below.synapses.density)
            begin += layer.size
